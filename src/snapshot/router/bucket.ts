import { ShardedMap } from '../../base/sharded-map.ts';
import type { Candidate } from './candidate.ts';
import { compareCriteria } from './criteria.ts';

/**
 * Candidates found at one place of the index, in the order of priority. Those that ask for a header by value, a server
 * name or a method are found through that value, since one path may carry thousands told apart by nothing else.
 */
export interface Bucket {
  readonly list: readonly Candidate[];
  readonly branches: readonly Branch[];
}

export interface Branch {
  readonly kind: Facet['kind'];
  /** Lower-case name of a header, empty for the other kinds. */
  readonly name: string;
  readonly values: ShardedMap<Bucket>;
  /** Of server names: the candidates of all values, which is what a plain connection looks at. */
  readonly any: Bucket;
}

/** One thing a candidate asks for that leads to it, with the values that are alternatives. */
export interface Facet {
  readonly kind: 'header' | 'sni' | 'method';
  /** Lower-case name of a header, empty for the other kinds. */
  readonly name: string;
  readonly values: readonly string[];
}

export const emptyBucket: Bucket = Object.freeze({ list: Object.freeze([]), branches: Object.freeze([]) });

export function isEmptyBucket(bucket: Bucket): boolean {
  return bucket.list.length === 0 && bucket.branches.length === 0;
}

/** The bucket with the candidate in it, in the list or behind the first `depth` facets' branches. */
export function withCandidate(bucket: Bucket, candidate: Candidate, depth = 0): Bucket {
  const facet = candidate.facets[depth];
  if (facet === undefined) return { list: inserted(bucket.list, candidate), branches: bucket.branches };
  return changedBranch(bucket, facet, (below) => withCandidate(below, candidate, depth + 1));
}

/** The bucket without the candidate; empty branches go with it. */
export function withoutCandidate(bucket: Bucket, candidate: Candidate, depth = 0): Bucket {
  const facet = candidate.facets[depth];
  if (facet === undefined) return { list: removed(bucket.list, candidate), branches: bucket.branches };
  return changedBranch(bucket, facet, (below) => withoutCandidate(below, candidate, depth + 1));
}

function changedBranch(bucket: Bucket, facet: Facet, edit: (below: Bucket) => Bucket): Bucket {
  const { kind, name } = facet;
  const known = bucket.branches.find((branch) => branch.kind === kind && branch.name === name);
  const values = (known?.values ?? ShardedMap.empty<Bucket>()).edit();
  for (const value of facet.values) {
    const below = edit(values.get(value) ?? emptyBucket);
    if (isEmptyBucket(below)) values.delete(value);
    else values.set(value, below);
  }
  const any = kind === 'sni' ? edit(known?.any ?? emptyBucket) : emptyBucket;
  const branch: Branch = { kind, name, values: values.done(), any };
  const others = bucket.branches.filter((other) => other !== known);
  return { list: bucket.list, branches: branch.values.size === 0 ? others : [...others, branch] };
}

function inserted(list: readonly Candidate[], candidate: Candidate): readonly Candidate[] {
  const at = position(list, candidate);
  const result = list.slice();
  result.splice(at, 0, candidate);
  return result;
}

function removed(list: readonly Candidate[], candidate: Candidate): readonly Candidate[] {
  const at = position(list, candidate);
  const found = list[at];
  if (found === undefined || compareCriteria(found.criteria, candidate.criteria) !== 0) return list;
  const result = list.slice();
  result.splice(at, 1);
  return result;
}

/** Index of the first entry that does not come before the candidate. */
function position(list: readonly Candidate[], candidate: Candidate): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = list[middle];
    if (entry !== undefined && compareCriteria(entry.criteria, candidate.criteria) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
