import { ok } from '../answer.ts';
import type { AdminParts } from '../parts.ts';
import type { AdminRoute } from '../router.ts';

/** `GET /plugins/enabled`: the plugins that entries may name. */
export function pluginsEnabledRoute({ plugins }: AdminParts): AdminRoute {
  return {
    path: '/plugins/enabled',
    methods: { GET: () => ok({ enabled_plugins: [...plugins.keys()].sort() }) },
  };
}
