import { limits } from '../../base/limits.ts';
import type { ConfigChange, Deletion, Entity, EntityKind, Upsert } from '../../entities/index.ts';
import { hasEnded, indexRows, ruleFields, ruleOver, type StoreModel, uniqueText, upsertOf } from '../model.ts';
import type { StoreFault, StoreTransaction, UniqueValues } from '../store.ts';
import { StoreError } from '../store-error.ts';
import type { RowChange, Tables } from './tables.ts';

/** What a transaction touches: where it came from and how it is to be left. */
interface Touched {
  readonly before: Entity | undefined;
  after: Entity | undefined;
}

/**
 * A transaction whose writes stay in memory until `commit` puts them down in one synchronous step. Readers therefore
 * see the old state however long the caller thinks between `begin` and `commit`, also where there is only one
 * connection. Its owner holds the writer's turn, so the tables do not move meanwhile.
 */
export class SqliteTransaction implements StoreTransaction {
  readonly #tables: Tables;
  readonly #model: StoreModel;
  readonly #revision: number;
  readonly #nowSeconds: number;
  readonly #ended: () => void;
  #over = false;
  readonly #touched = new Map<EntityKind, Map<string, Touched>>();
  /** Unique values and references held by touched entities as they are now. */
  readonly #holders = new Map<string, string>();
  readonly #referring = new Map<string, Set<string>>();

  /** `nowSeconds` is Unix time; `ended` gives the turn back. */
  constructor(tables: Tables, model: StoreModel, nowSeconds: number, ended: () => void) {
    this.#tables = tables;
    this.#model = model;
    this.#revision = tables.revision() + 1;
    this.#nowSeconds = nowSeconds;
    this.#ended = ended;
    for (const { kind, id } of tables.ended(nowSeconds, limits.storeEndedDeletedMax)) this.#touch(kind, id, undefined);
  }

  async get(kind: EntityKind, id: string): Promise<Entity | undefined> {
    this.#checkOpen();
    return this.#current(kind, id);
  }

  async getByKey(kind: EntityKind, key: string): Promise<Entity | undefined> {
    this.#checkOpen();
    const field = this.#model.of(kind).key;
    return field === undefined ? undefined : await this.getByUnique(kind, { [field]: key });
  }

