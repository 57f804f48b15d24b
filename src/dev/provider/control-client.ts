import type { FaultEndpoint, FaultKind } from './faults.ts';
import type { MintingKey } from './signing-keys.ts';
import type { ClientAuthMethod, ClientGrant, ProviderApi } from './types.ts';

/** What `GET /control/state` answers. */
export interface ProviderState {
  readonly issuer: string;
  readonly skewSeconds: number;
  readonly faults: Readonly<Record<string, unknown>>;
  readonly tokenRequests: number;
  readonly tokenRequestsByClient: Readonly<Record<string, number>>;
  readonly tokenAnswersByStatus: Readonly<Record<string, number>>;
  readonly discoveryRequests: number;
  readonly jwksRequests: number;
  /** What the last token request said, with secrets redacted. */
  readonly lastTokenRequest: {
    readonly clientId: string | null;
    readonly authMethod: string | null;
    readonly parameters: Readonly<Record<string, string | string[]>> | null;
    readonly headers: Readonly<Record<string, string | string[]>>;
  } | null;
  /** Published key ids; the first signs. */
  readonly keys: readonly string[];
}

export interface FaultRequest {
  /** `all` unless given: every request but those to the control API. */
  readonly endpoint?: FaultEndpoint;
  readonly kind: FaultKind;
  /** Waits this long before the fault (or, with `slow`, before the true answer: 1,000 unless given). */
  readonly delayMs?: number;
  /** For `status`: 500 unless given, 429 when `retryAfterSeconds` is. */
  readonly status?: number;
  readonly retryAfterSeconds?: number;
  /** For `status` and `garbage`: this body, as application/json. */
  readonly body?: string;
  /** For `garbage`: a body of so many bytes. */
  readonly bodyBytes?: number;
  /** Only the next so many requests. */
  readonly count?: number;
}

/** A typed caller of the control API, for tests and the benchmark. Throws with the answer when refused. */
export interface ProviderControl {
  state(): Promise<ProviderState>;
  fault(fault: FaultRequest): Promise<void>;
  rotateKeys(options?: { keepOld?: boolean }): Promise<{ kid: string; published: readonly string[] }>;
  clock(skewSeconds: number): Promise<void>;
  /** Faults, counters and clock as after the start; keys, clients and APIs stay. */
  reset(): Promise<void>;
  putClient(
    id: string,
    client: {
      secret: string;
      name?: string;
      grants?: readonly ClientGrant[];
      authMethod?: ClientAuthMethod;
      redirectUris?: readonly string[];
    },
  ): Promise<void>;
  deleteClient(id: string): Promise<void>;
  putApi(api: Pick<ProviderApi, 'identifier'> & Partial<ProviderApi>): Promise<void>;
  /** A token of these claims (`null` leaves one out), over `iss`, `iat` and `exp`. */
  sign(input: {
    claims: Readonly<Record<string, unknown>>;
    header?: Readonly<Record<string, unknown>>;
    expiresInSeconds?: number;
    key?: MintingKey;
  }): Promise<string>;
}

export function createProviderControl(controlUrl: string): ProviderControl {
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const request: RequestInit = { method };
    if (body !== undefined) {
      request.body = JSON.stringify(body);
      request.headers = { 'content-type': 'application/json' };
    }
    const response = await fetch(controlUrl + path, request);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return JSON.parse(text);
  };
  const clientPath = (id: string) => `/clients/${encodeURIComponent(id)}`;
  return {
    state: async () => (await call('GET', '/state')) as ProviderState,
    fault: async (fault) => void (await call('POST', '/faults', fault)),
    rotateKeys: async (options = {}) =>
      (await call('POST', '/rotate-keys', options)) as { kid: string; published: readonly string[] },
    clock: async (skewSeconds) => void (await call('POST', '/clock', { skewSeconds })),
    reset: async () => void (await call('POST', '/reset')),
    putClient: async (id, client) => void (await call('PUT', clientPath(id), client)),
    deleteClient: async (id) => void (await call('DELETE', clientPath(id))),
    putApi: async (api) => void (await call('PUT', '/apis', api)),
    sign: async (input) => ((await call('POST', '/sign', input)) as { token: string }).token,
  };
}
