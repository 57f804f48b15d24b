/**
 * The wire as the rest of the gateway sees it. Nothing above this folder touches a socket;
 * an HTTP/2 listener or an in-memory exchange offers the same shapes.
 */

/** Header fields in wire order; three parallel arrays, because a request must not pay for objects it may never read. */
export interface HeaderList {
  readonly length: number;
  /** Spelling as received. */
  readonly names: readonly string[];
  /** Lower-cased names, same index. */
  readonly lowers: readonly string[];
  /** Values without surrounding whitespace, latin1 code units, same index. Never CR, LF or NUL. */
  readonly values: readonly string[];
  /** First value of that lower-cased name. */
  get(lower: string): string | undefined;
  /** Every value of that lower-cased name, in order. */
  all(lower: string): string[];
  /** How many fields have that lower-cased name. */
  count(lower: string): number;
}

/**
 * A serialised run of header fields (`Name: value\r\n` …). Only `header-block.ts` makes one,
 * so a claim or a configuration value can never split a message.
 */
export type HeaderBlock = string & { readonly headerBlock: unique symbol };

export interface ConnectionInfo {
  readonly peerAddress: string;
  readonly peerPort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** TLS on this connection. */
  readonly secure: boolean;
  /** TLS server name the client asked for. */
  readonly serverName: string | undefined;
  /** `TLSv1.3`; undefined without TLS. */
  readonly tlsVersion: string | undefined;
  /** DER of the certificate the client showed in its TLS handshake. Nobody has verified it; plugins judge. */
  clientCertificate(): Buffer | undefined;
}

export interface InboundRequest {
  readonly method: string;
  /** Request target in origin form, as received (`/a%2fb?c=d`); `*` for OPTIONS *. */
  readonly target: string;
  /** Target up to the first `?`, as received. */
  readonly rawPath: string;
  /** Normalised path (proxying.md 2): what the router matches and what is sent upstream. */
  readonly path: string;
  /** After the first `?`; undefined without one, empty for a lone `?`. */
  readonly query: string | undefined;
  /** Host with port as the client sent it, lower-cased. */
  readonly host: string;
  readonly versionMinor: 0 | 1;
  readonly headers: HeaderList;
  readonly body: RequestBody;
  readonly connection: ConnectionInfo;
  /** `performance.now()` when the head's first byte arrived. */
  readonly receivedAt: number;
}

export type PeekOutcome =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  | { readonly kind: 'too_large' }
  | { readonly kind: 'timeout' }
  /** The per-worker budget of buffered bodies is used up. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'aborted' };

/** A pull source: nothing is read from the client until someone peeks or the request is forwarded. */
export interface RequestBody {
  readonly kind: 'none' | 'length' | 'chunked';
  /** Declared length in bytes; undefined when chunked. */
  readonly length: number | undefined;
  /** Buffers the whole body (answering `Expect: 100-continue`), which is still forwarded afterwards. */
  peek(bytesMax: number, timeoutMs: number): Promise<PeekOutcome>;
  /** Forwards these bytes instead, with a Content-Length of their own. Only after a `whole` peek. */
  replace(bytes: Buffer): void;
}

/** An answer made by the gateway itself. Framing, Date and Connection are added when it is written. */
export interface LocalResponse {
  readonly status: number;
  readonly headers: HeaderBlock;
  readonly body: string | Buffer;
  /** Close the connection afterwards. */
  readonly close?: boolean;
}

/** Where requests can be sent; made once by `UpstreamPools.endpoint`, shared by every request to it. */
export interface UpstreamEndpoint {
  readonly host: string;
  readonly port: number;
  readonly tls: UpstreamTls | undefined;
}

/**
 * How a TLS upstream is spoken to. All of it is part of a connection's identity: requests share connections only
 * where everything here is equal.
 */
