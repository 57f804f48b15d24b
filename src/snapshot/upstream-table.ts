import { ShardedMap, type ShardedMapDraft } from '../base/sharded-map.ts';
import type { CompiledUpstream } from './compiled.ts';

/** Upstreams by the name that a service's host may be. It never changes. */
export class UpstreamTable {
  static readonly empty = new UpstreamTable(ShardedMap.empty(), ShardedMap.empty());

  readonly #byName: ShardedMap<CompiledUpstream>;
  readonly #byId: ShardedMap<CompiledUpstream>;

  constructor(byName: ShardedMap<CompiledUpstream>, byId: ShardedMap<CompiledUpstream>) {
    this.#byName = byName;
    this.#byId = byId;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** The upstream of exactly this name, if there is one. */
  byName(name: string): CompiledUpstream | undefined {
    return this.#byName.get(name);
  }

  values(): IterableIterator<CompiledUpstream> {
    return this.#byId.values();
  }

  edit(): UpstreamTableDraft {
    return new UpstreamTableDraft(this, this.#byName.edit(), this.#byId.edit());
  }
}

/** Changes to a table of upstreams. */
export class UpstreamTableDraft {
  readonly #source: UpstreamTable;
  readonly #byName: ShardedMapDraft<CompiledUpstream>;
  readonly #byId: ShardedMapDraft<CompiledUpstream>;
  #changed = false;

  constructor(
    source: UpstreamTable,
    byName: ShardedMapDraft<CompiledUpstream>,
    byId: ShardedMapDraft<CompiledUpstream>,
  ) {
    this.#source = source;
    this.#byName = byName;
    this.#byId = byId;
  }

  get(id: string): CompiledUpstream | undefined {
    return this.#byId.get(id);
  }

  /** Puts an upstream in, in place of what was known under its id. */
  set(upstream: CompiledUpstream): void {
    this.delete(upstream.id);
    this.#changed = true;
    this.#byId.set(upstream.id, upstream);
    this.#byName.set(upstream.name, upstream);
  }

  delete(id: string): void {
    const known = this.#byId.get(id);
    if (known === undefined) return;
    this.#changed = true;
    this.#byId.delete(id);
    // Within one change the name may have passed to another upstream.
    if (this.#byName.get(known.name)?.id === id) this.#byName.delete(known.name);
  }

  /** The table; the source itself when nothing changed. */
  done(): UpstreamTable {
    return this.#changed ? new UpstreamTable(this.#byName.done(), this.#byId.done()) : this.#source;
  }
}
