import type { ProviderExchange } from '../base/exchange.ts';
import type { LruCache } from '../base/lru-cache.ts';
import type { Consumer } from '../entities/index.ts';
import type { DecisionDraft } from './decision.ts';
import type { Identity } from './identity.ts';

/** Header fields as plugins read them; names are given in lower case. */
export interface HeaderView {
  /** Lower-case names in wire order, repeated ones as often as they came. */
  readonly lowers: readonly string[];
  get(lower: string): string | undefined;
  all(lower: string): string[];
  count(lower: string): number;
}

export type BodyPeek =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  | { readonly kind: 'too_large' | 'timeout' | 'busy' | 'aborted' };

export interface BodyView {
  readonly kind: 'none' | 'length' | 'chunked';
  readonly length: number | undefined;
  /** Buffers the whole body up to `bytesMax`; it is still forwarded afterwards. */
  peek(bytesMax: number, timeoutMs: number): Promise<BodyPeek>;
  /** Sends these bytes upstream instead. Only after a `whole` peek. */
  replace(bytes: Buffer): void;
}

/** The request as plugins read it, the same for every wire protocol. */
export interface RequestView {
  readonly method: string;
  /** Normalised path. */
  readonly path: string;
  /** Raw query without `?`; undefined without one. */
  readonly query: string | undefined;
  readonly host: string;
  readonly headers: HeaderView;
  readonly body: BodyView;
}

/** Changes to the message that goes upstream and to the answer, applied when the request is forwarded. */
export interface RequestEdits {
  /** Sets a header of the upstream request; client copies in every spelling are dropped. The value is made header-safe. */
  setHeader(name: string, value: string): void;
  /**
   * Appends name, value, name, value … whose names are all among the plugin's `ownedRequestHeaders`. The array
   * must not change afterwards: given again, for another request, it costs next to nothing.
   */
  appendOwned(pairs: readonly string[]): void;
  /** Sets the headers that tell who calls, in place of all that were set before; the same about the array. */
  setIdentity(pairs: readonly string[]): void;
  /** Drops every client copy of this header, in any case and with `_` for `-`. */
  removeHeader(name: string): void;
  /** Replaces the query (without `?`); undefined drops it. */
  setQuery(query: string | undefined): void;
  /** Adds a header to the client's response. */
  setResponseHeader(name: string, value: string): void;
  /** The same for name, value, name, value … */
  appendResponse(pairs: readonly string[]): void;
}

export interface ConsumerDirectory {
  byId(id: string): Consumer | undefined;
  byUsername(username: string): Consumer | undefined;
  byUsernameIgnoringCase(username: string): Consumer | undefined;
  byCustomId(customId: string): Consumer | undefined;
}

/** Stored credentials and what they grant; looked up on every request, since they change. */
export interface CredentialDirectory {
  /** Who holds this key; undefined for a key that nobody has or whose time is over. */
  keyAuth(key: string): KeyHolder | undefined;
  /** Names of the ACL groups of a consumer, sorted; the same array until they change. */
  groupsOf(consumerId: string): readonly string[];
}

export interface KeyHolder {
  readonly credential: { readonly id: string };
  readonly consumer: Consumer;
}

/**
 * Counters of the whole node, the same for every worker. A counter belongs to a key and to one window of
 * whole seconds; when the window is over it is forgotten.
 */
export interface SharedCounters {
  /**
   * Adds `amount`, which may be negative to take an earlier one back, and returns the count of this window.
   * Undefined, and nothing is counted, when there is no room for a new counter.
   */
  add(key: string, windowStartMs: number, windowMs: number, amount: number): number | undefined;
  /** The same, but a new counter takes the place of the one that has counted least where there is no room. */
  addDisplacing(key: string, windowStartMs: number, windowMs: number, amount: number): number | undefined;
}