export interface UpstreamTls {
  /** For SNI and for the name in the certificate; the host connected to when undefined. */
  readonly serverName: string | undefined;
  readonly verify: boolean;
  /** Intermediate certificates allowed between the upstream's own and the trusted one; no bound when undefined. */
  readonly verifyDepth?: number;
  /** Trusted certificates (PEM); those of the system when undefined. */
  readonly ca?: readonly string[];
  /** What is shown when the upstream asks (PEM). */
  readonly clientCertificate?: { readonly cert: string; readonly key: string };
}

export interface UpstreamHead {
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderList;
}

export type UpstreamFault =
  | 'name_resolution'
  | 'connect_refused'
  | 'connect_failed'
  | 'connect_timeout'
  | 'tls'
  | 'write_timeout'
  | 'read_timeout'
  | 'reset'
  | 'bad_response'
  /** This worker has as many connections to upstreams open as it may. */
  | 'too_many_connections';

export type ForwardOutcome =
  | { readonly kind: 'completed' }
  /** `headSent`: the client already has a status line, so its connection was cut; else the caller must `respond`. */
  | { readonly kind: 'failed'; readonly fault: UpstreamFault; readonly detail: string; readonly headSent: boolean }
  /** The client's body was malformed or came too slowly; the caller must `respond` unless headSent. */
  | {
      readonly kind: 'bad_request_body';
      readonly status: 400 | 408 | 413;
      readonly detail: string;
      readonly headSent: boolean;
    }
  | { readonly kind: 'client_gone' };

export interface ForwardPlan {
  readonly endpoint: UpstreamEndpoint;
  readonly method: string;
  /** Path and query for the request line. */
  readonly path: string;
  /** Host and every end-to-end field; framing and Connection are added when it is written. */
  readonly headers: HeaderBlock;
  readonly connectTimeoutMs: number;
  readonly writeTimeoutMs: number;
  readonly readTimeoutMs: number;
  /** Further tries after a failed one; `retry` says where. */
  readonly retries: number;
  /**
   * The protocol to ask the upstream for (`websocket`, see `requestedUpgrade`). When it answers 101 with that name,
   * both connections become one tunnel, ended by silence of `readTimeoutMs`; any other answer is an ordinary one.
   */
  readonly upgrade: string | undefined;
  /** Largest request body in bytes, 0 for no limit; beyond it `bad_request_body` 413. */
  readonly bodyBytesMax: number;
  /** Called once with the final (non-1xx) head; returns the end-to-end fields for the client. */
  onHead(head: UpstreamHead): HeaderBlock;
  /** Called for each 103 while nothing of the answer is sent; returns the fields for the client, undefined for none. */
  onEarlyHints?(head: UpstreamHead): HeaderBlock | undefined;
  /**
   * Whether a field of the client's trailer section may go upstream. Without it none goes: a backend may merge
   * trailers into the header, where they must not stand for what the gateway asserts.
   */
  passesTrailer?(lowerName: string): boolean;
  /**
   * Asked when try number `tries` (from 1) failed, retries are left, and another try is safe: nothing of the request
   * was sent, or its method is idempotent and its body can be sent again. Undefined gives up.
   */
  retry(fault: UpstreamFault, tries: number): RetryTarget | undefined;
  /**
   * Called once for every try, before `retry` and `onOutcome`. A kept connection that turned out dead and was replaced
   * is no try. `result` is only good during the call.
   */
  onTryEnded(endpoint: UpstreamEndpoint, result: TryResult): void;
  /** Called exactly once. */
  onOutcome(outcome: ForwardOutcome): void;
}

/** Where a further try goes; with fields of its own, because Host may change with the target. */
export interface RetryTarget {
  readonly endpoint: UpstreamEndpoint;
  readonly headers: HeaderBlock;
}

/** How one try went. Neither fault nor status: the client left first. */
export interface TryResult {
  readonly fault: UpstreamFault | undefined;
  /** Of the final head, when one came. */
  readonly status: number | undefined;
  /** 0 for a connection that was open already. */
  readonly connectMs: number;
  /** From the request's sending to the answer's head, 0 without one. */
  readonly headMs: number;
}

