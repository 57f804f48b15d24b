import { ShardedMap } from '../base/sharded-map.ts';
import { ClientCertificateNames } from './client-certificate-names.ts';
import type { CompiledPlugin, CompiledRoute, CompiledService } from './compiled.ts';
import { Router } from './router/router.ts';
import { ServerCertificates } from './server-certificates.ts';
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
  /** Enabled entries bound to nothing, by id. The same array as long as none of them changed. */
  readonly globalPlugins: readonly CompiledPlugin[];
  /** Enabled entries by the route or service they are bound to, for compiling the next snapshot. */
  readonly scopes: PluginScopes;
  readonly upstreams: UpstreamTable;
  /** What TLS listeners show for a server name. */
  readonly certificates: ServerCertificates;
  /** For which server names a client is asked for a certificate. */
  readonly clientCertificateNames: ClientCertificateNames;
  readonly router: Router;
  readonly counts: SnapshotCounts;
}

export interface PluginScopes {
  /** By route id: entries bound to a route, with or without a service. */
  readonly byRoute: ShardedMap<readonly CompiledPlugin[]>;
  /** By service id: entries bound to a service alone. */
  readonly byService: ShardedMap<readonly CompiledPlugin[]>;
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
  globalPlugins: Object.freeze([]),
  scopes: Object.freeze({
    byRoute: ShardedMap.empty<readonly CompiledPlugin[]>(),
    byService: ShardedMap.empty<readonly CompiledPlugin[]>(),
  }),
  upstreams: UpstreamTable.empty,
  certificates: ServerCertificates.empty,
  clientCertificateNames: ClientCertificateNames.none,
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
