/** Bounds on everything that comes from outside, in one place. Units are in the names. */
export const limits = {
  /** Proxy listeners. */
  requestLineBytesMax: 8 * 1024,
  headBytesMax: 32 * 1024,
  headerCountMax: 100,
  headTimeoutMs: 10_000,
  idleTimeoutMs: 75_000,
  bodyTimeoutMs: 60_000,
  requestsPerConnectionMax: 10_000,
  /** Credentials are looked for in bodies up to this size. */
  credentialBodyBytesMax: 1024 * 1024,
  credentialBodyTimeoutMs: 10_000,
  peekBytesTotalMax: 64 * 1024 * 1024,
  queryArgumentsMax: 1000,

  /** Admin API. */
  adminBodyBytesMax: 10 * 1024 * 1024,
  adminArgumentsMax: 1000,
  jsonDepthMax: 64,

  /** Calls to a provider. */
  providerResponseBytesMax: 1024 * 1024,
  providerTimeoutMsMax: 120_000,
  providerRetryAfterSecondsMax: 300,
  providerConnectionsPerOriginMax: 64,
  providerInFlightMax: 10_000,
  jwksKeysMax: 200,

  /** Tokens. */
  tokenBytesMax: 32 * 1024,
  jsonClaimsDepthMax: 32,

  /** Node-wide caches. */
  exchangeEntriesMax: 100_000,
  exchangeBytesMax: 256 * 1024 * 1024,
  workerCacheEntriesMax: 50_000,

  /** Decision rings, per worker. */
  decisionsKept: 2000,
  decisionTextMax: 200,
} as const;
