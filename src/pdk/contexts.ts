import type { ProviderExchange } from '../base/exchange.ts';
import type { LruCache } from '../base/lru-cache.ts';
import type { Consumer } from '../entities/index.ts';
import type { DecisionDraft } from './decision.ts';
import type { Identity } from './identity.ts';

/** Header fields as plugins read them; names are given in lower case. */
export interface HeaderView {
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

export interface PluginServices {
  /** Epoch milliseconds. */
  now(): number;
  readonly provider: ProviderExchange;
  readonly consumers: ConsumerDirectory;
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

export interface AccessContext {
  readonly requestId: string;
  readonly request: RequestView;
  readonly route: { readonly id: string; readonly name: string | null };
  readonly service: { readonly id: string; readonly name: string | null } | null;
  /** As the client saw it, honouring trusted proxies. */
  readonly scheme: 'http' | 'https';
  readonly clientAddress: string;
  readonly services: PluginServices;
  readonly edits: RequestEdits;
  readonly decision: DecisionDraft;
  identity: Identity | null;
}

/** A plugin answering instead of the upstream. */
export interface PluginResponse {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  /** `message` of the error body in the representation the client accepts; an empty body for redirects. */
  readonly message: string;
}

/** Undefined lets the request go on. */
export type AccessResult = PluginResponse | undefined;