export interface PluginServices {
  /** Epoch milliseconds. */
  now(): number;
  readonly provider: ProviderExchange;
  readonly consumers: ConsumerDirectory;
  readonly credentials: CredentialDirectory;
  readonly counters: SharedCounters;
  /** A bounded cache of this worker that outlives configuration changes. Same name, same cache. */
  cache<V>(name: string): LruCache<V>;
  readonly log: PluginLog;
}

export interface PluginLog {
  debug(event: string, fields?: Readonly<Record<string, unknown>>): void;
  info(event: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(event: string, fields?: Readonly<Record<string, unknown>>): void;
  error(event: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** What every phase of a request knows. */
export interface RequestFacts {
  readonly requestId: string;
  readonly request: RequestView;
  /** As the client saw it, honouring trusted proxies. */
  readonly scheme: 'http' | 'https';
  readonly clientAddress: string;
  /** How the connection reached this node, the same object for all its requests; proxies are not looked through. */
  readonly connection: ConnectionFacts;
  readonly services: PluginServices;
}

/** Before the route is known: instances bound to nothing only. */
export interface RewriteContext extends RequestFacts {
  readonly edits: RequestEdits;
  readonly decision: DecisionDraft;
  /** DER of the certificate the client showed, unverified; undefined without one. */
  clientCertificate(): Buffer | undefined;
  /** Hands a value to this plugin's later phases of this request, as their `state`; the last one counts. */
  keep(value: unknown): void;
}

export interface AccessContext extends RewriteContext {
  readonly route: { readonly id: string; readonly name: string | null };
  /** What the route's regex path captured; undefined unless one matched. */
  readonly captures: PathCaptures | undefined;
  readonly service: { readonly id: string; readonly name: string | null } | null;
  identity: Identity | null;
}

export interface PathCaptures {
  /** By number: index 0 is the first group. Undefined for a group that took no part. */
  readonly groups: readonly (string | undefined)[];
  readonly named: Readonly<Record<string, string>>;
}

export interface ConnectionFacts {
  readonly peerAddress: string;
  readonly peerPort: number;
  readonly localAddress: string;
  readonly localPort: number;
}

/** A plugin answering instead of the upstream. */
export interface PluginResponse {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  /** `message` of the error body in the representation the client accepts; an empty body for redirects. */
  readonly message: string;
  /** Sent as it is in place of an error body; without a content type where the type is empty. */
  readonly body?: { readonly contentType: string; readonly bytes: string | Buffer };
}

/** Undefined lets the request go on. */
export type AccessResult = PluginResponse | undefined;

/** The head of the answer on its way to the client. Names in any case; values are made header-safe. */
export interface ResponseHeaders {
  /** First value of that lower-case name. */
  get(lower: string): string | undefined;
  /** In place of every field of that name. */
  set(name: string, value: string): void;
  /** Beside fields of that name. */
  add(name: string, value: string): void;
  remove(name: string): void;
}

/** When an answer's head is ready, whether it came from the upstream or from the gateway. */
export interface ResponseContext extends RequestFacts {
  /** Null when no route matched. */
  readonly route: { readonly id: string; readonly name: string | null } | null;
  readonly service: { readonly id: string; readonly name: string | null } | null;
  readonly identity: Identity | null;
  readonly status: number;
  readonly source: 'upstream' | 'gateway';
  readonly headers: ResponseHeaders;
  /** What this plugin kept in an earlier phase; undefined when it kept nothing or did not run. */
  readonly state: unknown;
}

/** After the last byte, or when the client left. */
export interface LogContext extends Omit<ResponseContext, 'headers'> {
  readonly responseHeaders: Pick<ResponseHeaders, 'get'>;
  /** Whole milliseconds; undefined where the step was not reached. */
  readonly times: {
    readonly startedAtEpochMs: number;
    readonly totalMs: number;
    readonly gatewayMs: number;
    readonly upstreamMs: number | undefined;
  };
  readonly bytes: { readonly received: number; readonly sent: number };
}
