import type { ConfigChange, Entity, EntityKind } from '../entities/index.ts';

/** `{custom_id: 'x'}`, or `{upstream: ID, target: 'host:80'}`. */
export type UniqueValues = Readonly<Record<string, string>>;

/** Where the configuration lives. SQLite today; a database server keeps the same promises, hence the promises. */
export interface Store {
  /** False when the configuration comes from a declarative file: every write is refused. */
  readonly writable: boolean;
  /** Grows by one with every committed transaction. */
  revision(): Promise<number>;
  /** Everything of the present revision, as upserts in an order in which references exist before they are used. */
  everything(): Promise<ConfigChange>;
  get(kind: EntityKind, id: string): Promise<Entity | undefined>;
  /** By the kind's endpoint key (name, username, instance_name, key). */
  getByKey(kind: EntityKind, key: string): Promise<Entity | undefined>;
  /** By the values of all fields of one of the kind's unique rules; foreign ones by their id. */
  getByUnique(kind: EntityKind, values: UniqueValues): Promise<Entity | undefined>;
  list(kind: EntityKind, options: ListOptions): Promise<ListPage>;
  /** Waits for its turn: one writer at a time, in order of asking. */
  begin(): Promise<StoreTransaction>;
  /** True when the database answers; for `GET /status`. */
  reachable(): Promise<boolean>;
  close(): Promise<void>;
}

export interface ListOptions {
  /** 1 to 1000. */
  readonly size: number;
  /** Continue after this id (order is by id). */
  readonly after?: string;
  readonly tags?: { readonly mode: 'all' | 'any'; readonly tags: readonly string[] };
  /** Only entities whose foreign field refers to this id: routes of a service, plugins of a route. */
  readonly parent?: { readonly field: string; readonly id: string };
}

export interface ListPage {
  readonly rows: readonly Entity[];
  /** The last id of the page when more rows follow. */
  readonly next: string | undefined;
}

/** What a write can run into; the Admin API turns each into Kong's error body. */
export type StoreFault =
  | { readonly kind: 'primary_key'; readonly id: string }
  /** `fields` of the violated constraint with their values; foreign ones as `{id}` or null. */
  | { readonly kind: 'unique'; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly kind: 'foreign_missing'; readonly field: string; readonly to: EntityKind; readonly id: string }
  /** Delete refused: an entity of kind `by` still refers to it. */
  | { readonly kind: 'referenced'; readonly by: EntityKind; readonly id: string };

/**
 * Writes of one transaction see each other; nothing is visible outside before `commit`. Entities whose time has come
 * (`expires_at`) are gone for every reader at once; the next transaction deletes them along with what it writes. After `commit`
 * or `rollback` the transaction is over; one of the two must be called.
 */
export interface StoreTransaction {
  get(kind: EntityKind, id: string): Promise<Entity | undefined>;
  getByKey(kind: EntityKind, key: string): Promise<Entity | undefined>;
  getByUnique(kind: EntityKind, values: UniqueValues): Promise<Entity | undefined>;
  /** All entities whose foreign field refers to the id, as this transaction has them so far. */
  referring(kind: EntityKind, field: string, toId: string): Promise<readonly Entity[]>;
  insert(kind: EntityKind, entity: Entity): Promise<StoreFault | undefined>;
  /** Replaces the entity of the same id, or inserts it. */
  upsert(kind: EntityKind, entity: Entity): Promise<StoreFault | undefined>;
  /** Deletes and cascades; deleting what is not there is no fault. */
  delete(kind: EntityKind, id: string): Promise<StoreFault | undefined>;
  /** What `commit` would publish, cascades included, under the revision it would get. */
  changes(): ConfigChange;
  /** Durable when it returns: survives kill -9. */
  commit(): Promise<ConfigChange>;
  rollback(): Promise<void>;
}
