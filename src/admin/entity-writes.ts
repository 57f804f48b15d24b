import type { Entity, EntityKind } from '../entities/index.ts';
import type { Generators, PlainObject } from '../schema/index.ts';
import type { StoreTransaction } from '../store/store.ts';
import { type AdminAnswer, noContent } from './answer.ts';
import { writeNames } from './certificate-names.ts';
import type { AdminBody } from './decode-body.ts';
import { chooseRecord, type Input, type Judged, judgeInsert, judgeUpdate, readInput } from './entity-input.ts';
import { type Address, addressKey, find } from './entity-model.ts';
import {
  missingEntity,
  noSuchName,
  notFound,
  readOnly,
  schemaViolation,
  stillTrusted,
  storeFault,
  unresolvedReferences,
  type WriteVerb,
} from './errors.ts';
import { systemGenerators } from './generators.ts';
import type { AdminParts } from './parts.ts';
import { protocolsFault } from './plugin-protocols.ts';
import { present } from './present.ts';
import { commit, type Decided, rollback, write } from './transaction.ts';

/** A body with the fields that the path decides and the client cannot. */
export interface Sent {
  readonly body: AdminBody;
  readonly fixed: PlainObject;
}

/** POST: a new entity. */
export async function insertEntity(parts: AdminParts, kind: EntityKind, sent: Sent): Promise<AdminAnswer> {
  const judged = await judgeWhole(parts, kind, sent, 'insert');
  if (judged.kind === 'answer') return judged.answer;
  if (!parts.store.writable) return readOnly('insert', kind);
  return await write(parts, { kind, id: judged.entity.id }, (transaction) =>
    put(parts, transaction, kind, judged, 'insert', 201),
  );
}

/** PUT: replaces the addressed entity or creates it. By key, the id of an existing entity stays. */
export async function upsertEntity(
  parts: AdminParts,
  kind: EntityKind,
  address: Address,
  sent: Sent,
): Promise<AdminAnswer> {
  const fixed = { ...sent.fixed, ...addressKey(address) };
  const judged = await judgeWhole(parts, kind, { body: sent.body, fixed }, 'upsert');
  if (judged.kind === 'answer') return judged.answer;
  if (!parts.store.writable) return readOnly('upsert', kind, keyField(address));
  return await write(parts, { kind, id: undefined }, async (transaction) => {
    const entity = await keepId(transaction, kind, address, judged.entity);
    const written = withWholeNames(kind, address, judged.written);
    return await put(parts, transaction, kind, { entity, written }, 'upsert', 200);
  });
}

/**
 * PUT replaces, so names that were not sent go. The name in the path stays: without it the same request would
 * alternately make and lose it.
 */
function withWholeNames(kind: EntityKind, address: Address, written: PlainObject): PlainObject {
  if (kind !== 'certificates') return written;
  const sent = namesIn(written) ?? [];
  const missing = address.by === 'sni' && !sent.includes(address.name) ? [address.name] : [];
  return { snis: [...sent, ...missing] };
}

/** The server names to be written; undefined leaves them as they are. */
function namesIn(written: PlainObject): readonly string[] | undefined {
  const { snis } = written;
  if (snis === undefined) return undefined;
  return Array.isArray(snis) ? snis.filter((name) => typeof name === 'string') : [];
}

async function keepId(
  transaction: StoreTransaction,
  kind: EntityKind,
  address: Address,
  entity: Entity,
): Promise<Entity> {
  if (address.by === 'id') return entity;
  const stored = await find(transaction, kind, address);
  return stored === undefined ? entity : { ...entity, id: stored.id };
}

/** How a missing entity is reported, and whether the found one may be written through this path. */
export interface UpdateRules {
  readonly missing: 'long' | 'short';
  readonly allows?: (stored: Entity) => boolean;
}

/** PATCH: merges into the stored entity and validates the whole. */
export async function updateEntity(
  parts: AdminParts,
  kind: EntityKind,
  address: Address,
  sent: Sent,
  rules: UpdateRules,
): Promise<AdminAnswer> {
  const missing = missingAnswer(address, rules);
  // What is known to be wrong needs no turn among the writers; the transaction judges what is there by then.
  const early = await find(parts.store, kind, address);
  if (early === undefined || rules.allows?.(early) === false) return missing;
  const judgedEarly = await judgeMerged(parts, kind, early, sent);
  if (judgedEarly.kind === 'answer') return judgedEarly.answer;
  if (!parts.store.writable) return readOnly('update', kind, keyField(address));
  return await write(parts, { kind, id: early.id }, async (transaction) => {
    const stored = await find(transaction, kind, address);
    if (stored === undefined || rules.allows?.(stored) === false) return rollback(missing);
    const judged = await judgeMerged(parts, kind, stored, sent);
    if (judged.kind === 'answer') return rollback(judged.answer);
    return await put(parts, transaction, kind, judged, 'upsert', 200);
  });
}

function missingAnswer(address: Address, { missing }: UpdateRules): AdminAnswer {
  if (address.by === 'sni') return noSuchName;
  return missing === 'long' ? missingEntity(addressKey(address)) : notFound;
}

