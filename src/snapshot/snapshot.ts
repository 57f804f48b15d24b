import { ShardedMap } from '../base/sharded-map.ts';
import { ClientCertificateNames } from './client-certificate-names.ts';
import type { CompiledPlugin, CompiledRoute, CompiledService } from './compiled.ts';
import { Router } from './router/router.ts';
import { noScopedPlugins, type ScopedPlugins } from './scoped-plugins.ts';
import { ServerCertificates } from './server-certificates.ts';
import { noTlsParts, type TlsParts } from './tls-compilation.ts';
import { UpstreamTable } from './upstream-table.ts';

/**
 * One revision of the configuration as requests use it. Nothing in it ever changes, a request keeps the
 * one it began with, and consecutive snapshots share every part whose entity did not change. It belongs
 * to one thread: it holds functions and classes.
 */
export interface Snapshot {
  /** Revision of the last change compiled in; 0 before the first. */
  readonly revision: number;
  readonly services: ShardedMap<CompiledService>;
  /** Every route, also those the router leaves out. */
  readonly routes: ShardedMap<CompiledRoute>;
  /** Every plugin entry, also disabled ones. */
  readonly plugins: ShardedMap<CompiledPlugin>;
  /** Enabled entries bound to neither route nor service. The same object as long as none of them changed. */
  readonly globals: ScopedPlugins;
  /** Enabled entries by the route or service they are bound to, for compiling the next snapshot. */
  readonly scopes: PluginScopes;
  readonly upstreams: UpstreamTable;
  /** What TLS listeners show for a server name. */
  readonly certificates: ServerCertificates;
  /** For which server names a client is asked for a certificate. */
  readonly clientCertificateNames: ClientCertificateNames;
  /** Certificates, names and authorities, for compiling the next snapshot. */
  readonly tlsParts: TlsParts;
  readonly router: Router;
  readonly counts: SnapshotCounts;
}

export interface PluginScopes {
  /** By route id: entries bound to a route and no service. */
  readonly byRoute: ShardedMap<ScopedPlugins>;
  /** By route id, then service id: entries bound to both. */
  readonly byRouteAndService: ShardedMap<ReadonlyMap<string, ScopedPlugins>>;
  /** By service id: entries bound to a service and no route. */
  readonly byService: ShardedMap<ScopedPlugins>;
  /** Entries of plugins that want a certificate from clients. */
  readonly wantingCertificates: number;
}

export interface SnapshotCounts {
  readonly services: number;
  readonly routes: number;
  readonly plugins: number;
}

/** What a worker starts from: no route, so every request is unmatched. */
export const emptySnapshot: Snapshot = Object.freeze({
  revision: 0,
  services: ShardedMap.empty<CompiledService>(),
  routes: ShardedMap.empty<CompiledRoute>(),
  plugins: ShardedMap.empty<CompiledPlugin>(),
  globals: noScopedPlugins,
  scopes: Object.freeze({
    byRoute: ShardedMap.empty<ScopedPlugins>(),
    byRouteAndService: ShardedMap.empty<ReadonlyMap<string, ScopedPlugins>>(),
    byService: ShardedMap.empty<ScopedPlugins>(),
    wantingCertificates: 0,
  }),
  upstreams: UpstreamTable.empty,
  certificates: ServerCertificates.empty,
  clientCertificateNames: ClientCertificateNames.none,
  tlsParts: noTlsParts,
  router: Router.empty,
  counts: Object.freeze({ services: 0, routes: 0, plugins: 0 }),
});

export type {
  CertificatePair,
  CompiledPlugin,
  CompiledRoute,
  CompiledService,
  CompiledUpstream,
  HttpProtocols,
  ServiceTls,
  TlsIdentity,
} from './compiled.ts';
