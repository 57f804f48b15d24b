import type { ConfigChange, Entity, EntityKind } from '../../entities/index.ts';
import type { ListOptions, ListPage, Store, StoreTransaction, UniqueValues } from '../store.ts';
import { ReadOnlyStoreError } from '../store-error.ts';

/** A store seen by those who may only read it: `begin` rejects with `ReadOnlyStoreError`. */
export class ReadOnlyStore implements Store {
  readonly writable = false;
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  revision(): Promise<number> {
    return this.#store.revision();
  }

  everything(): Promise<ConfigChange> {
    return this.#store.everything();
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
