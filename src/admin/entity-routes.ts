import { type Entity, type EntityKind, entityDefinitions, type ForeignRule } from '../entities/index.ts';
import { type AdminAnswer, type AdminHandler, type AdminRequest, noContent, ok, param } from './answer.ts';
import { type Address, findByText, foreignId, parseAddress } from './entity-model.ts';
import { createAndLink, deleteEntity, insertEntity, updateEntity, upsertEntity } from './entity-writes.ts';
import { methodNotAllowed, notFound } from './errors.ts';
import { systemGenerators } from './generators.ts';
import { listEntities } from './lists.ts';
import type { AdminParts } from './parts.ts';
import type { AdminRoute } from './router.ts';

/** The paths Kong generates for every kind (admin-api 3 and 7): collections, entities, children, references. */
export function entityRoutes(parts: AdminParts): AdminRoute[] {
  return Object.values(entityDefinitions).flatMap(({ kind, foreign }) => [
    collection(parts, kind),
    single(parts, kind),
    ...foreign.flatMap((rule) => [children(parts, kind, rule), child(parts, kind, rule), reference(parts, kind, rule)]),
  ]);
}

const nothingFixed = {};

/** `/routes` */
function collection(parts: AdminParts, kind: EntityKind): AdminRoute {
  return {
    path: `/${kind}`,
    methods: {
      GET: (request) => listEntities(parts.store, kind, request),
      POST: ({ body }) => insertEntity(parts, kind, { body, fixed: nothingFixed }),
    },
  };
}

/** `/routes/{routes}` */
function single(parts: AdminParts, kind: EntityKind): AdminRoute {
  const addressed = (work: (address: Address, request: AdminRequest) => Promise<AdminAnswer>): AdminHandler => {
    return (request) => {
      const parsed = parseAddress(kind, param(request, kind));
      return parsed.kind === 'refused' ? parsed.answer : work(parsed.address, request);
    };
  };
  return {
    path: `/${kind}/{${kind}}`,
    methods: {
      GET: async (request) => {
        const found = await findByText(parts.store, kind, param(request, kind));
        return found.kind === 'answer' ? found.answer : ok(found.entity);
      },
      PUT: addressed((address, { body }) => upsertEntity(parts, kind, address, { body, fixed: nothingFixed })),
      PATCH: addressed((address, { body }) =>
        updateEntity(parts, kind, address, { body, fixed: nothingFixed }, { missing: 'long' }),
      ),
      DELETE: addressed((address) => deleteEntity(parts, kind, address)),
    },
  };
}

/** `/services/{services}/routes` */
function children(parts: AdminParts, kind: EntityKind, { field, to }: ForeignRule): AdminRoute {
  return {
    path: `/${to}/{${to}}/${kind}`,
    methods: {
      GET: withParent(parts, to, (parent, request) =>
        listEntities(parts.store, kind, request, { field, id: parent.id }),
      ),
      POST: withParent(parts, to, (parent, { body }) =>
        insertEntity(parts, kind, { body, fixed: { [field]: { id: parent.id } } }),
      ),
    },
  };
}

/** `/services/{services}/routes/{routes}` */
function child(parts: AdminParts, kind: EntityKind, { field, to }: ForeignRule): AdminRoute {
  const belongs = (parent: Entity) => (entity: Entity) => foreignId(entity, field) === parent.id;
  const addressed = (
    work: (parent: Entity, address: Address, request: AdminRequest) => Promise<AdminAnswer>,
  ): AdminHandler =>
    withParent(parts, to, async (parent, request) => {
      const parsed = parseAddress(kind, param(request, kind));
      return parsed.kind === 'refused' ? parsed.answer : await work(parent, parsed.address, request);
    });
  return {
    path: `/${to}/{${to}}/${kind}/{${kind}}`,
    methods: {
      GET: withParent(parts, to, async (parent, request) => {
        const found = await findByText(parts.store, kind, param(request, kind));
        if (found.kind === 'answer') return found.answer;
        return belongs(parent)(found.entity) ? ok(found.entity) : notFound;
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
      DELETE: withParent(parts, to, async (parent, request) => {
        const found = await findByText(parts.store, kind, param(request, kind));
        if (found.kind === 'answer') return found.answer === notFound ? noContent : found.answer;
        if (!belongs(parent)(found.entity)) return notFound;
        return await deleteEntity(parts, kind, { by: 'id', id: found.entity.id });
      }),
    },
  };
}

/** `/routes/{routes}/service` */
function reference(parts: AdminParts, kind: EntityKind, { field, to }: ForeignRule): AdminRoute {
  const referred = (work: (id: string, request: AdminRequest) => Promise<AdminAnswer>): AdminHandler =>
    withParent(parts, kind, async (owner, request) => {
      const id = foreignId(owner, field);
      return id === undefined ? notFound : await work(id, request);
    });
  return {
    path: `/${kind}/{${kind}}/${field}`,
    methods: {
      GET: referred(async (id) => {
        const entity = await parts.store.get(to, id);
        return entity === undefined ? notFound : ok(entity);
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
function withParent(
  parts: AdminParts,
  kind: EntityKind,
  work: (parent: Entity, request: AdminRequest) => Promise<AdminAnswer>,
): AdminHandler {
  return async (request) => {
    const found = await findByText(parts.store, kind, param(request, kind));
    return found.kind === 'answer' ? found.answer : await work(found.entity, request);
  };
}
