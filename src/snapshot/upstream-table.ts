import { ShardedMap } from '../base/sharded-map.ts';
import type { CompiledUpstream } from './compiled.ts';

/** Upstreams by the name that a service's host may be. */
export class UpstreamTable {
  static readonly empty = new UpstreamTable(ShardedMap.empty());

  readonly #byName: ShardedMap<CompiledUpstream>;

  constructor(byName: ShardedMap<CompiledUpstream>) {
    this.#byName = byName;
  }

  /** The upstream of exactly this name, if there is one. */
  byName(name: string): CompiledUpstream | undefined {
    return this.#byName.get(name);
  }
}
