import { setImmediate as nextTurn } from 'node:timers/promises';
import { limits } from '../../base/limits.ts';
import { type Entity, type EntityKind, entityDefinitions, isEntityKind } from '../../entities/index.ts';
import { isUuid } from '../../schema/scalar.ts';
import type { Store } from '../../store/store.ts';
import { type AdminAnswer, type AdminHandler, type AdminRequest, ok, param } from '../answer.ts';
import { asObject } from '../entity-model.ts';
import { invalidOption, schemaViolation } from '../errors.ts';
import { pageBody, parseOffset, parseSize } from '../lists.ts';
import type { AdminParts } from '../parts.ts';
import type { Query } from '../query.ts';
import type { AdminRoute } from '../router.ts';

interface TagRow {
  readonly tag: string;
  readonly entity_name: EntityKind;
  readonly entity_id: string;
}

/** `/tags` and `/tags/{tag}`: which entities carry tags. They are read only; tags are written with their entities. */
export function tagRoutes({ store }: AdminParts): AdminRoute[] {
  const refuse = (operation: string): AdminHandler => {
    const answer = schemaViolation([{ path: ['tags'], message: `does not support ${operation} operations` }]);
    return () => answer;
  };
  const writes = {
    POST: refuse('insert'),
    PUT: refuse('upsert'),
    PATCH: refuse('update'),
    DELETE: refuse('delete'),
  };
  return [
    { path: '/tags', ignoresBody: true, methods: { ...writes, GET: (request) => listTags(store, request, undefined) } },
    {
      path: '/tags/{tag}',
      ignoresBody: true,
      methods: {
        ...writes,
        GET: (request) => {
          const tag = param(request, 'tag');
          if (/[,/]/.test(tag)) return invalidOption('tags', 'invalid filter syntax');
          return listTags(store, request, tag);
        },
      },
    },
  ];
}

const kinds = Object.values(entityDefinitions)
  .filter(({ tags }) => tags)
  .map(({ kind }) => kind);

/** Where a page begins: after this many tags of this entity. */
interface Position {
  readonly kind: EntityKind;
  readonly id: string;
  readonly tags: number;
}

async function listTags(store: Store, request: AdminRequest, tag: string | undefined): Promise<AdminAnswer> {
  const size = parseSize(request.query);
  if (size.kind === 'refused') return size.answer;
  const start = parsePosition(request.query);
  if (start.kind === 'refused') return start.answer;
  const rows: TagRow[] = [];
  let last: Position | undefined;
  for await (const [kind, entity] of tagged(store, tag, start.value)) {
    const already = start.value?.id === entity.id ? start.value.tags : 0;
    for (const [index, one] of tagsOf(entity, tag).entries()) {
      if (index < already) continue;
      if (rows.length === size.value) return ok(pageBody(request, rows, last && positionText(last), ['size']));
      rows.push({ entity_name: kind, entity_id: entity.id, tag: one });
      last = { kind, id: entity.id, tags: index + 1 };
    }
  }
  return ok(pageBody(request, rows, undefined, []));
}

/** Every entity from the position on, its own included, kind by kind in the order of ids. */
async function* tagged(
  store: Store,
  tag: string | undefined,
  start: Position | undefined,
): AsyncGenerator<[EntityKind, Entity]> {
  for (const kind of start === undefined ? kinds : kinds.slice(kinds.indexOf(start.kind))) {
    let after: string | undefined;
    if (start !== undefined && kind === start.kind) {
      after = start.id;
      const entity = await store.get(kind, start.id);
      if (entity !== undefined) yield [kind, entity];
    }
    do {
      const page = await store.list(kind, {
        size: limits.listSizeMax,
        ...(after !== undefined && { after }),
        ...(tag !== undefined && { tags: { mode: 'all', tags: [tag] } }),
      });
      for (const entity of page.rows) yield [kind, entity];
      after = page.next;
      // Entities without tags are read too; other requests get their turn between pages.
      if (after !== undefined) await nextTurn();
    } while (after !== undefined);
  }
}

function tagsOf(entity: Entity, tag: string | undefined): string[] {
  const { tags } = asObject(entity);
  if (!Array.isArray(tags)) return [];
  return tags.filter((one) => typeof one === 'string' && (tag === undefined || one === tag));
}

function positionText({ kind, id, tags }: Position): string {
  return `${kind} ${id} ${tags}`;
}

function readPosition(text: string): Position | undefined {
  const [kind = '', id = '', tags = '', ...rest] = text.split(' ');
  if (!isEntityKind(kind) || !isUuid(id) || !/^\d{1,6}$/.test(tags) || rest.length > 0) return undefined;
  return kinds.includes(kind) ? { kind, id, tags: Number(tags) } : undefined;
}

function parsePosition(query: Query) {
  const text = parseOffset(query, (last) => readPosition(last) !== undefined);
  if (text.kind === 'refused') return text;
  return { kind: 'value', value: text.value === undefined ? undefined : readPosition(text.value) } as const;
}
