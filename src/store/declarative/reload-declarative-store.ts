import { isDeepStrictEqual } from 'node:util';
import type { ConfigChange, Entity, EntityKind, Upsert } from '../../entities/index.ts';
import { openSqliteStore } from '../sqlite/sqlite-store.ts';
import { type DeclarativeOptions, fill, readDeclarative } from './open-declarative-store.ts';
import type { DeclarativeFaults } from './parse.ts';
import type { ReadOnlyStore } from './read-only-store.ts';

/** A configuration that was read anew and may take the place of the one in the store. */
export interface PreparedReload {
  readonly kind: 'ok';
  /** What is different, under the revision it would get; nothing at all when the file says the same. */
  readonly change: ConfigChange;
  /** Puts it into the store. */
  commit(): Promise<void>;
}

/**
 * Reads a declarative configuration for a store that is in use. What the file left as it was keeps its times of
 * creation and update and is no part of the change, so that whatever depends on it stays alive.
 */
export async function reloadDeclarativeStore(
  store: ReadOnlyStore,
  options: DeclarativeOptions,
): Promise<PreparedReload | DeclarativeFaults> {
  const read = await readDeclarative(options);
  if (read.kind === 'faults') return read;
  const before = await store.everything();
  const { change, whole } = compare(before, read.upserts);
  return {
    kind: 'ok',
    change,
    commit: async () => {
      if (change.upserts.length + change.deletes.length === 0) return;
      const next = await openSqliteStore({ path: ':memory:', now: options.now ?? Date.now });
      await fill(next, whole);
      await store.become(next, change.revision);
    },
  };
}

function compare(
  before: ConfigChange,
  upserts: readonly Upsert[],
): { readonly change: ConfigChange; readonly whole: readonly Upsert[] } {
  const former = new Map(before.upserts.map((upsert) => [keyOf(upsert.kind, upsert.entity.id), upsert]));
  const changed: Upsert[] = [];
  const whole = upserts.map((upsert) => {
    const key = keyOf(upsert.kind, upsert.entity.id);
    const known = former.get(key);
    former.delete(key);
    if (known !== undefined && isDeepStrictEqual(withoutTimes(known.entity), withoutTimes(upsert.entity))) return known;
    const kept = known === undefined ? upsert : sameCreation(upsert, known);
    changed.push(kept);
    return kept;
  });
  // What refers goes before what it refers to.
  const deletes = [...former.values()].toReversed().map(({ kind, entity }) => ({ kind, id: entity.id }));
  return { change: { revision: before.revision + 1, upserts: changed, deletes }, whole };
}

function keyOf(kind: EntityKind, id: string): string {
  return `${kind} ${id}`;
}

function withoutTimes(entity: Entity): object {
  return { ...entity, created_at: 0, updated_at: 0 };
}

function sameCreation(upsert: Upsert, known: Upsert): Upsert {
  if (!('created_at' in upsert.entity) || !('created_at' in known.entity)) return upsert;
  return { ...upsert, entity: { ...upsert.entity, created_at: known.entity.created_at } } as Upsert;
}
