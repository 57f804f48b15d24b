import {
  appendTo,
  emptyBlock,
  fieldStart,
  type HeaderBlock,
  type InboundRequest,
  type ServerExchange,
  type UpstreamEndpoint,
} from '../http/index.ts';
import {
  type AccessContext,
  type AnyPlugin,
  type ConnectionFacts,
  DecisionDraft,
  type Identity,
  type PathCaptures,
  type PluginServices,
} from '../pdk/index.ts';
import type { PluginChain } from '../snapshot/plugin-chain.ts';
import type { RouteMatch } from '../snapshot/router/match.ts';
import type { CompiledPlugin, CompiledService, Snapshot } from '../snapshot/snapshot.ts';
import { Edits } from './edits.ts';
import type { ServiceTarget } from './service-targets.ts';

const requestIdStart = fieldStart('X-Kong-Request-Id');
/** Stands where no plugin runs, so that most requests make none. */
const unused = Object.freeze(new DecisionDraft());
/** Stands where no plugin asked for a change. */
const untouched: Edits = Object.freeze(new Edits());
const noRoute = { id: '', name: null } as const;

/** Everything one request carries from stage to stage. */
export class RequestContext implements AccessContext {
  readonly exchange: ServerExchange;
  readonly request: InboundRequest;
  readonly requestId: string;
  /** The id as a field, for upstream and client. */
  readonly requestIdField: HeaderBlock;
  readonly snapshot: Snapshot;
  readonly services: PluginServices;
  readonly trustedPeer: boolean;
  readonly clientAddress: string;
  readonly scheme: 'http' | 'https';
  /** Each plugin that runs gets one of its own. */
  decision: DecisionDraft = unused;
  identity: Identity | null = null;
  match: RouteMatch | undefined = undefined;
  /** Undefined before the match; the global one where no route matched. */
  chain: PluginChain | undefined = undefined;
  /** Part of the path that strip_path removes; empty when nothing is stripped. */
  forwardedPrefix = '';
  /** The gateway made the answer. */
  answered = false;
  /** The fields of the client's answer, once they are known. */
  responseHeaders: HeaderBlock = emptyBlock;
  /** How long plugins took before the request went on or was answered, without those running now. */
  pluginMs = 0;
  /** `performance.now()` when plugins began to run, 0 while none does. */
  #pluginsSince = 0;
  /** Where the request goes, once that was chosen. */
  target: ServiceTarget | undefined = undefined;
  /** What consistent hashing goes by; only set where it does. */
  balanceHash = 0;
  /** Times the request went upstream, and where to the last time. */
  tries = 0;
  endpoint: UpstreamEndpoint | undefined = undefined;
  /** Status of the upstream's answer, 0 without one. */
  upstreamStatus = 0;
  /** By place in the chain: the configuration chosen at the plugin's turn, kept for chains with later phases. */
  choices: (CompiledPlugin | undefined)[] | undefined = undefined;
  /** Whose turn it is. */
  turn: AnyPlugin | undefined = undefined;
  /** Exists once a plugin asked for a change. */
  #edits: Edits | undefined = undefined;
  #kept: Map<AnyPlugin, unknown> | undefined = undefined;

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
    this.requestIdField = appendTo(emptyBlock, requestIdStart, parts.requestId);
    this.snapshot = parts.snapshot;
    this.services = parts.services;
    this.trustedPeer = parts.trustedPeer;
    this.clientAddress = parts.clientAddress;
    this.scheme = parts.scheme;
  }

  get route(): { readonly id: string; readonly name: string | null } {
    return this.match?.route ?? noRoute;
  }

  get captures(): PathCaptures | undefined {
    return this.match?.captures;
  }

  get service(): CompiledService | null {
    return this.match?.route.service ?? null;
  }

  get connection(): ConnectionFacts {
    return this.request.connection;
  }

  /** The answer is the upstream's, not one of the gateway's own making. */
  get answeredByUpstream(): boolean {
    return this.upstreamStatus !== 0 && !this.answered;
  }

  /** For writing; stages that only read take `edited`. */
  get edits(): Edits {
    this.#edits ??= new Edits();
    return this.#edits;
  }

  /** What plugins asked for so far. */
  get edited(): Edits {
    return this.#edits ?? untouched;
  }

  /** Plugins begin to run; until `leavePlugins`, time counts as theirs, waiting included. */
  enterPlugins(): void {
    this.#pluginsSince = performance.now();
  }

  leavePlugins(): void {
    if (this.#pluginsSince === 0) return;
    this.pluginMs += performance.now() - this.#pluginsSince;
    this.#pluginsSince = 0;
  }

  clientCertificate(): Buffer | undefined {
    return this.request.connection.clientCertificate();
  }

  keep(value: unknown): void {
    if (this.turn === undefined) return;
    this.#kept ??= new Map();
    this.#kept.set(this.turn, value);
  }

  /** What this plugin kept in an earlier phase. */
  keptBy(plugin: AnyPlugin): unknown {
    return this.#kept?.get(plugin);
  }
}
