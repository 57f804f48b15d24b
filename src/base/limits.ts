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
  /** Connections to upstreams open at one time, per worker. */
  upstreamConnectionsMax: 16_384,
  /** Credentials are looked for in bodies up to this size. */
  credentialBodyBytesMax: 1024 * 1024,
  credentialBodyTimeoutMs: 10_000,
  peekBytesTotalMax: 64 * 1024 * 1024,
  queryArgumentsMax: 1000,

  /** Admin API. */
  adminBodyBytesMax: 10 * 1024 * 1024,
  adminArgumentsMax: 1000,
  adminConnectionsMax: 1000,
  adminCloseWaitMs: 5000,
  adminFilterTagsMax: 5,
  jsonDepthMax: 64,
  /** A certificate with its chain, or a key, in PEM. */
  certificatePemCharsMax: 128 * 1024,
  /** A pattern in a route's paths or headers. */
  userRegexCharsMax: 4096,
  /** Faults reported for one input; the rest is cut so that a bad body cannot grow into a huge answer. */
  schemaFaultsMax: 1000,

  /** Calls to a provider. */
  providerResponseBytesMax: 1024 * 1024,
  providerTimeoutMsMax: 120_000,
  providerRetryAfterSecondsMax: 300,
  providerConnectionsPerOriginMax: 64,
  providerInFlightMax: 10_000,
  jwksKeysMax: 200,
  /** Without a usable Retry-After. */
  providerRetryAfterSecondsDefault: 5,
  metadataUrlCharsMax: 2048,
  metadataListEntriesMax: 500,
  providerHeadersMax: 100,
  providerErrorCharsMax: 200,
  formPairsMax: 1000,

  /** Tokens. */
  tokenBytesMax: 32 * 1024,
  jsonClaimsDepthMax: 32,
  keyIdCharsMax: 1024,
  rsaModulusBitsMin: 2048,
  rsaModulusBitsMax: 8192,
  /** Keys tried for one token when its header names none. */
  verificationKeysTriedMax: 10,
  /** A provider's longer promise is cut to this. */
  tokenLifetimeSecondsMax: 31_536_000,
  basicCredentialsCharsMax: 8 * 1024,
  claimWordsMax: 2000,
  challengeDescriptionCharsMax: 400,

  /** Balancing: what one upstream may have, and what the main thread does at one time. */
  balancerTargetsMax: 10_000,
  balancerAddressesMax: 10_000,
  balancerWheelSlotsMax: 16_384,
  balancerWorkersMax: 64,
  balancerAcknowledgeMs: 2000,
  balancerNamesPerWorkerMax: 20_000,
  balancerWaitingPerNameMax: 10_000,
  healthProbesInFlightMax: 500,
  hashKeyCharsMax: 4096,
  upstreamHostNamesMax: 1000,

  /** Name resolution. */
  dnsAddressesPerNameMax: 256,
  dnsLookupsInFlightMax: 200,
  dnsLookupMs: 15_000,
  dnsQueryMs: 2000,
  dnsAttempts: 2,
  dnsServersMax: 3,
  dnsSearchMax: 6,
  dnsAliasesMax: 8,
  dnsTtlSecondsMax: 604_800,
  dnsRefreshMsMin: 1000,
  dnsFileBytesMax: 1024 * 1024,

  /** Node-wide caches. */
  exchangeEntriesMax: 100_000,
  exchangeBytesMax: 256 * 1024 * 1024,
  workerCacheEntriesMax: 50_000,
  /** Counters of rate limits, 16 bytes each. */
  sharedCountersMax: 524_288,
  /** Places of counters that one worker remembers. */
  sharedCounterPlacesMax: 8192,
  sharedCounterNameCharsMax: 256,

  /** Remembered routing decisions, per worker. */
  routerCachedDecisionsMax: 32_768,
  routerCachedHostsMax: 16_384,
  routerCachedPathCharsMax: 512,
  routerCachedHostCharsMax: 255,
  routerCachedMethodCharsMax: 12,

  /** Series of metrics, per worker; what is beyond counts as "other". */
  metricRoutesMax: 20_000,
  metricCodesPerRouteMax: 64,
  metricConsumersMax: 20_000,

  /** Decision rings, per worker. */
  decisionsKept: 2000,
  decisionTextMax: 200,

  /** Addresses looked at in X-Forwarded-For, and text of one field in the access log. */
  forwardedHopsMax: 64,
  accessLogTextMax: 2048,

  /** Process settings and process log. */
  workersMax: 64,
  settingsFileBytesMax: 1024 * 1024,
  errorTemplateBytesMax: 64 * 1024,
  logTextMax: 4096,
  logFieldsMax: 100,
  logDepthMax: 5,

  /** Store. */
  listSizeMax: 1000,
  storeBusyTimeoutMs: 2000,
  storeCloseWaitMs: 5000,
  /** Ended entities that one transaction takes along; the rest is hidden until its turn. */
  storeEndedDeletedMax: 1000,

  /** Declarative files: the text, and what its aliases may expand to. */
  declarativeFileBytesMax: 128 * 1024 * 1024,
  declarativeAliasesMax: 100_000,
  declarativeDepthMax: 64,
  declarativeValuesMax: 5_000_000,
  declarativeCharsMax: 256 * 1024 * 1024,

  /** The local OpenID provider and the echo upstream of `sallyport dev`. */
  devBodyBytesMax: 64 * 1024,
  devDelayMsMax: 600_000,
  devClientsMax: 10_000,
  devStoredTokensMax: 10_000,
} as const;
