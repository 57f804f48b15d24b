import { type ConfigChange, type Entity, type EntityKind, entityDefinitions } from '../../entities/index.ts';
import { type AdminAnswer, message, ok } from '../answer.ts';
import { foreignId } from '../entity-model.ts';
import { systemGenerators } from '../generators.ts';
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
    list.push(withPlainReferences(kind, entity));
    collections[kind] = list;
  }
  return `${JSON.stringify({ _format_version: '3.0', ...collections }, null, 2)}\n`;
}

/** Declarative files refer by the bare id or name, and leave out what is not set. */
function withPlainReferences(kind: EntityKind, entity: Entity): Record<string, unknown> {
  const { foreign, show } = entityDefinitions[kind];
  const shown = show === undefined ? entity : show({ ...entity }, systemGenerators.now());
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(shown)) {
    if (value === null) continue;
    const reference = foreign.some(({ field }) => field === name) ? foreignId(entity, name) : undefined;
    plain[name] = reference ?? value;
  }
  return plain;
}
