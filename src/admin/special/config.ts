import type { ConfigChange } from '../../entities/index.ts';
import { type AdminAnswer, message, ok } from '../answer.ts';
import type { AdminParts } from '../parts.ts';
import type { AdminRoute } from '../router.ts';

/** `/config`: the declarative configuration of a node without a database (admin-api 10). */
export function configRoute({ store, settings }: AdminParts): AdminRoute {
  const withoutDatabase = (work: () => AdminAnswer | Promise<AdminAnswer>) => () =>
    settings.database === 'off'
      ? work()
      : message(400, 'this endpoint is only available when Kong is configured to not use a database');
  return {
    path: '/config',
    ignoresBody: true,
    methods: {
      GET: withoutDatabase(async () => ok({ config: declarativeText(await store.everything()) })),
      POST: withoutDatabase(() =>
        message(
          400,
          'POST /config is not supported yet by this version of Sallyport; change the declarative_config file and restart',
        ),
      ),
    },
  };
}

/** The configuration as YAML; JSON is YAML, so no second printer is needed. */
function declarativeText({ upserts }: ConfigChange): string {
  const collections: Record<string, unknown[]> = {};
  for (const { kind, entity } of upserts) {
    const list = collections[kind] ?? [];
    list.push(withPlainReferences({ ...entity }));
    collections[kind] = list;
  }
  return `${JSON.stringify({ _format_version: '3.0', ...collections }, null, 2)}\n`;
}

/** Declarative files refer by the bare id or name, and leave out what is not set. */
function withPlainReferences(entity: Record<string, unknown>): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(entity)) {
    if (value === null) continue;
    const reference = ['service', 'route', 'consumer'].includes(name) && typeof value === 'object' && 'id' in value;
    plain[name] = reference ? value.id : value;
  }
  return plain;
}
