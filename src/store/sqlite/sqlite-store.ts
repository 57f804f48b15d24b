import { limits } from '../../base/limits.ts';
import type { ConfigChange, Entity, EntityKind, Upsert } from '../../entities/index.ts';
import { hasEnded, ruleOver, type StoreModel, storeModel, upsertOf } from '../model.ts';
import type { ListOptions, ListPage, Store, StoreTransaction, UniqueValues } from '../store.ts';
import { StoreError } from '../store-error.ts';
import { type Database, openDatabase } from './driver.ts';
import { migrate } from './migrations.ts';
import { openTables, type Tables } from './tables.ts';
import { SqliteTransaction } from './transaction.ts';

export interface SqliteOptions {
  /** A file, made with mode 0600 (missing folders 0700), or `:memory:`. */
  readonly path: string;
  /** How long opening waits, blocking, for another process that holds the file. */
  readonly busyTimeoutMs?: number;
  /** Epoch milliseconds. */
  readonly now?: () => number;
}

/** Opens or creates the store and brings it to the newest schema. Rejects with a `StoreError`. */
export async function openSqliteStore(options: SqliteOptions): Promise<Store> {
  const { path, busyTimeoutMs = limits.storeBusyTimeoutMs, now = Date.now } = options;
  const database = openDatabase(path, { busyTimeoutMs });
  try {
    migrate(database, now);
    const model = storeModel();
    return new SqliteStore(database, openTables(database, model), model, now);
  } catch (error) {
    database.close();
    throw error;
  }
}

class SqliteStore implements Store {
  readonly writable = true;
  readonly #database: Database;
  readonly #tables: Tables;
  readonly #model: StoreModel;
  readonly #now: () => number;
  #closed = false;
  /** Ends with the last writer that has asked for its turn. */
  #turns: Promise<void> = Promise.resolve();

  constructor(database: Database, tables: Tables, model: StoreModel, now: () => number) {
    this.#database = database;
    this.#tables = tables;
    this.#model = model;
    this.#now = now;
  }

  async revision(): Promise<number> {
    return this.#open().revision();
  }

  async everything(): Promise<ConfigChange> {
    const tables = this.#open();
    const upserts: Upsert[] = [];
    const nowSeconds = this.#nowSeconds();
    for (const [kind, entities] of tables.all()) {
      for (const entity of entities) if (!hasEnded(entity, nowSeconds)) upserts.push(upsertOf(kind, entity));
    }
    return { revision: tables.revision(), upserts, deletes: [] };
  }

  async get(kind: EntityKind, id: string): Promise<Entity | undefined> {
    const entity = this.#open().get(kind, id);
    return entity === undefined || hasEnded(entity, this.#nowSeconds()) ? undefined : entity;
  }

  async getByKey(kind: EntityKind, key: string): Promise<Entity | undefined> {
    const field = this.#model.of(kind).key;
    return field === undefined ? undefined : await this.getByUnique(kind, { [field]: key });
  }

  async getByUnique(kind: EntityKind, values: UniqueValues): Promise<Entity | undefined> {
    const { rule, value } = ruleOver(this.#model.of(kind), values);
    const id = this.#open().holder(kind, rule, value);
    return id === undefined ? undefined : await this.get(kind, id);
  }

  async list(kind: EntityKind, options: ListOptions): Promise<ListPage> {
    const size = Math.min(Math.max(Math.trunc(options.size), 1), limits.listSizeMax);
    // One more than asked for tells whether another page follows.
    const found = this.#open().list(kind, size + 1, options, this.#nowSeconds());
    const rows = found.slice(0, size);
    return { rows, next: found.length > size ? rows.at(-1)?.id : undefined };
  }

  async begin(): Promise<StoreTransaction> {
    this.#open();
    const before = this.#turns;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turns = promise;
    await before;
    try {
      return new SqliteTransaction(this.#open(), this.#model, this.#nowSeconds(), resolve);
    } catch (error) {
      resolve();
      throw error;
    }
  }

  async reachable(): Promise<boolean> {
    try {
      return (await this.revision()) >= 0;
    } catch {
      return false;
    }
  }

  /** Refuses new writers, lets the one at work end (for a bounded time), then lets go of the file. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, limits.storeCloseWaitMs);
    await Promise.race([this.#turns, promise]);
    clearTimeout(timer);
    this.#database.close();
  }

  #nowSeconds(): number {
    return Math.floor(this.#now() / 1000);
  }

  #open(): Tables {
    if (this.#closed) throw new StoreError('store_closed', 'the store is closed');
    return this.#tables;
  }
}