  async getByUnique(kind: EntityKind, values: UniqueValues): Promise<Entity | undefined> {
    this.#checkOpen();
    const { rule, value } = ruleOver(this.#model.of(kind), values);
    const id = this.#holder(kind, rule, value);
    return id === undefined ? undefined : this.#current(kind, id);
  }

  async referring(kind: EntityKind, field: string, toId: string): Promise<readonly Entity[]> {
    this.#checkOpen();
    const entities = this.#referrers(kind, field, toId).map((id) => this.#current(kind, id));
    return entities.filter((entity) => entity !== undefined);
  }

  async insert(kind: EntityKind, entity: Entity): Promise<StoreFault | undefined> {
    this.#checkOpen();
    if (this.#current(kind, entity.id) !== undefined) return { kind: 'primary_key', id: entity.id };
    return this.#put(kind, entity);
  }

  async upsert(kind: EntityKind, entity: Entity): Promise<StoreFault | undefined> {
    this.#checkOpen();
    return this.#put(kind, entity);
  }

  async delete(kind: EntityKind, id: string): Promise<StoreFault | undefined> {
    this.#checkOpen();
    if (this.#current(kind, id) === undefined) return undefined;
    const doomed = this.#withCascades(kind, id);
    for (const [doomedKind, ids] of doomed) {
      for (const doomedId of ids) {
        const by = this.#restrictedBy(doomedKind, doomedId, doomed);
        if (by !== undefined) return { kind: 'referenced', ...by };
      }
    }
    for (const [doomedKind, ids] of doomed) for (const doomedId of ids) this.#touch(doomedKind, doomedId, undefined);
    return undefined;
  }

  changes(): ConfigChange {
    this.#checkOpen();
    const upserts: Upsert[] = [];
    const deletes: Deletion[] = [];
    for (const kind of this.#model.order) {
      for (const { after } of this.#rows(kind)) if (after !== undefined) upserts.push(upsertOf(kind, after));
    }
    for (const kind of this.#model.order.toReversed()) {
      for (const { id, after } of this.#rows(kind)) if (after === undefined) deletes.push({ kind, id });
    }
    return { revision: this.#revision, upserts, deletes };
  }

  async commit(): Promise<ConfigChange> {
    const change = this.changes();
    try {
      this.#tables.write(
        this.#model.order.flatMap((kind) => this.#rows(kind)),
        this.#revision,
      );
    } finally {
      this.#end();
    }
    return change;
  }

  async rollback(): Promise<void> {
    this.#checkOpen();
    this.#end();
  }

  #end(): void {
    this.#over = true;
    this.#ended();
  }

  #checkOpen(): void {
    if (this.#over) throw new StoreError('transaction_over', 'the transaction is over');
  }

  /** Differences to the tables; what came and went within the transaction is none. */
  #rows(kind: EntityKind): RowChange[] {
    const rows: RowChange[] = [];
    for (const [id, { before, after }] of this.#touched.get(kind) ?? []) {
      if (before !== undefined || after !== undefined) rows.push({ kind, id, before, after });
    }
    return rows;
  }

  #current(kind: EntityKind, id: string): Entity | undefined {
    const touched = this.#touched.get(kind)?.get(id);
    if (touched !== undefined) return touched.after;
    const stored = this.#tables.get(kind, id);
    return stored === undefined || hasEnded(stored, this.#nowSeconds) ? undefined : stored;
  }

  #put(kind: EntityKind, entity: Entity): StoreFault | undefined {
    const fault = this.#uniqueFault(kind, entity) ?? this.#foreignFault(kind, entity);
    if (fault === undefined) this.#touch(kind, entity.id, entity);
    return fault;
  }

  #uniqueFault(kind: EntityKind, entity: Entity): StoreFault | undefined {
    for (const { rule, value } of indexRows(this.#model.of(kind), entity).uniques) {
      const holder = this.#holder(kind, rule.name, value);
      if (holder !== undefined && holder !== entity.id) return { kind: 'unique', fields: ruleFields(rule, entity) };
    }
    return undefined;
  }

  #foreignFault(kind: EntityKind, entity: Entity): StoreFault | undefined {
    for (const { field, to, id } of indexRows(this.#model.of(kind), entity).refs) {
      const itself = to === kind && id === entity.id;
      if (!itself && this.#current(to, id) === undefined) return { kind: 'foreign_missing', field, to, id };
    }
    return undefined;
  }

  #holder(kind: EntityKind, rule: string, value: string): string | undefined {
    const own = this.#holders.get(uniqueText([kind, rule, value]));
    if (own !== undefined) return own;
    // A stored holder that was touched and is not among the own ones has given the value up.
    const stored = this.#tables.holder(kind, rule, value);
    if (stored === undefined || this.#touched.get(kind)?.has(stored) === true) return undefined;
    if (this.#current(kind, stored) !== undefined) return stored;
    // Its time has come, and the new holder of the value cannot wait for its turn to be deleted.
    this.#touch(kind, stored, undefined);
    return undefined;
  }

  #referrers(kind: EntityKind, field: string, toId: string): string[] {
    const touched = this.#touched.get(kind);
    const stored = this.#tables.referring(kind, field, toId).filter((id) => touched?.has(id) !== true);
    return [...stored, ...(this.#referring.get(uniqueText([kind, field, toId])) ?? [])];
  }

  /** The entity and everything that goes with it, the entity first. */
  #withCascades(kind: EntityKind, id: string): Map<EntityKind, Set<string>> {
    const doomed = new Map<EntityKind, Set<string>>();
    const open: [EntityKind, string][] = [[kind, id]];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [nextKind, nextId] = next;
      const ids = doomed.get(nextKind) ?? new Set();
      if (ids.has(nextId)) continue;
      doomed.set(nextKind, ids.add(nextId));
      for (const { kind: by, field, onDelete } of this.#model.referrers(nextKind)) {
        if (onDelete !== 'cascade') continue;
        for (const referrer of this.#referrers(by, field, nextId)) open.push([by, referrer]);
      }
    }
    return doomed;
  }

  #restrictedBy(kind: EntityKind, id: string, doomed: Map<EntityKind, Set<string>>) {
    for (const { kind: by, field, onDelete } of this.#model.referrers(kind)) {
      if (onDelete !== 'restrict') continue;
      const staying = this.#referrers(by, field, id).find((referrer) => doomed.get(by)?.has(referrer) !== true);
      if (staying !== undefined) return { by, id: staying };
    }
    return undefined;
  }

  #touch(kind: EntityKind, id: string, after: Entity | undefined): void {
    const ofKind = this.#touched.get(kind) ?? new Map<string, Touched>();
    this.#touched.set(kind, ofKind);
    const touched = ofKind.get(id);
    if (touched === undefined) {
      ofKind.set(id, { before: this.#tables.get(kind, id), after });
    } else {
      if (touched.after !== undefined) this.#dropIndexes(kind, touched.after);
      touched.after = after;
    }
    if (after !== undefined) this.#addIndexes(kind, after);
  }

  #addIndexes(kind: EntityKind, entity: Entity): void {
    const { uniques, refs } = indexRows(this.#model.of(kind), entity);
    for (const { rule, value } of uniques) this.#holders.set(uniqueText([kind, rule.name, value]), entity.id);
    for (const { field, id } of refs) {
      const key = uniqueText([kind, field, id]);
      this.#referring.set(key, (this.#referring.get(key) ?? new Set()).add(entity.id));
    }
  }

  #dropIndexes(kind: EntityKind, entity: Entity): void {
    const { uniques, refs } = indexRows(this.#model.of(kind), entity);
    for (const { rule, value } of uniques) this.#holders.delete(uniqueText([kind, rule.name, value]));
    for (const { field, id } of refs) this.#referring.get(uniqueText([kind, field, id]))?.delete(entity.id);
  }
}
