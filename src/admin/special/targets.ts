import type { Entity } from '../../entities/index.ts';
import { type AdminAnswer, type AdminHandler, type AdminRequest, noContent, ok, param } from '../answer.ts';
import { type Address, asObject, find, foreignId, parseAddress } from '../entity-model.ts';
import { shown, withParent } from '../entity-routes.ts';
import { deleteEntity, insertEntity, updateEntity } from '../entity-writes.ts';
import { notFound } from '../errors.ts';
import { everyPage } from '../every-page.ts';
import { listEntities, pageBody, parseOffset, parseSize, parseTags, presentAll } from '../lists.ts';
import type { AdminParts } from '../parts.ts';
import type { AdminRoute } from '../router.ts';

const kind = 'targets';
const path = '/upstreams/{upstreams}/targets';

/** The paths of targets, which exist only under their upstream and are addressed by id or `host:port`. */
export function targetRoutes(parts: AdminParts): AdminRoute[] {
  return [
    {
      path,
      methods: {
        GET: withUpstream(parts, (upstream, request) => listNewestFirst(parts, upstream, request)),
        POST: withUpstream(parts, ({ id }, { body }) =>
          insertEntity(parts, kind, { body, fixed: { upstream: { id } } }),
        ),
      },
    },
    {
      path: `${path}/all`,
      methods: {
        GET: withUpstream(parts, ({ id }, request) => listEntities(parts, kind, request, { field: 'upstream', id })),
      },
    },
    targetRoute(parts),
  ];
}

function withUpstream(
  parts: AdminParts,
  work: (upstream: Entity, request: AdminRequest) => Promise<AdminAnswer>,
): AdminHandler {
  return withParent(parts, 'upstreams', work);
}

/** PUT changes what is there, as PATCH does: a target comes into being by POST alone (admin-api 7). */
function targetRoute(parts: AdminParts): AdminRoute {
  const update = withTarget(parts, (upstream, address, { body }) =>
    updateEntity(
      parts,
      kind,
      address,
      { body, fixed: {} },
      { missing: 'short', allows: (target) => foreignId(target, 'upstream') === upstream.id },
    ),
  );
  return {
    path: `${path}/{targets}`,
    methods: {
      GET: withTarget(parts, async (upstream, address) => {
        const found = await targetOf(parts, upstream, address);
        return found === undefined ? notFound : await shown(parts, kind, found);
      }),
      PUT: update,
      PATCH: update,
      DELETE: withTarget(parts, async (upstream, address) => {
        const found = await find(parts.store, kind, address);
        if (found === undefined) return noContent;
        if (foreignId(found, 'upstream') !== upstream.id) return notFound;
        return await deleteEntity(parts, kind, { by: 'id', id: found.id });
      }),
    },
  };
}

/** Reads upstream and target of the path; the target need not exist. */
export function withTarget(
  parts: AdminParts,
  work: (upstream: Entity, address: Address, request: AdminRequest) => Promise<AdminAnswer>,
): AdminHandler {
  return withUpstream(parts, async (upstream, request) => {
    const parsed = parseAddress(kind, param(request, kind), { field: 'upstream', id: upstream.id });
    return parsed.kind === 'refused' ? parsed.answer : await work(upstream, parsed.address, request);
  });
}

/** The addressed target, if it is one of the upstream. */
export async function targetOf(parts: AdminParts, upstream: Entity, address: Address): Promise<Entity | undefined> {
  const found = await find(parts.store, kind, address);
  return found !== undefined && foreignId(found, 'upstream') === upstream.id ? found : undefined;
}

/** A page by position; all targets are read for it, since the newest may have any id. */
async function listNewestFirst(parts: AdminParts, upstream: Entity, request: AdminRequest): Promise<AdminAnswer> {
  const { query } = request;
  const size = parseSize(query);
  if (size.kind === 'refused') return size.answer;
  const offset = parseOffset(query, (text) => /^\d{1,9}$/.test(text));
  if (offset.kind === 'refused') return offset.answer;
  const tags = parseTags(query, true);
  if (tags.kind === 'refused') return tags.answer;
  const all = await targetsOf(parts, upstream.id);
  const wanted = tags.value === undefined ? all : all.filter((target) => hasTags(target, tags.value));
  const start = Number(offset.value ?? 0);
  const end = start + size.value;
  const rows = await presentAll(parts, kind, wanted.slice(start, end));
  return ok(pageBody(request, rows, end < wanted.length ? String(end) : undefined, []));
}

/** Every target of an upstream, newest first. */
export async function targetsOf({ store }: AdminParts, upstreamId: string): Promise<readonly Entity[]> {
  const all = await everyPage(store, kind, { field: 'upstream', id: upstreamId });
  return all.toSorted((left, right) => right.created_at - left.created_at || (left.id < right.id ? -1 : 1));
}

function hasTags(
  target: Entity,
  filter: { readonly mode: 'all' | 'any'; readonly tags: readonly string[] } | undefined,
): boolean {
  const { tags } = asObject(target);
  const own: readonly unknown[] = Array.isArray(tags) ? tags : [];
  const has = (tag: string) => own.includes(tag);
  if (filter === undefined) return true;
  return filter.mode === 'all' ? filter.tags.every(has) : filter.tags.some(has);
}
