import type { ConfigChange, Entity, EntityKind } from '../../entities/index.ts';
import type { ListOptions, ListPage, Store, StoreTransaction, UniqueValues } from '../store.ts';
import { ReadOnlyStoreError } from '../store-error.ts';

/** A store seen by those who may only read it: `begin` rejects with `ReadOnlyStoreError`. */
export class ReadOnlyStore implements Store {
  readonly writable = false;
  #store: Store;
  /** Of what `become` put in place; undefined: as the store counts itself. */
  #revision: number | undefined = undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** From now on this is what is read, under that revision; the former contents are closed. */
  async become(store: Store, revision: number): Promise<void> {
    const former = this.#store;
    this.#store = store;
    this.#revision = revision;
    await former.close();
  }

  async revision(): Promise<number> {
    return this.#revision ?? this.#store.revision();
  }

  async everything(): Promise<ConfigChange> {
    const everything = await this.#store.everything();
    return { ...everything, revision: this.#revision ?? everything.revision };
  }

  get(kind: EntityKind, id: string): Promise<Entity | undefined> {
    return this.#store.get(kind, id);
  }

  getByKey(kind: EntityKind, key: string): Promise<Entity | undefined> {
    return this.#store.getByKey(kind, key);
  }

  getByUnique(kind: EntityKind, values: UniqueValues): Promise<Entity | undefined> {
    return this.#store.getByUnique(kind, values);
  }

  list(kind: EntityKind, options: ListOptions): Promise<ListPage> {
    return this.#store.list(kind, options);
  }

  async begin(): Promise<StoreTransaction> {
    throw new ReadOnlyStoreError();
  }

  reachable(): Promise<boolean> {
    return this.#store.reachable();
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}
