import { ShardedMap } from '../../base/sharded-map.ts';
import type { Candidate } from './candidate.ts';
import { compareCriteria } from './criteria.ts';

/**
 * Candidates found at one place of the index, in the order of priority. Those that ask for a header
 * by value are found through that value, since one path may carry thousands told apart by a header.
 */
export interface Bucket {
  readonly list: readonly Candidate[];
  readonly byHeader: readonly HeaderBranch[];
}

export interface HeaderBranch {
  /** Lower case. */
  readonly name: string;
  readonly values: ShardedMap<readonly Candidate[]>;
}

export const emptyBucket: Bucket = Object.freeze({ list: Object.freeze([]), byHeader: Object.freeze([]) });

export function isEmptyBucket(bucket: Bucket): boolean {
  return bucket.list.length === 0 && bucket.byHeader.length === 0;
}

export function withCandidate(bucket: Bucket, candidate: Candidate): Bucket {
  const header = indexingHeader(candidate);
  if (header === undefined) return { list: inserted(bucket.list, candidate), byHeader: bucket.byHeader };
  const branch = bucket.byHeader.find((known) => known.name === header.name);
  const values = (branch?.values ?? ShardedMap.empty<readonly Candidate[]>()).edit();
  for (const value of header.values) values.set(value, inserted(values.get(value) ?? [], candidate));
  return { list: bucket.list, byHeader: withBranch(bucket.byHeader, { name: header.name, values: values.done() }) };
}

export function withoutCandidate(bucket: Bucket, candidate: Candidate): Bucket {
  const header = indexingHeader(candidate);
  if (header === undefined) return { list: removed(bucket.list, candidate), byHeader: bucket.byHeader };
  const branch = bucket.byHeader.find((known) => known.name === header.name);
  if (branch === undefined) return bucket;
  const values = branch.values.edit();
  for (const value of header.values) {
    const left = removed(values.get(value) ?? [], candidate);
    if (left.length === 0) values.delete(value);
    else values.set(value, left);
  }
  return { list: bucket.list, byHeader: withBranch(bucket.byHeader, { name: header.name, values: values.done() }) };
}

/** The header whose values lead to the candidate: the first by name that lists values. */
function indexingHeader(candidate: Candidate): { name: string; values: ReadonlySet<string> } | undefined {
  return candidate.criteria.headers.find((header) => header.pattern === undefined);
}

function withBranch(branches: readonly HeaderBranch[], branch: HeaderBranch): readonly HeaderBranch[] {
  const others = branches.filter((known) => known.name !== branch.name);
  return branch.values.size === 0 ? others : [...others, branch];
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
