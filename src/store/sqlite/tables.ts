import type { Entity, EntityKind } from '../../entities/index.ts';
import { type IndexRows, indexRows, type StoreModel } from '../model.ts';
import type { ListOptions } from '../store.ts';
import { StoreError } from '../store-error.ts';
import type { Database, Row, Statement, Value } from './driver.ts';

/** One entity as a transaction leaves it; undefined means deleted, or not there before. */
export interface RowChange {
  readonly kind: EntityKind;
  readonly id: string;
  readonly before: Entity | undefined;
  readonly after: Entity | undefined;
}

/** Every SQL statement over the configuration; each is prepared once. */
export interface Tables {
  revision(): number;
  get(kind: EntityKind, id: string): Entity | undefined;
  /** Entities in the order in which they were first written, one kind after the other. */
  all(): Map<EntityKind, Entity[]>;
  /** The id that holds this value of a unique rule. */
  holder(kind: EntityKind, rule: string, value: string): string | undefined;
  referring(kind: EntityKind, field: string, toId: string): readonly string[];
  /** At most `size` rows in the order of ids, without those that have ended. */
  list(kind: EntityKind, size: number, options: Omit<ListOptions, 'size'>, nowSeconds: number): readonly Entity[];
  /** At most `max` entities whose time has come. */
  ended(nowSeconds: number, max: number): readonly { readonly kind: EntityKind; readonly id: string }[];
  /** Writes all changes and the revision, or nothing. Durable when it returns. */
  write(changes: readonly RowChange[], revision: number): void;
}

/** Prepares the statements; builds the indexes anew when the rules differ from those they were built by. */
export function openTables(database: Database, model: StoreModel): Tables {
  const read = readStatements(database);
  const lists = new Lists(database);
  const write = writeStatements(database);
  const fingerprint = read.meta.row('model')?.[0];
  if (fingerprint !== model.fingerprint) rebuildIndexes(database, model, write, read.all);
  return {
    revision: () => Number(read.meta.row('revision')?.[0] ?? 0),
    get: (kind, id) => {
      const row = read.get.row(kind, id);
      return row === undefined ? undefined : entityOf(row[0]);
    },
    all: () => readAll(read.all, model),
    holder: (kind, rule, value) => textOf(read.holder.row(kind, rule, value)),
    referring: (kind, field, toId) => read.referring.rows(kind, field, toId).map((row) => String(row[0])),
    list: (kind, size, options, nowSeconds) =>
      lists.page(kind, size, options, model.of(kind).expires ? nowSeconds : undefined),
    ended: (nowSeconds, max) =>
      read.ended.rows(nowSeconds, max).flatMap(([name, id]) => {
        const kind = model.order.find((known) => known === name);
        return kind === undefined ? [] : [{ kind, id: String(id) }];
      }),
    write: (changes, revision) => database.transaction(() => writeChanges(write, model, changes, revision)),
  };
}

function readStatements(database: Database) {
  return {
    meta: database.prepare('SELECT value FROM meta WHERE name = ?'),
    get: database.prepare('SELECT body FROM entities WHERE kind = ? AND id = ?'),
    all: database.prepare('SELECT kind, body FROM entities ORDER BY position'),
    holder: database.prepare('SELECT id FROM unique_values WHERE kind = ? AND rule = ? AND value = ?'),
    ended: database.prepare('SELECT kind, id FROM endings WHERE expires_at <= ? ORDER BY expires_at LIMIT ?'),
    referring: database.prepare('SELECT id FROM refs WHERE kind = ? AND field = ? AND to_id = ? ORDER BY id'),
  };
}

type WriteStatements = ReturnType<typeof writeStatements>;

