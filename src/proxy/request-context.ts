import type { InboundRequest, ServerExchange } from '../http/index.ts';
import {
  type AccessContext,
  DecisionDraft,
  type Identity,
  type PluginServices,
  type RequestEdits,
} from '../pdk/index.ts';
import type { PluginChain } from '../snapshot/plugin-chain.ts';
import type { RouteMatch } from '../snapshot/router/match.ts';
import type { CompiledService, Snapshot } from '../snapshot/snapshot.ts';

/** What plugins want changed, kept as flat lists: most requests have none or very few. */
export class Edits implements RequestEdits {
  /** name, value, name, value … of the upstream request. */
  readonly upstream: string[] = [];
  /** Lower-cased names (with `-` for `_`) whose client copies are dropped. */
  readonly dropped: string[] = [];
  /** name, value … of the client's response. */
  readonly response: string[] = [];
  query: string | undefined = undefined;
  queryReplaced = false;

  setHeader(name: string, value: string): void {
    const lower = name.toLowerCase();
    for (let index = 0; index < this.upstream.length; index += 2) {
      if (this.upstream[index]?.toLowerCase() === lower) {
        this.upstream[index + 1] = value;
        return;
      }
    }
    this.upstream.push(name, value);
    this.dropped.push(dashed(lower));
  }

  appendOwned(pairs: readonly string[]): void {
    for (const item of pairs) this.upstream.push(item);
  }

  removeHeader(name: string): void {
    this.dropped.push(dashed(name.toLowerCase()));
  }

  setQuery(query: string | undefined): void {
    this.query = query;
    this.queryReplaced = true;
  }

  setResponseHeader(name: string, value: string): void {
    this.response.push(name, value);
  }

  appendResponse(pairs: readonly string[]): void {
    for (const item of pairs) this.response.push(item);
  }
}

/** Upstreams often read `_` and `-` as the same character, so one spelling stands for both. */
export function dashed(lower: string): string {
  return lower.includes('_') ? lower.replaceAll('_', '-') : lower;
}

/** Everything one request carries from stage to stage. */
export class RequestContext implements AccessContext {
  readonly exchange: ServerExchange;
  readonly request: InboundRequest;
  readonly requestId: string;
  readonly snapshot: Snapshot;
  readonly services: PluginServices;
  readonly edits = new Edits();
  readonly trustedPeer: boolean;
  readonly clientAddress: string;
  readonly scheme: 'http' | 'https';
  decision = new DecisionDraft();
  identity: Identity | null = null;
  match: RouteMatch | undefined = undefined;
  chain: PluginChain | undefined = undefined;
  /** Part of the path that strip_path removes; empty when nothing is stripped. */
  forwardedPrefix = '';
  answered = false;

  constructor(parts: {
    exchange: ServerExchange;
    requestId: string;
    snapshot: Snapshot;
    services: PluginServices;
    trustedPeer: boolean;
    clientAddress: string;
    scheme: 'http' | 'https';
  }) {
    this.exchange = parts.exchange;
    this.request = parts.exchange.request;
    this.requestId = parts.requestId;
    this.snapshot = parts.snapshot;
    this.services = parts.services;
    this.trustedPeer = parts.trustedPeer;
    this.clientAddress = parts.clientAddress;
    this.scheme = parts.scheme;
  }

  get route(): { readonly id: string; readonly name: string | null } {
    return this.match?.route ?? noRoute;
  }

  get service(): CompiledService | null {
    return this.match?.route.service ?? null;
  }
}

const noRoute = { id: '', name: null } as const;
