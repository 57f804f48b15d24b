import { type Entity, type EntityDefinition, type EntityKind, entityDefinitions } from '../entities/index.ts';
import { type AnyField, type PlainObject, record, validate } from '../schema/index.ts';
import { isUuid } from '../schema/scalar.ts';
import type { Store, StoreTransaction } from '../store/store.ts';
import type { AdminAnswer } from './answer.ts';
import { invalidPrimaryKey, invalidUnique, notFound } from './errors.ts';

/** What a path says about an entity: its id when it looks like a UUID, else the value of its endpoint key. */
export type Address = { readonly by: 'id'; readonly id: string } | { readonly by: 'key'; readonly key: string };

export type ParsedAddress =
  | { readonly kind: 'address'; readonly address: Address }
  | { readonly kind: 'refused'; readonly answer: AdminAnswer };

/** Reads one path segment; a key that no entity could have is Kong's code 10. */
export function parseAddress(kind: EntityKind, text: string): ParsedAddress {
  // PostgreSQL, and so Kong, prints UUIDs in lower case whatever was sent.
  if (isUuid(text)) return { kind: 'address', address: { by: 'id', id: text.toLowerCase() } };
  const { key, record: schema } = entityDefinitions[kind];
  if (key === undefined) return { kind: 'refused', answer: invalidPrimaryKey('expected a valid UUID') };
  const field: AnyField | undefined = schema.fields[key];
  const [fault] = field === undefined ? [] : validate(record({ [key]: field }), { [key]: text }, 'insert');
  if (fault !== undefined) return { kind: 'refused', answer: invalidUnique(key, fault.message) };
  return { kind: 'address', address: { by: 'key', key: text } };
}

/** The addressed entity, as the store or a transaction sees it. */
export function find(from: Store | StoreTransaction, kind: EntityKind, address: Address): Promise<Entity | undefined> {
  return address.by === 'id' ? from.get(kind, address.id) : from.getByKey(kind, address.key);
}

export type Found =
  | { readonly kind: 'found'; readonly entity: Entity }
  | { readonly kind: 'answer'; readonly answer: AdminAnswer };

/** The entity a path segment addresses, else the answer: the short 404 or code 10. */
export async function findByText(from: Store | StoreTransaction, kind: EntityKind, text: string): Promise<Found> {
  const parsed = parseAddress(kind, text);
  if (parsed.kind === 'refused') return { kind: 'answer', answer: parsed.answer };
  const entity = await find(from, kind, parsed.address);
  return entity === undefined ? { kind: 'answer', answer: notFound } : { kind: 'found', entity };
}

/** The key of an address as error bodies show it. */
export function addressKey(definition: EntityDefinition, address: Address): Record<string, string> {
  return address.by === 'id' ? { id: address.id } : { [definition.key ?? 'id']: address.key };
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
