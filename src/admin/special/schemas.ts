import { type EntityKind, entityDefinitions, isEntityKind, pluginSchemaDocument } from '../../entities/index.ts';
import { kongSchema } from '../../schema/index.ts';
import { type AdminAnswer, type AdminRequest, message, ok, param } from '../answer.ts';
import { chooseRecord, judgeInsert, readInput } from '../entity-input.ts';
import { schemaViolation } from '../errors.ts';
import { systemGenerators } from '../generators.ts';
import type { AdminParts } from '../parts.ts';
import type { AdminRoute } from '../router.ts';

/** `/schemas/…`: the forms of entities and plugins (admin-api 11), and validation that stores nothing. */
export function schemaRoutes(parts: AdminParts): AdminRoute[] {
  return [
    { path: '/schemas/{entity}', methods: { GET: (request) => withKind(request, (kind) => ok(kongForm(kind))) } },
    {
      path: '/schemas/{entity}/validate',
      methods: { POST: (request) => withKind(request, (kind) => validateInput(parts, kind, request)) },
    },
    { path: '/schemas/plugins/validate', methods: { POST: (request) => validateInput(parts, 'plugins', request) } },
    {
      path: '/schemas/plugins/{name}',
      methods: {
        GET: (request) => {
          const plugin = parts.plugins.get(param(request, 'name'));
          return plugin === undefined ? noPlugin(request) : ok(pluginSchemaDocument(plugin));
        },
      },
    },
    {
      path: '/plugins/schema/{name}',
      methods: {
        GET: (request) => {
          const plugin = parts.plugins.get(param(request, 'name'));
          return plugin === undefined ? noPlugin(request) : ok(kongSchema(plugin.config));
        },
      },
    },
  ];
}

function kongForm(kind: EntityKind) {
  const { record, expires } = entityDefinitions[kind];
  const form = kongSchema(record);
  // Kong accepts and shows `ttl` without listing it among the fields.
  return expires === true ? { ...form, fields: form.fields.filter((field) => !Object.hasOwn(field, 'ttl')) } : form;
}

function withKind(
  request: AdminRequest,
  work: (kind: EntityKind) => AdminAnswer | Promise<AdminAnswer>,
): AdminAnswer | Promise<AdminAnswer> {
  const name = param(request, 'entity');
  return isEntityKind(name) ? work(name) : message(404, `No entity named '${name}'`);
}

function noPlugin(request: AdminRequest): AdminAnswer {
  return message(404, `No plugin named '${param(request, 'name')}'`);
}

/** The judgement of a POST without what depends on other entities: uniqueness and references. */
async function validateInput(parts: AdminParts, kind: EntityKind, { body }: AdminRequest): Promise<AdminAnswer> {
  const chosen = chooseRecord(kind, body, parts.plugins);
  if (chosen.kind === 'faults') return schemaViolation(chosen.faults);
  const input = await readInput(kind, chosen.record, body, {}, parts.store);
  const judged = judgeInsert(chosen, input, 'insert', parts.generators ?? systemGenerators);
  if (judged.kind === 'invalid') return schemaViolation(judged.faults);
  return message(200, 'schema validation successful');
}
