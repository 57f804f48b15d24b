import type { RegexMatch } from '../../base/regex.ts';
import { type Bucket, emptyBucket, type HeaderBranch } from './bucket.ts';
import type { Candidate } from './candidate.ts';
import { compareCriteria, type HeaderCriterion } from './criteria.ts';
import type { PathNode } from './path-tree.ts';
import type { MatchRequest, RouteMatch } from './types.ts';

/** One request's way through the index: keeps the best candidate that matches in full. */
export class Search {
  readonly #request: MatchRequest;
  #best: Candidate | undefined = undefined;
  #bestText: RegexMatch | undefined = undefined;
  #sawHeaders = false;

  constructor(request: MatchRequest) {
    this.#request = request;
  }

  /** Whether the outcome may depend on the request's headers. */
  get sawHeaders(): boolean {
    return this.#sawHeaders;
  }

  /** Looks at every bucket whose prefix the path begins with. */
  walk(tree: PathNode): void {
    const { path } = this.#request;
    let node = tree;
    let at = 0;
    for (;;) {
      if (node.bucket !== emptyBucket) this.#look(node.bucket);
      if (at === path.length || node.children.size === 0) return;
      const child = node.children.get(path.charCodeAt(at));
      if (child === undefined || !continues(path, at, child.label)) return;
      at += child.label.length;
      node = child;
    }
  }

  result(): RouteMatch | undefined {
    const best = this.#best;
    if (best === undefined) return undefined;
    if (this.#bestText === undefined) return best.match;
    const { length, groups, named } = this.#bestText;
    const matchedPrefix = this.#request.path.slice(0, length);
    return Object.freeze({ route: best.route, matchedPrefix, captures: Object.freeze({ groups, named }) });
  }

  #look(bucket: Bucket): void {
    if (bucket.list.length > 0) this.#scan(bucket.list);
    for (const branch of bucket.byHeader) this.#lookByHeader(branch);
  }

  #lookByHeader(branch: HeaderBranch): void {
    this.#sawHeaders = true;
    for (const value of this.#request.headers.all(branch.name)) {
      const list = branch.values.get(value.toLowerCase());
      if (list !== undefined) this.#scan(list);
    }
  }

  /** The list is in order of priority: the first match is its best, and what is not better than the best so far ends it. */
  #scan(list: readonly Candidate[]): void {
    for (const candidate of list) {
      const best = this.#best;
      if (best !== undefined && compareCriteria(candidate.criteria, best.criteria) >= 0) return;
      if (candidate.unconditional) {
        this.#best = candidate;
        this.#bestText = undefined;
        return;
      }
      if (this.#matches(candidate)) return;
    }
  }

  /** The prefix is known to fit; headers come last so that `sawHeaders` stays false as often as it can. */
  #matches(candidate: Candidate): boolean {
    const { methods, pattern, headers } = candidate.criteria;
    if (methods !== undefined && !methods.has(this.#request.method)) return false;
    const text = pattern?.matchStart(this.#request.path);
    if (pattern !== undefined && text === undefined) return false;
    if (headers.length > 0) {
      this.#sawHeaders = true;
      for (const header of headers) if (!this.#hasHeader(header)) return false;
    }
    this.#best = candidate;
    this.#bestText = text;
    return true;
  }

  #hasHeader(header: HeaderCriterion): boolean {
    for (const value of this.#request.headers.all(header.name)) {
      const lower = value.toLowerCase();
      if (header.pattern === undefined ? header.values.has(lower) : header.pattern.search(lower)) return true;
    }
    return false;
  }
}

/** Whether `label` stands in the path at `at`; its first character is known to. Labels are a few characters long. */
function continues(path: string, at: number, label: string): boolean {
  for (let index = 1; index < label.length; index += 1) {
    if (path.charCodeAt(at + index) !== label.charCodeAt(index)) return false;
  }
  return true;
}
