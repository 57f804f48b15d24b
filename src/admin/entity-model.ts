import { type Entity, type EntityKind, entityDefinitions } from '../entities/index.ts';
import { type AnyField, type PlainObject, record, validate } from '../schema/index.ts';
import { isUuid } from '../schema/scalar.ts';
import type { Store, StoreTransaction, UniqueValues } from '../store/store.ts';
import type { AdminAnswer } from './answer.ts';
import { invalidPrimaryKey, invalidUnique, noSuchName, notFound } from './errors.ts';

/** What a path says about an entity: its id when it looks like a UUID, else the value of its endpoint key. */
export type Address =
  | { readonly by: 'id'; readonly id: string }
  /** `values` are the fields of the unique rule that `field` belongs to, the parent's included. */
  | { readonly by: 'key'; readonly field: string; readonly key: string; readonly values: UniqueValues }
  /** A certificate, by one of its server names. */
  | { readonly by: 'sni'; readonly name: string };

export type ParsedAddress =
  | { readonly kind: 'address'; readonly address: Address }
  | { readonly kind: 'refused'; readonly answer: AdminAnswer };

/** The parent in the path of a child: the foreign field that refers to it, and its id. */
export interface Within {
  readonly field: string;
  readonly id: string;
}

/** Reads one path segment; a key that no entity could have is Kong's code 10, and code 1 where there are no keys. */
export function parseAddress(kind: EntityKind, text: string, within?: Within): ParsedAddress {
  // PostgreSQL, and so Kong, prints UUIDs in lower case whatever was sent.
  if (isUuid(text)) return { kind: 'address', address: { by: 'id', id: text.toLowerCase() } };
  if (kind === 'certificates') {
    const refused = keyFault('snis', 'name', text);
    return refused ?? { kind: 'address', address: { by: 'sni', name: text } };
  }
  const { key: ownKey, keyWithin, prepare } = entityDefinitions[kind];
  const scoped = keyWithin !== undefined && keyWithin.within === within?.field ? keyWithin.field : undefined;
  const field = scoped ?? ownKey;
  if (field === undefined) return { kind: 'refused', answer: invalidPrimaryKey('expected a valid UUID') };
  const refused = keyFault(kind, field, text);
  if (refused !== undefined) return refused;
  const prepared = prepare?.({ [field]: text })[field];
  const key = typeof prepared === 'string' ? prepared : text;
  const values = scoped === undefined || within === undefined ? {} : { [within.field]: within.id };
  return { kind: 'address', address: { by: 'key', field, key, values: { ...values, [field]: key } } };
}

function keyFault(kind: EntityKind, key: string, text: string): ParsedAddress | undefined {
  const field: AnyField | undefined = entityDefinitions[kind].record.fields[key];
  const [fault] = field === undefined ? [] : validate(record({ [key]: field }), { [key]: text }, 'insert');
  return fault === undefined ? undefined : { kind: 'refused', answer: invalidUnique(key, fault.message) };
}

/** The addressed entity, as the store or a transaction sees it. */
export async function find(
  from: Store | StoreTransaction,
  kind: EntityKind,
  address: Address,
): Promise<Entity | undefined> {
  switch (address.by) {
    case 'id':
      return await from.get(kind, address.id);
    case 'key':
      return await from.getByUnique(kind, address.values);
    case 'sni': {
      const sni = await from.getByKey('snis', address.name);
      const id = sni === undefined ? undefined : foreignId(sni, 'certificate');
      return id === undefined ? undefined : await from.get(kind, id);
    }
  }
}

export type Found =
  | { readonly kind: 'found'; readonly entity: Entity }
  | { readonly kind: 'answer'; readonly answer: AdminAnswer };

/** The entity a path segment addresses, else the answer: the short 404, code 10 or code 1. */
export async function findByText(
  from: Store | StoreTransaction,
  kind: EntityKind,
  text: string,
  within?: Within,
): Promise<Found> {
  const parsed = parseAddress(kind, text, within);
  if (parsed.kind === 'refused') return { kind: 'answer', answer: parsed.answer };
  const entity = await find(from, kind, parsed.address);
  if (entity !== undefined) return { kind: 'found', entity };
  return { kind: 'answer', answer: parsed.address.by === 'sni' ? noSuchName : notFound };
}

/** The key of an address as error bodies show it, and as the path fixes it on PUT. */
export function addressKey(address: Address): Record<string, string> {
  switch (address.by) {
    case 'id':
      return { id: address.id };
    case 'key':
      return { [address.field]: address.key };
    case 'sni':
      return {};
  }
}

/** The id in a foreign field of an entity; undefined when it is null. */
export function foreignId(entity: Entity, field: string): string | undefined {
  const value = asObject(entity)[field];
  if (typeof value !== 'object' || value === null || !('id' in value)) return undefined;
  return typeof value.id === 'string' ? value.id : undefined;
}

/** Entities are plain objects; code that works for every kind reads them by field name. */
export function asObject(entity: Entity): PlainObject {
  return { ...entity };
}

/** A value that passed the record of its kind, as an entity of that kind. */
export function asEntity(value: PlainObject): Entity {
  return value as unknown as Entity;
}
