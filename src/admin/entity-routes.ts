import { type Entity, type EntityKind, entityDefinitions, type ForeignRule } from '../entities/index.ts';
import { type AdminAnswer, type AdminHandler, type AdminRequest, noContent, ok, param } from './answer.ts';
import { type Address, addressKey, find, findByText, foreignId, parseAddress } from './entity-model.ts';
import { createAndLink, deleteEntity, insertEntity, updateEntity, upsertEntity } from './entity-writes.ts';
import { methodNotAllowed, missingEntity, noSuchName, notFound } from './errors.ts';
import { systemGenerators } from './generators.ts';
import { listEntities } from './lists.ts';
import type { AdminParts } from './parts.ts';
import { present } from './present.ts';
import type { AdminRoute } from './router.ts';

/**
 * The paths Kong generates for every kind (admin-api 3 and 7): collections, entities, children, references. Targets
 * have rules of their own and are elsewhere.
 */
export function entityRoutes(parts: AdminParts): AdminRoute[] {
  return Object.values(entityDefinitions).flatMap(({ kind, foreign, paths }) => {
    if (paths.collection === undefined) return [];
    const single = foreign.filter(({ list }) => list !== true);
    return [
      collection(parts, kind, `/${paths.collection}`),
      entity(parts, kind, `/${paths.collection}/{${kind}}`),
      ...single.flatMap((rule) => [children(parts, kind, rule), child(parts, kind, rule)]),
      ...single
        .filter(({ withoutPath }) => withoutPath !== true)
        .map((rule) => reference(parts, kind, `/${paths.collection}/{${kind}}/${rule.field}`, rule)),
    ];
  });
}

const nothingFixed = {};

/** `/routes` */
function collection(parts: AdminParts, kind: EntityKind, path: string): AdminRoute {
  return {
    path,
    methods: {
      GET: (request) => listEntities(parts, kind, request),
      POST: ({ body }) => insertEntity(parts, kind, { body, fixed: nothingFixed }),
    },
  };
}

/** `/routes/{routes}` */
function entity(parts: AdminParts, kind: EntityKind, path: string): AdminRoute {
  const addressed = (work: (address: Address, request: AdminRequest) => Promise<AdminAnswer>): AdminHandler => {
    return (request) => {
      const parsed = parseAddress(kind, param(request, kind));
      return parsed.kind === 'refused' ? parsed.answer : work(parsed.address, request);
    };
  };
  return {
    path,
    methods: {
      GET: addressed(async (address) => {
        const found = await find(parts.store, kind, address);
        if (found !== undefined) return await shown(parts, kind, found);
        if (address.by === 'sni') return noSuchName;
        // Kong looks certificates up by itself and reports a missing id in the long form.
        return kind === 'certificates' ? missingEntity(addressKey(address)) : notFound;
      }),
      PUT: addressed((address, { body }) => upsertEntity(parts, kind, address, { body, fixed: nothingFixed })),
      PATCH: addressed((address, { body }) =>
        updateEntity(parts, kind, address, { body, fixed: nothingFixed }, { missing: 'long' }),
      ),
      DELETE: addressed((address) => deleteEntity(parts, kind, address)),
    },
  };
}

/** 200 with the entity as answers show it. */
export async function shown(parts: AdminParts, kind: EntityKind, entity: Entity): Promise<AdminAnswer> {
  return ok(await present(parts.store, kind, entity, (parts.generators ?? systemGenerators).now()));
}

/** `/services/{services}/routes` */
function children(parts: AdminParts, kind: EntityKind, { field, to }: ForeignRule): AdminRoute {
  return {
    path: `${pathOf(to)}/${entityDefinitions[kind].paths.child}`,
    methods: {
      GET: withParent(parts, to, (parent, request) => listEntities(parts, kind, request, { field, id: parent.id })),
      POST: withParent(parts, to, (parent, { body }) =>
        insertEntity(parts, kind, { body, fixed: { [field]: { id: parent.id } } }),
      ),
    },
  };
}

/** `/services/{services}` */
function pathOf(kind: EntityKind): string {
  return `/${entityDefinitions[kind].paths.collection ?? kind}/{${kind}}`;
}

/** `/services/{services}/routes/{routes}` */
function child(parts: AdminParts, kind: EntityKind, { field, to }: ForeignRule): AdminRoute {
  const belongs = (parent: Entity) => (entity: Entity) => foreignId(entity, field) === parent.id;
  const addressed = (
    work: (parent: Entity, address: Address, request: AdminRequest) => Promise<AdminAnswer>,
  ): AdminHandler =>
    withParent(parts, to, async (parent, request) => {
      const parsed = parseAddress(kind, param(request, kind), { field, id: parent.id });
      return parsed.kind === 'refused' ? parsed.answer : await work(parent, parsed.address, request);
    });
  return {
    path: `${pathOf(to)}/${entityDefinitions[kind].paths.child}/{${kind}}`,
    methods: {
      GET: addressed(async (parent, address) => {
        const found = await find(parts.store, kind, address);
        return found !== undefined && belongs(parent)(found) ? await shown(parts, kind, found) : notFound;
      }),
      PUT: addressed((parent, address, { body }) =>
        upsertEntity(parts, kind, address, { body, fixed: { [field]: { id: parent.id } } }),
      ),
      PATCH: addressed((parent, address, { body }) =>
        updateEntity(
          parts,
          kind,
          address,
          { body, fixed: nothingFixed },
          { missing: 'short', allows: belongs(parent) },
        ),
      ),
      DELETE: addressed(async (parent, address) => {
        const found = await find(parts.store, kind, address);
        if (found === undefined) return noContent;
        if (!belongs(parent)(found)) return notFound;
        return await deleteEntity(parts, kind, { by: 'id', id: found.id });
      }),
    },
  };
}

/** `/routes/{routes}/service` */
function reference(parts: AdminParts, kind: EntityKind, path: string, { field, to }: ForeignRule): AdminRoute {
  const referred = (work: (id: string, request: AdminRequest) => Promise<AdminAnswer>): AdminHandler =>
    withParent(parts, kind, async (owner, request) => {
      const id = foreignId(owner, field);
      return id === undefined ? notFound : await work(id, request);
    });
  return {
    path,
    methods: {
      GET: referred(async (id) => {
        const entity = await parts.store.get(to, id);
        return entity === undefined ? notFound : await shown(parts, to, entity);
      }),
      PUT: withParent(parts, kind, async (owner, { body }) => {
        const id = foreignId(owner, field);
        if (id !== undefined) return await upsertEntity(parts, to, { by: 'id', id }, { body, fixed: nothingFixed });
        const fixed = { id: (parts.generators ?? systemGenerators).uuid() };
        return await createAndLink(parts, to, { body, fixed }, { kind, id: owner.id, link: field });
      }),
      PATCH: referred((id, { body }) =>
        updateEntity(parts, to, { by: 'id', id }, { body, fixed: nothingFixed }, { missing: 'short' }),
      ),
      DELETE: referred(async () => methodNotAllowed),
    },
  };
}

/** Looks up the entity that the first parameter of the path addresses. */
export function withParent(
  parts: AdminParts,
  kind: EntityKind,
  work: (parent: Entity, request: AdminRequest) => Promise<AdminAnswer>,
): AdminHandler {
  return async (request) => {
    const found = await findByText(parts.store, kind, param(request, kind));
    return found.kind === 'answer' ? found.answer : await work(found.entity, request);
  };
}
