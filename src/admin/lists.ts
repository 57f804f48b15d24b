import { limits } from '../base/limits.ts';
import { type Entity, type EntityKind, entityDefinitions } from '../entities/index.ts';
import type { PlainObject } from '../schema/index.ts';
import { isUuid } from '../schema/scalar.ts';
import type { ListOptions, Store } from '../store/store.ts';
import { type AdminAnswer, type AdminRequest, message, ok } from './answer.ts';
import { invalidOffset, invalidOption, invalidSize } from './errors.ts';
import { systemGenerators } from './generators.ts';
import type { AdminParts } from './parts.ts';
import { present } from './present.ts';
import type { Query } from './query.ts';

const sizeDefault = 100;

export type Parsed<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'refused'; readonly answer: AdminAnswer };

/** A page of a collection, of all entities or of those that refer to `parent` (admin-api 4). */
export async function listEntities(
  parts: AdminParts,
  kind: EntityKind,
  request: AdminRequest,
  parent?: ListOptions['parent'],
): Promise<AdminAnswer> {
  const { query } = request;
  const { store } = parts;
  const size = parseSize(query);
  if (size.kind === 'refused') return size.answer;
  const after = parseOffset(query, isUuid);
  if (after.kind === 'refused') return after.answer;
  const tags = parseTags(query, entityDefinitions[kind].tags);
  if (tags.kind === 'refused') return tags.answer;
  if (kind === 'consumers' && parent === undefined && query.has('custom_id')) return await byCustomId(store, query);
  const page = await store.list(kind, {
    size: size.value,
    ...(after.value !== undefined && { after: after.value }),
    ...(tags.value !== undefined && { tags: tags.value }),
    ...(parent !== undefined && { parent }),
  });
  const kept = parent === undefined ? ['tags', 'size'] : [];
  return ok(pageBody(request, await presentAll(parts, kind, page.rows), page.next, kept));
}

/** The rows as answers show them. */
export async function presentAll(
  { store, generators = systemGenerators }: AdminParts,
  kind: EntityKind,
  rows: readonly Entity[],
): Promise<readonly PlainObject[]> {
  const nowSeconds = generators.now();
  return await Promise.all(rows.map((row) => present(store, kind, row, nowSeconds)));
}

/** `{data, offset, next}`; `next` repeats the arguments named in `kept`. */
export function pageBody(
  request: AdminRequest,
  rows: readonly unknown[],
  last: string | undefined,
  kept: readonly string[],
): Record<string, unknown> {
  if (last === undefined) return { data: rows, next: null };
  const offset = Buffer.from(last, 'utf8').toString('base64url');
  const args = [['offset', offset], ...kept.flatMap((name) => pairOf(request.query, name))];
  const text = args.map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
  const path = request.path.endsWith('/') ? request.path.slice(0, -1) : request.path;
  return { data: rows, offset, next: `${request.prefix}${path}?${text}` };
}

function pairOf(query: Query, name: string): string[][] {
  const value = query.one(name);
  return value === undefined ? [] : [[name, value]];
}

/** `size`: 1 to 1000, else code 9. */
export function parseSize(query: Query): Parsed<number> {
  if (!query.has('size')) return { kind: 'value', value: sizeDefault };
  const text = query.one('size') ?? '';
  const size = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isNaN(size)) return { kind: 'refused', answer: invalidSize('size must be a number') };
  if (!Number.isInteger(size) || size < 1 || size > limits.listSizeMax) {
    const text = `size must be an integer between 1 and ${limits.listSizeMax}`;
    return { kind: 'refused', answer: invalidSize(text) };
  }
  return { kind: 'value', value: size };
}

/** `offset`: what an earlier page gave, else code 7. */
export function parseOffset(query: Query, accepts: (last: string) => boolean): Parsed<string | undefined> {
  if (!query.has('offset')) return { kind: 'value', value: undefined };
  const text = query.one('offset') ?? '';
  const last = Buffer.from(text, 'base64url').toString('utf8');
  const genuine = Buffer.from(last, 'utf8').toString('base64url') === text;
  if (!genuine || !accepts(last)) return { kind: 'refused', answer: invalidOffset(text) };
  return { kind: 'value', value: last };
}

/** `tags=a,b` (all) or `tags=a/b` (any), else code 11; ignored by kinds without tags. */
export function parseTags(query: Query, tagged: boolean): Parsed<ListOptions['tags']> {
  if (!tagged || !query.has('tags')) return { kind: 'value', value: undefined };
  const text = query.one('tags');
  if (text === '') return { kind: 'refused', answer: invalidOption('tags', 'cannot be null') };
  const tags = text === undefined || (text.includes(',') && text.includes('/')) ? [] : text.split(/[,/]/);
  // A tag is stored well-formed and without control characters, so nothing else can be asked for.
  const usable = tags.every((tag) => tag.isWellFormed() && /^[^\u0000-\u001f\u007f]+$/.test(tag));
  if (text === undefined || tags.length === 0 || !usable) {
    return { kind: 'refused', answer: invalidOption('tags', 'invalid filter syntax') };
  }
  if (tags.length > limits.adminFilterTagsMax) {
    const fault = `cannot query more than ${limits.adminFilterTagsMax} tags`;
    return { kind: 'refused', answer: invalidOption('tags', fault) };
  }
  return { kind: 'value', value: { mode: text.includes('/') ? 'any' : 'all', tags } };
}

async function byCustomId(store: Store, query: Query): Promise<AdminAnswer> {
  const customId = query.one('custom_id');
  if (customId === undefined || customId === '') return message(400, 'custom_id must be an unempty string');
  const consumer = await store.getByUnique('consumers', { custom_id: customId });
  return ok({ data: consumer === undefined ? [] : [consumer], next: null });
}
