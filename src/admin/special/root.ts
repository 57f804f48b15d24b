import { limits } from '../../base/limits.ts';
import { ok } from '../answer.ts';
import { asObject } from '../entity-model.ts';
import type { AdminParts } from '../parts.ts';
import type { AdminRoute } from '../router.ts';

/** The Kong line whose Admin API this one keeps to; clients such as decK read three numbers. */
const kongVersion = '3.9.1';

/** `GET /`: the node and its plugins (admin-api 8), with our own version beside Kong's. */
export function rootRoute(parts: AdminParts): AdminRoute {
  const { settings, plugins } = parts;
  const available = Object.fromEntries(
    [...plugins.values()].map(({ name, version, priority }) => [name, { version, priority }]),
  );
  const enabledNames = createEnabledNames(parts);
  return {
    path: '/',
    methods: {
      GET: async () => {
        const { workers } = parts.node();
        return ok({
          tagline: 'Welcome to Sallyport',
          version: kongVersion,
          sallyport_version: settings.version,
          edition: 'community',
          hostname: settings.hostname,
          node_id: settings.nodeId,
          timers: { running: 0, pending: 0 },
          // Workers are threads of one process.
          pids: { master: process.pid, workers: workers.map(() => process.pid) },
          plugins: { available_on_server: available, enabled_in_cluster: await enabledNames() },
          configuration: { ...settings.resolved, database: settings.database },
        });
      },
    },
  };
}

/** Names with at least one entry; worked out once per revision, since it reads every entry. */
function createEnabledNames({ store }: AdminParts): () => Promise<readonly string[]> {
  let known: { readonly revision: number; readonly names: readonly string[] } | undefined;
  return async () => {
    const revision = await store.revision();
    if (known?.revision === revision) return known.names;
    const names = new Set<string>();
    let after: string | undefined;
    do {
      const page = await store.list('plugins', { size: limits.listSizeMax, ...(after !== undefined && { after }) });
      for (const row of page.rows) {
        const { name } = asObject(row);
        if (typeof name === 'string') names.add(name);
      }
      after = page.next;
    } while (after !== undefined);
    known = { revision, names: [...names].sort() };
    return known.names;
  };
}
