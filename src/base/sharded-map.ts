/**
 * Persistent map from strings with structure sharing: an edit copies only the shards it touches, so a
 * one-entry change of a map with 10,000 entries copies about 40. A map never changes once it exists.
 */
export class ShardedMap<V> {
  readonly size: number;
  readonly #shards: readonly ReadonlyMap<string, V>[];
  readonly #mask: number;

  private constructor(shards: readonly ReadonlyMap<string, V>[], size: number) {
    this.#shards = shards;
    this.#mask = shards.length - 1;
    this.size = size;
  }

  /** A map without entries. */
  static empty<V>(): ShardedMap<V> {
    return new ShardedMap<V>([emptyShard], 0);
  }

  get(key: string): V | undefined {
    const mask = this.#mask;
    const shard = this.#shards[mask === 0 ? 0 : shardHash(key) & mask];
    return shard === undefined ? undefined : shard.get(key);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** Entries in no particular order. */
  *entries(): IterableIterator<[string, V]> {
    for (const shard of this.#shards) for (const entry of shard) yield entry;
  }

  *values(): IterableIterator<V> {
    for (const shard of this.#shards) for (const value of shard.values()) yield value;
  }

  /** Starts a draft; this map is never changed by it. */
  edit(): ShardedMapDraft<V> {
    return new ShardedMapDraft<V>(this.#shards, this.size, this, (shards, size) => new ShardedMap(shards, size));
  }
}

/** Changes to a map before they become a map of their own. */
export class ShardedMapDraft<V> {
  readonly #source: ShardedMap<V>;
  readonly #build: (shards: readonly ReadonlyMap<string, V>[], size: number) => ShardedMap<V>;
  #shards: (ReadonlyMap<string, V> | Map<string, V>)[];
  /** Shards made by this draft and not yet handed out, which alone may be written to. */
  #own: (Map<string, V> | undefined)[];
  #size: number;
  #changed = false;

  constructor(
    shards: readonly ReadonlyMap<string, V>[],
    size: number,
    source: ShardedMap<V>,
    build: (shards: readonly ReadonlyMap<string, V>[], size: number) => ShardedMap<V>,
  ) {
    this.#source = source;
    this.#build = build;
    this.#shards = shards as ReadonlyMap<string, V>[];
    this.#own = [];
    this.#size = size;
  }

  get size(): number {
    return this.#size;
  }

  get(key: string): V | undefined {
    return this.#shards[this.#indexOf(key)]?.get(key);
  }

  set(key: string, value: V): void {
    const shard = this.#writable(this.#indexOf(key));
    const before = shard.size;
    shard.set(key, value);
    this.#size += shard.size - before;
    if (this.#shards.length === 1 && this.#size > singleShardMax) this.#spread();
  }

  delete(key: string): boolean {
    const index = this.#indexOf(key);
    if (this.#shards[index]?.has(key) !== true) return false;
    this.#writable(index).delete(key);
    this.#size -= 1;
    return true;
  }

  /** The result; the source itself when nothing changed. The draft stays usable and no longer shares with the result. */
  done(): ShardedMap<V> {
    if (!this.#changed) return this.#source;
    this.#own = [];
    const shards = this.#shards;
    this.#shards = shards.slice();
    return this.#build(shards, this.#size);
  }

  #indexOf(key: string): number {
    const mask = this.#shards.length - 1;
    return mask === 0 ? 0 : shardHash(key) & mask;
  }

  #writable(index: number): Map<string, V> {
    const own = this.#own[index];
    if (own !== undefined) return own;
    if (!this.#changed) {
      this.#shards = this.#shards.slice();
      this.#changed = true;
    }
    const copy = new Map(this.#shards[index]);
    this.#own[index] = copy;
    this.#shards[index] = copy;
    return copy;
  }

  /** Small maps are one shard, since most are small and there may be many; this is where one stops being small. */
  #spread(): void {
    const shards: Map<string, V>[] = Array.from({ length: shardCount }, () => new Map());
    for (const [key, value] of this.#shards[0] ?? []) shards[shardHash(key) & (shardCount - 1)]?.set(key, value);
    this.#shards = shards;
    this.#own = shards.slice();
  }
}

const emptyShard: ReadonlyMap<string, never> = new Map<string, never>();
const shardCount = 256;
const singleShardMax = 128;

/**
 * Spreads keys over shards. It need not be collision-resistant: a bad spread makes edits copy more, while
 * lookups stay lookups in a `Map`. So that a lookup costs little, eight code units are sampled: at the end,
 * where generated names and ids differ, and around the middle and the first quarter, where host names do.
 */
function shardHash(key: string): number {
  const length = key.length;
  if (length < 8) return shortHash(key);
  const middle = length >>> 1;
  const quarter = length >>> 2;
  let hash = length;
  hash = (hash << 3) ^ (hash >>> 26) ^ key.charCodeAt(length - 1);
  hash = (hash << 3) ^ (hash >>> 26) ^ key.charCodeAt(length - 2);
  hash = (hash << 3) ^ (hash >>> 26) ^ key.charCodeAt(middle);
  hash = (hash << 3) ^ (hash >>> 26) ^ key.charCodeAt(middle - 1);
  hash = (hash << 3) ^ (hash >>> 26) ^ key.charCodeAt(length - 3);
  hash = (hash << 3) ^ (hash >>> 26) ^ key.charCodeAt(quarter + 1);
  hash = (hash << 3) ^ (hash >>> 26) ^ key.charCodeAt(quarter + 2);
  hash = (hash << 3) ^ (hash >>> 26) ^ key.charCodeAt(quarter + 3);
  return mixed(hash);
}

function shortHash(key: string): number {
  let hash = key.length;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash, 31) + key.charCodeAt(index);
  return mixed(hash);
}

function mixed(hash: number): number {
  const spread = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (spread ^ (spread >>> 15)) >>> 0;
}
