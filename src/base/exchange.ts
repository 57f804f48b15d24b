/**
 * One call to a provider, as plain values that cross threads. `oauth/` builds the request and judges
 * the outcome; only the main thread talks (decisions: provider exchange in one place).
 */
export interface ProviderRequest {
  readonly purpose: 'discovery' | 'jwks' | 'token' | 'introspection' | 'userinfo' | 'revocation';
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string | undefined;
  readonly timeoutMs: number;
  readonly tlsVerify: boolean;
  readonly keepalive: boolean;
  readonly responseBytesMax: number;
}

export type ProviderFault =
  | 'timeout'
  | 'connect'
  | 'dns'
  | 'tls'
  | 'reset'
  | 'too_large'
  | 'redirect'
  | 'protocol'
  | 'overloaded';

export type ProviderOutcome =
  | {
      readonly kind: 'response';
      readonly status: number;
      /** Names in lower case. */
      readonly headers: readonly (readonly [string, string])[];
      readonly body: string;
      /** Epoch milliseconds when the answer was complete. */
      readonly at: number;
    }
  | {
      readonly kind: 'failed';
      readonly fault: ProviderFault;
      /** For operators; never holds a secret. */
      readonly detail: string;
      readonly at: number;
    };

/** What the main thread answers: the newest outcome, and after a failure the last good one it still holds. */
export interface ExchangeAnswer {
  readonly outcome: ProviderOutcome;
  readonly lastGood: ProviderOutcome | undefined;
}

export interface ExchangeOptions {
  /** An outcome received at or after this epoch millisecond answers; otherwise one call is made. Default: any kept one answers. */
  readonly freshAfter?: number;
}

/**
 * The only way from a plugin to a provider. Equal keys share one call and its outcome across all
 * workers of the node; a key must therefore hold the whole credential and policy (as a digest).
 */
export interface ProviderExchange {
  exchange(key: string, request: ProviderRequest, options?: ExchangeOptions): Promise<ExchangeAnswer>;
  /** Having judged the outcome: keep it for other workers until this epoch millisecond. Not kept, it is dropped within seconds. */
  keep(key: string, until: number): void;
}
