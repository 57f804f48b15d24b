import {
  type AdminParts,
  type AdminServer,
  createAdminServer,
  createPublisher,
  MetricsLedger,
} from '../../src/admin/index.ts';
import { silentLogger } from '../../src/base/log.ts';
import { pluginsByName } from '../../src/plugins/index.ts';
import { SnapshotHolder } from '../../src/snapshot/index.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';

export interface TestAdmin {
  readonly url: string;
  readonly parts: AdminParts;
  readonly server: AdminServer;
  close(): Promise<void>;
}

export const testSettings: AdminParts['settings'] = {
  resolved: { admin_listen: ['127.0.0.1:8001'], pg_password: '******' },
  version: '0.1.0',
  nodeId: '11111111-2222-4333-8444-555555555555',
  hostname: 'test-node',
  database: 'sqlite',
  adminGuiUrls: ['https://manager.example:8445/console'],
  allowedHosts: ['admin.example.com'],
};

/** An Admin API with the real store and the real compile check, without workers. */
export async function startAdmin(changed: Partial<AdminParts> = {}): Promise<TestAdmin> {
  const plugins = changed.plugins ?? pluginsByName();
  const store = changed.store ?? (await openSqliteStore({ path: ':memory:' }));
  const parts: AdminParts = {
    store,
    plugins,
    publisher: createPublisher({ snapshot: new SnapshotHolder(), plugins, fleet: { publish: async () => {} } }),
    ask: async () => [],
    node: () => ({ ready: true, draining: false, proxyListeners: [], workers: [1, 2] }),
    metrics: new MetricsLedger(),
    health: { ofUpstream: async () => undefined, ofAll: async () => [], set: async () => 'unknown' },
    settings: testSettings,
    log: silentLogger,
    ...changed,
  };
  const server = createAdminServer(parts);
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  return {
    url: `http://127.0.0.1:${port}`,
    parts,
    server,
    close: async () => {
      await server.close();
      await store.close();
    },
  };
}
