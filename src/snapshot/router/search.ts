import type { RegexMatch } from '../../base/regex.ts';
import { type Branch, type Bucket, emptyBucket } from './bucket.ts';
import type { Candidate } from './candidate.ts';
import { compareCriteria, type HeaderCriterion } from './criteria.ts';
import type { PathNode } from './path-tree.ts';
import { comparableServerName } from './server-name.ts';
import type { MatchRequest, RouteMatch } from './types.ts';

/** One request's way through the index: keeps the best candidate that matches in full. */
export class Search {
  readonly #request: MatchRequest;
  #best: Candidate | undefined = undefined;
  #bestText: RegexMatch | undefined = undefined;
  #sawMore = false;
  #steps = 0;

  constructor(request: MatchRequest) {
    this.#request = request;
  }

  /** Whether the outcome may depend on more than method, host, path and scheme: on headers or the server name. */
  get sawMore(): boolean {
    return this.#sawMore;
  }

  /** Nodes walked, branches followed and candidates looked at. */
  get steps(): number {
    return this.#steps;
  }

  /** Looks at every bucket whose prefix the path begins with. */
  walk(tree: PathNode, from = 0): void {
    const { path } = this.#request;
    let node = tree;
    let at = from;
    for (;;) {
      this.#steps += 1;
      if (node.bucket !== emptyBucket) this.#look(node.bucket);
      if (node.beyondSegment !== undefined) {
        const slash = path.indexOf('/', at);
        if (slash !== -1) this.walk(node.beyondSegment, slash);
      }
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
    for (const branch of bucket.branches) this.#follow(branch);
  }

  #follow(branch: Branch): void {
    this.#steps += 1;
    if (branch.kind === 'method') {
      this.#lookBehind(branch, this.#request.method);
    } else if (branch.kind === 'header') {
      this.#sawMore = true;
      for (const value of this.#request.headers.all(branch.name)) this.#lookBehind(branch, value.toLowerCase());
    } else if (this.#request.secure) {
      this.#sawMore = true;
      const { serverName } = this.#request;
      if (serverName !== undefined) this.#lookBehind(branch, comparableServerName(serverName));
    } else {
      this.#look(branch.any);
    }
  }

  #lookBehind(branch: Branch, value: string): void {
    const bucket = branch.values.get(value);
    if (bucket !== undefined) this.#look(bucket);
  }

  /** The list is in order of priority: the first match is its best, and what is not better than the best so far ends it. */
  #scan(list: readonly Candidate[]): void {
    for (const candidate of list) {
      this.#steps += 1;
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

  /** The prefix is known to fit; what no decision can be remembered with comes last. */
  #matches(candidate: Candidate): boolean {
    const { methods, pattern, headers, snis } = candidate.criteria;
    if (methods !== undefined && !methods.has(this.#request.method)) return false;
    const text = pattern?.matchStart(this.#request.path);
    if (pattern !== undefined && text === undefined) return false;
    // Plain connections have no server name: there the criterion counts as met (proxying.md 2).
    if (snis !== undefined && this.#request.secure) {
      this.#sawMore = true;
      const { serverName } = this.#request;
      if (serverName === undefined || !snis.has(comparableServerName(serverName))) return false;
    }
    if (headers.length > 0) {
      this.#sawMore = true;
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
