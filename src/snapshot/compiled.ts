import type { PluginEntity, Route, Service, Upstream } from '../entities/index.ts';
import type { AnyPlugin } from '../pdk/index.ts';
import type { RouteIndexing } from './router/criteria.ts';
import { type ScopedPlugins, wantsClientCertificate } from './scoped-plugins.ts';

/** A service as the proxy stages read it. */
export interface CompiledService {
  readonly id: string;
  readonly name: string | null;
  readonly protocol: Service['protocol'];
  readonly host: string;
  readonly port: number;
  readonly path: string | null;
  /** Further tries after the first. */
  readonly retries: number;
  readonly connectTimeoutMs: number;
  readonly writeTimeoutMs: number;
  readonly readTimeoutMs: number;
  /** How TLS towards the service is done; read for https alone. */
  readonly tls: ServiceTls;
  readonly enabled: boolean;
  /** Enabled plugin entries bound to this service and no route. */
  readonly plugins: ScopedPlugins;
  readonly entity: Service;
}

/** A certificate chain and its private key, PEM. The same object as long as the entity did not change. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** What a TLS listener shows of itself: a pair, and one of the other key type where there is one. */
export interface TlsIdentity extends CertificatePair {
  readonly alternative?: CertificatePair;
}

export interface ServiceTls {
  /** The service's own setting, else the node's. */
  readonly verify: boolean;
  /** Longest accepted chain; undefined leaves it to the TLS library. */
  readonly verifyDepth: number | undefined;
  /** PEM, one certificate each; empty: the node's trusted ones. */
  readonly ca: readonly string[];
  /** Undefined when the service names none: an upstream's own may take its place. */
  readonly clientCertificate: CertificatePair | undefined;
}

/** An upstream as the balancer reads it; its targets are no part of a snapshot. */
export interface CompiledUpstream {
  readonly id: string;
  readonly name: string;
  readonly clientCertificate: CertificatePair | undefined;
  readonly entity: Upstream;
}

/** One plugin entry, prepared. */
export interface CompiledPlugin {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  /** What the definition's `prepare` made of the configuration; undefined when the entry is disabled. */
  readonly prepared: unknown;
  /** Lower-case names of headers this configuration may set upstream. */
  readonly ownedRequestHeaders: readonly string[];
  readonly protocols: HttpProtocols;
  readonly routeId: string | null;
  readonly serviceId: string | null;
  readonly consumerId: string | null;
  readonly definition: AnyPlugin;
  readonly entity: PluginEntity;
}

export interface HttpProtocols {
  readonly http: boolean;
  readonly https: boolean;
}

/** One plugin that may run for a route, with every configuration that may apply. */
export interface ChainLink {
  readonly plugin: AnyPlugin;
  /**
   * The one configuration that applies when the plugin's turn comes (proxying.md 11.2): the most specific one for
   * the consumer known by then. Undefined when only other consumers have one.
   */
  choose(consumerId: string | undefined): CompiledPlugin | undefined;
}

/** What runs for a route, in order. */
export interface PluginChain {
  readonly links: readonly ChainLink[];
  /**
   * Lower-case names of headers that are the gateway's own on this route, whichever configurations apply: client
   * copies must not get through.
   */
  readonly ownedRequestHeaders: ReadonlySet<string>;
}

export interface CompiledRouteFields {
  readonly id: string;
  readonly name: string | null;
  readonly serviceId: string | null;
  readonly service: CompiledService | undefined;
  readonly stripPath: boolean;
  readonly pathHandling: 'v0' | 'v1';
  readonly preserveHost: boolean;
  readonly protocols: HttpProtocols;
  readonly httpsRedirectStatus: number;
  readonly plugins: ScopedPlugins;
  readonly pluginsWithService: ScopedPlugins;
  readonly indexing: RouteIndexing;
  readonly entity: Route;
}

type ChainBuilder = (route: CompiledRoute, globals: ScopedPlugins) => PluginChain;

/** A route as the proxy stages read it; they never need the entity. */
export class CompiledRoute implements CompiledRouteFields {
  readonly id: string;
  readonly name: string | null;
  readonly serviceId: string | null;
  /** Undefined for a route without service, or whose service is not there. */
  readonly service: CompiledService | undefined;
  readonly stripPath: boolean;
  /** How service path and what is left of the request's are joined (proxying.md 5). */
  readonly pathHandling: 'v0' | 'v1';
  readonly preserveHost: boolean;
  readonly protocols: HttpProtocols;
  /** 426, or the redirect status for a client that came over plain HTTP to an https-only route. */
  readonly httpsRedirectStatus: number;
  /** Enabled plugin entries bound to this route and no service. */
  readonly plugins: ScopedPlugins;
  /** Those bound to this route and its service. */
  readonly pluginsWithService: ScopedPlugins;
  /** How the router finds it. */
  readonly indexing: RouteIndexing;
  readonly entity: Route;

  /** The chain is a function of this route and the entries bound to neither route nor service, worked out by the first request that needs it. */
  #chain: PluginChain | undefined;
  #chainGlobals: ScopedPlugins | undefined;

  constructor(fields: CompiledRouteFields) {
    this.id = fields.id;
    this.name = fields.name;
    this.serviceId = fields.serviceId;
    this.service = fields.service;
    this.stripPath = fields.stripPath;
    this.pathHandling = fields.pathHandling;
    this.preserveHost = fields.preserveHost;
    this.protocols = fields.protocols;
    this.httpsRedirectStatus = fields.httpsRedirectStatus;
    this.plugins = fields.plugins;
    this.pluginsWithService = fields.pluginsWithService;
    this.indexing = fields.indexing;
    this.entity = fields.entity;
    this.#chain = undefined;
    this.#chainGlobals = undefined;
    Object.freeze(this);
  }

  /** Whether an entry bound to this route or its service wants a certificate from clients. */
  get wantsClientCertificate(): boolean {
    const { plugins, pluginsWithService, service } = this;
    if (wantsClientCertificate(plugins) || wantsClientCertificate(pluginsWithService)) return true;
    return service !== undefined && wantsClientCertificate(service.plugins);
  }

  /** The chain for these entries bound to no route or service; `build` runs only when they are not the ones of the last call. */
  chain(globals: ScopedPlugins, build: ChainBuilder): PluginChain {
    const known = this.#chain;
    if (known !== undefined && this.#chainGlobals === globals) return known;
    const chain = build(this, globals);
    this.#chain = chain;
    this.#chainGlobals = globals;
    return chain;
  }
}