export interface ExchangeTimes {
  /** `performance.now()` marks; 0 when the step was not reached. */
  readonly receivedAt: number;
  forwardedAt: number;
  /** When the last try had its connection. */
  connectedAt: number;
  upstreamHeadAt: number;
  finishedAt: number;
}

/** One request and its one response. */
export interface ServerExchange {
  readonly request: InboundRequest;
  readonly times: ExchangeTimes;
  /** Status sent to the client, 0 before. */
  readonly status: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly clientGone: boolean;
  respond(response: LocalResponse): void;
  forward(plan: ForwardPlan): void;
  /** Called once when the last response byte was handed to the kernel, or the client left. */
  onFinished: (() => void) | undefined;
}

/** A message refused before it became a request: `status` 400, 408, 413, 414 or 431; the connection closes. */
export interface Refusal {
  readonly status: number;
  /** Which rule was broken, for the log: `head.space_before_colon`, `framing.both_lengths`, … */
  readonly rule: string;
  readonly connection: ConnectionInfo;
}

export interface HttpLimits {
  readonly requestLineBytesMax: number;
  readonly headBytesMax: number;
  readonly headerCountMax: number;
  /** From the first byte of a head to its end. */
  readonly headTimeoutMs: number;
  /** Between two requests on one connection. */
  readonly idleTimeoutMs: number;
  /** Between two reads of a request body. */
  readonly bodyTimeoutMs: number;
  readonly requestsPerConnectionMax: number;
  /** Bytes of peeked bodies held at one time by this server. */
  readonly peekBytesTotalMax: number;
}

/**
 * A certificate with its chain and its key (PEM), and the same of another key type where there is one.
 * The same object stands for the same content: what OpenSSL makes of it is kept with the object.
 */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
  readonly alternative?: { readonly cert: string; readonly key: string };
}

export interface ServerTls {
  /** Called per handshake; undefined stands for a client that names no server. */
  identityFor(serverName: string | undefined): TlsIdentity;
  /** Whether some server name asks clients for a certificate. */
  requestsAnyClientCertificate(): boolean;
  /** Called per handshake while some name asks. */
  requestsClientCertificate(serverName: string | undefined): boolean;
  readonly minVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  /** OpenSSL's list, with the names of TLS 1.3 among them. */
  readonly ciphers?: string;
  readonly honorCipherOrder?: boolean;
  /** Names of groups, or `auto` for finite fields chosen by OpenSSL. */
  readonly dhparam?: string;
  readonly sessionTickets?: boolean;
  readonly sessionTimeoutSeconds?: number;
  /** 48 secret bytes shared by all that serve the same port, so that a session of one is known to the others. */
  readonly ticketKeys?: Uint8Array;
  /** A pair that OpenSSL refuses; the certificate for no name was used instead. Told once per identity. */
  onCertificateFault?(serverName: string | undefined, reason: string): void;
}

export interface HttpServerOptions {
  readonly limits: HttpLimits;
  /** HTTPS when given. */
  readonly tls?: ServerTls;
  onExchange(exchange: ServerExchange): void;
  /** Chooses the body of the refusal; the status is fixed. */
  onRefused(refusal: Refusal): LocalResponse;
}

/** Open connections by what they are busy with: between requests, in the middle of a head, with a request. */
export interface ConnectionActivities {
  readonly waiting: number;
  readonly reading: number;
  readonly writing: number;
}

export interface HttpServer {
  listen(address: {
    host: string;
    port: number;
    reusePort: boolean;
    backlog?: number;
    ipv6Only?: boolean;
  }): Promise<{ port: number }>;
  /** Open now. */
  readonly connections: number;
  /** Open now, counted one by one. */
  readonly activities: ConnectionActivities;
  /** Accepted since the start. */
  readonly accepted: number;
  /** Stops accepting, lets running exchanges end (with `Connection: close`), cuts what is left after `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>;
}
