import { appendField, emptyBlock, type HeaderBlock, lastingBlock } from '../http/index.ts';
import type { RequestEdits } from '../pdk/index.ts';

const nothing: readonly string[] = [];
const noRuns: readonly (readonly string[])[] = [];

/** What plugins want changed, kept as flat lists that exist only when something is in them. */
export class Edits implements RequestEdits {
  /** name, value, name, value … of the upstream request. */
  upstream: readonly string[] = nothing;
  /** The same about who is calling. */
  identity: readonly string[] | undefined = undefined;
  /** Runs of name, value … that plugins made beforehand. */
  owned: readonly (readonly string[])[] = noRuns;
  /** Lower-cased names (with `-` for `_`) whose client copies are dropped. */
  dropped: readonly string[] = nothing;
  /** name, value … of the client's response. */
  response: readonly string[] = nothing;
  query: string | undefined = undefined;
  queryReplaced = false;

  setHeader(name: string, value: string): void {
    const lower = name.toLowerCase();
    const set = this.upstream.slice();
    this.upstream = set;
    for (let index = 0; index < set.length; index += 2) {
      if (set[index]?.toLowerCase() === lower) {
        set[index + 1] = value;
        return;
      }
    }
    set.push(name, value);
    this.dropped = [...this.dropped, dashed(lower)];
  }

  setIdentity(pairs: readonly string[]): void {
    this.identity = pairs;
  }

  appendOwned(pairs: readonly string[]): void {
    this.owned = this.owned === noRuns ? [pairs] : [...this.owned, pairs];
  }

  removeHeader(name: string): void {
    const lower = dashed(name.toLowerCase());
    this.dropped = this.dropped === nothing ? [lower] : [...this.dropped, lower];
  }

  setQuery(query: string | undefined): void {
    this.query = query;
    this.queryReplaced = true;
  }

  setResponseHeader(name: string, value: string): void {
    this.response = [...this.response, name, value];
  }

  appendResponse(pairs: readonly string[]): void {
    this.response = this.response === nothing ? pairs : [...this.response, ...pairs];
  }
}

const blocks = new WeakMap<readonly string[], HeaderBlock>();

/** The serialised form of name, value … that many requests share; made, and its values checked, once. */
export function blockOf(pairs: readonly string[]): HeaderBlock {
  let block = blocks.get(pairs);
  if (block === undefined) {
    block = emptyBlock;
    for (let index = 0; index + 1 < pairs.length; index += 2) {
      block = appendField(block, pairs[index] ?? '', pairs[index + 1] ?? '');
    }
    block = lastingBlock(block);
    blocks.set(pairs, block);
  }
  return block;
}

/** Upstreams often read `_` and `-` as the same character, so one spelling stands for both. */
export function dashed(lower: string): string {
  return lower.includes('_') ? lower.replaceAll('_', '-') : lower;
}