function writeStatements(database: Database) {
  return {
    meta: database.prepare(
      'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    ),
    insert: database.prepare('INSERT INTO entities (kind, id, body) VALUES (?, ?, ?)'),
    update: database.prepare('UPDATE entities SET body = ?3 WHERE kind = ?1 AND id = ?2'),
    delete: database.prepare('DELETE FROM entities WHERE kind = ? AND id = ?'),
    insertUnique: database.prepare('INSERT INTO unique_values (kind, rule, value, id) VALUES (?, ?, ?, ?)'),
    deleteUnique: database.prepare('DELETE FROM unique_values WHERE kind = ? AND rule = ? AND value = ? AND id = ?'),
    insertRef: database.prepare('INSERT INTO refs (kind, field, to_id, id) VALUES (?, ?, ?, ?)'),
    deleteRef: database.prepare('DELETE FROM refs WHERE kind = ? AND field = ? AND to_id = ? AND id = ?'),
    insertTag: database.prepare('INSERT INTO tags (kind, tag, id) VALUES (?, ?, ?)'),
    deleteTag: database.prepare('DELETE FROM tags WHERE kind = ? AND tag = ? AND id = ?'),
    insertEnding: database.prepare('INSERT INTO endings (kind, id, expires_at) VALUES (?, ?, ?)'),
    deleteEnding: database.prepare('DELETE FROM endings WHERE kind = ? AND id = ?'),
  };
}

/** Old index rows go before new ones come, so that two entities can swap a unique value. */
function writeChanges(
  write: WriteStatements,
  model: StoreModel,
  changes: readonly RowChange[],
  revision: number,
): void {
  for (const { kind, id, before, after } of changes) {
    if (before === undefined) continue;
    dropIndexRows(write, kind, id, indexRows(model.of(kind), before));
    if (after === undefined) write.delete.run(kind, id);
  }
  for (const { kind, id, before, after } of changes) {
    if (after === undefined) continue;
    (before === undefined ? write.insert : write.update).run(kind, id, JSON.stringify(after));
    addIndexRows(write, kind, id, indexRows(model.of(kind), after));
  }
  write.meta.run('revision', revision);
}

function addIndexRows(write: WriteStatements, kind: EntityKind, id: string, rows: IndexRows): void {
  for (const { rule, value } of rows.uniques) write.insertUnique.run(kind, rule.name, value, id);
  for (const { field, id: to } of rows.refs) write.insertRef.run(kind, field, to, id);
  for (const tag of rows.tags) write.insertTag.run(kind, tag, id);
  if (rows.expiresAt !== undefined) write.insertEnding.run(kind, id, rows.expiresAt);
}

function dropIndexRows(write: WriteStatements, kind: EntityKind, id: string, rows: IndexRows): void {
  for (const { rule, value } of rows.uniques) write.deleteUnique.run(kind, rule.name, value, id);
  for (const { field, id: to } of rows.refs) write.deleteRef.run(kind, field, to, id);
  for (const tag of rows.tags) write.deleteTag.run(kind, tag, id);
  if (rows.expiresAt !== undefined) write.deleteEnding.run(kind, id);
}

/** A new version may know new rules or kinds; the indexes hold nothing that the bodies do not. */
function rebuildIndexes(database: Database, model: StoreModel, write: WriteStatements, all: Statement): void {
  database.transaction(() => {
    database.exec('DELETE FROM unique_values; DELETE FROM refs; DELETE FROM tags; DELETE FROM endings');
    for (const row of all.rows()) {
      const kind = model.order.find((known) => known === row[0]);
      if (kind === undefined) continue;
      const entity = entityOf(row[1]);
      addIndexRows(write, kind, entity.id, indexRows(model.of(kind), entity));
    }
    write.meta.run('model', model.fingerprint);
  });
}

function readAll(statement: Statement, model: StoreModel): Map<EntityKind, Entity[]> {
  const found = new Map<string, Entity[]>();
  const byKind = new Map<EntityKind, Entity[]>();
  for (const kind of model.order) {
    const list: Entity[] = [];
    found.set(kind, list);
    byKind.set(kind, list);
  }
  for (const [kind, body] of statement.each()) found.get(String(kind))?.push(entityOf(body));
  return byKind;
}

/** Every statement walks an index in the order of ids from `after` on, so a page costs what it holds. */
class Lists {
  readonly #database: Database;
  readonly #prepared = new Map<string, Statement>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** `nowSeconds` is undefined for kinds whose entities never end. */
  page(
    kind: EntityKind,
    size: number,
    { after = '', tags, parent }: Omit<ListOptions, 'size'>,
    nowSeconds: number | undefined,
  ): readonly Entity[] {
    const wanted = [...new Set(tags?.tags)];
    const page = { kind, size, after, parent, nowSeconds };
    if (tags === undefined) return this.#rows(page, []);
    if (tags.mode === 'all') return this.#rows(page, wanted);
    const found = new Map<string, Entity>();
    for (const tag of wanted) {
      for (const entity of this.#rows(page, [tag])) found.set(entity.id, entity);
    }
    return [...found.values()].sort((left, right) => (left.id < right.id ? -1 : 1)).slice(0, size);
  }

  #rows({ kind, size, after, parent, nowSeconds }: Page, tags: readonly string[]): readonly Entity[] {
    const [tag, ...others] = tags;
    const sql = listSql({
      tag: tag !== undefined,
      otherTags: others.length > 0,
      parent: parent !== undefined,
      ends: nowSeconds !== undefined,
    });
    const statement = this.#prepared.get(sql) ?? this.#database.prepare(sql);
    this.#prepared.set(sql, statement);
    const values: Value[] = [kind];
    if (tag !== undefined) values.push(tag);
    if (parent !== undefined) values.push(parent.field, parent.id);
    values.push(after);
    if (others.length > 0) values.push(JSON.stringify(others), others.length);
    if (nowSeconds !== undefined) values.push(nowSeconds);
    return statement.rows(...values, size).map((row) => entityOf(row[0]));
  }
}

interface Page {
  readonly kind: EntityKind;
  readonly size: number;
  readonly after: string;
  readonly parent: ListOptions['parent'];
  readonly nowSeconds: number | undefined;
}

interface ListQuery {
  readonly tag: boolean;
  readonly otherTags: boolean;
  readonly parent: boolean;
  readonly ends: boolean;
}

/** CROSS JOIN keeps SQLite from reordering: the first table is the one whose index narrows most. */
function listSql({ tag, otherTags, parent, ends }: ListQuery): string {
  const steps: string[] = [];
  if (tag) steps.push('tags t');
  if (parent) steps.push('refs r');
  steps.push('entities e');
  const first = tag ? 't' : parent ? 'r' : 'e';
  const conditions = [`${first}.kind = ?`];
  if (tag) conditions.push('t.tag = ?');
  if (parent) conditions.push('r.field = ? AND r.to_id = ?');
  if (tag && parent) conditions.push('r.kind = t.kind AND r.id = t.id');
  if (first !== 'e') conditions.push(`e.kind = ${first}.kind AND e.id = ${first}.id`);
  conditions.push(`${first}.id > ?`);
  if (otherTags) {
    const others = 'SELECT count(*) FROM tags o WHERE o.kind = t.kind AND o.id = t.id';
    conditions.push(`(${others} AND o.tag IN (SELECT value FROM json_each(?))) = ?`);
  }
  if (ends) {
    const ended = 'SELECT 1 FROM endings x WHERE x.kind = e.kind AND x.id = e.id AND x.expires_at <= ?';
    conditions.push(`NOT EXISTS (${ended})`);
  }
  return `SELECT e.body FROM ${steps.join(' CROSS JOIN ')} WHERE ${conditions.join(' AND ')} ORDER BY ${first}.id LIMIT ?`;
}

function textOf(row: Row | undefined): string | undefined {
  return row === undefined ? undefined : String(row[0]);
}

/** What a body holds was validated before it was written. */
function entityOf(body: unknown): Entity {
  try {
    return JSON.parse(String(body)) as Entity;
  } catch (cause) {
    throw new StoreError('store_damaged', 'a stored entity is not readable', { hint: 'restore a backup', cause });
  }
}