/** DELETE: 204 also when there is nothing, except for a certificate by a server name that is none. */
export async function deleteEntity(parts: AdminParts, kind: EntityKind, address: Address): Promise<AdminAnswer> {
  const missing = address.by === 'sni' ? noSuchName : noContent;
  if (!parts.store.writable) {
    const stored = await find(parts.store, kind, address);
    return stored === undefined ? missing : readOnly('delete', kind, keyField(address));
  }
  return await write(parts, { kind, id: undefined }, async (transaction) => {
    const stored = await find(transaction, kind, address);
    if (stored === undefined) return rollback(missing);
    const fault = await transaction.delete(kind, stored.id);
    if (fault === undefined) return commit(noContent);
    const trusted = kind === 'ca_certificates' && fault.kind === 'referenced';
    return rollback(trusted ? stillTrusted(stored.id, fault) : storeFault(kind, fault));
  });
}

/**
 * PUT on a reference that is null (`/routes/{r}/service`): creates the entity and links it, in one transaction.
 * `link` is the field of the owner.
 */
export async function createAndLink(
  parts: AdminParts,
  kind: EntityKind,
  sent: Sent,
  owner: { readonly kind: EntityKind; readonly id: string; readonly link: string },
): Promise<AdminAnswer> {
  const judged = await judgeWhole(parts, kind, sent, 'upsert');
  if (judged.kind === 'answer') return judged.answer;
  if (!parts.store.writable) return readOnly('upsert', kind);
  const { entity } = judged;
  return await write(parts, { kind, id: entity.id }, async (transaction) => {
    const decided = await put(parts, transaction, kind, judged, 'upsert', 200);
    if (decided.kind === 'rollback') return decided;
    const stored = await transaction.get(owner.kind, owner.id);
    if (stored === undefined) return rollback(notFound);
    const link: AdminBody = { kind: 'json', fields: { [owner.link]: { id: entity.id } } };
    const linked = await judgeMerged(parts, owner.kind, stored, { body: link, fixed: {} });
    if (linked.kind === 'answer') return rollback(linked.answer);
    const result = await put(parts, transaction, owner.kind, linked, 'upsert', 200);
    return result.kind === 'rollback' ? result : decided;
  });
}

type Whole =
  | { readonly kind: 'entity'; readonly entity: Entity; readonly written: PlainObject }
  | { readonly kind: 'answer'; readonly answer: AdminAnswer };

async function judgeWhole(parts: AdminParts, kind: EntityKind, sent: Sent, mode: 'insert' | 'upsert'): Promise<Whole> {
  const chosen = chooseRecord(kind, sent.body, parts.plugins);
  if (chosen.kind === 'faults') return { kind: 'answer', answer: schemaViolation(chosen.faults) };
  const input = await readInput(kind, chosen.record, sent.body, sent.fixed, parts.store);
  return whole(input, () => judgeInsert(chosen, input, mode, generatorsOf(parts)));
}

async function judgeMerged(parts: AdminParts, kind: EntityKind, stored: Entity, sent: Sent): Promise<Whole> {
  const chosen = chooseRecord(kind, sent.body, parts.plugins, stored);
  if (chosen.kind === 'faults') return { kind: 'answer', answer: schemaViolation(chosen.faults) };
  const input = await readInput(kind, chosen.record, sent.body, sent.fixed, parts.store);
  const judged = whole(input, () => judgeUpdate(chosen, input, stored, generatorsOf(parts)));
  if (judged.kind === 'entity' && judged.entity.id !== stored.id) {
    return {
      kind: 'answer',
      answer: schemaViolation([{ path: ['id'], message: 'immutable field cannot be updated' }]),
    };
  }
  return judged;
}

/** Kong reports references that do not resolve before anything else. */
function whole(input: Input, judge: () => Judged): Whole {
  if (input.unresolved.length > 0) return { kind: 'answer', answer: unresolvedReferences(input.unresolved) };
  const judged = judge();
  if (judged.kind === 'invalid') return { kind: 'answer', answer: schemaViolation(judged.faults) };
  return { kind: 'entity', entity: judged.entity, written: judged.written };
}

async function put(
  parts: AdminParts,
  transaction: StoreTransaction,
  kind: EntityKind,
  { entity, written }: { readonly entity: Entity; readonly written: PlainObject },
  verb: Extract<WriteVerb, 'insert' | 'upsert'>,
  status: number,
): Promise<Decided> {
  const fault = await transaction[verb](kind, entity);
  if (fault !== undefined) return rollback(storeFault(kind, fault));
  const protocols = kind === 'plugins' ? await protocolsFault(parts.store, transaction, entity) : undefined;
  if (protocols !== undefined) return rollback(schemaViolation([protocols]));
  const generators = generatorsOf(parts);
  const names = namesIn(written);
  const faults = names === undefined ? [] : await writeNames(transaction, entity, names, generators);
  if (faults.length > 0) return rollback(schemaViolation(faults));
  return commit({ status, json: await present(transaction, kind, entity, generators.now()) });
}

function generatorsOf(parts: AdminParts): Generators {
  return parts.generators ?? systemGenerators;
}

function keyField(address: Address): string | undefined {
  return address.by === 'key' ? address.field : undefined;
}
