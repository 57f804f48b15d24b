import type { UserRegex } from '../../base/regex.ts';
import type { HostPattern } from './host-pattern.ts';

/** How one route is found: its paths as criteria, each under every host. */
export interface RouteIndexing {
  /** Undefined for a route without `hosts`. */
  readonly hosts: readonly HostPattern[] | undefined;
  /** One for each path, or a single one for a route without paths; empty keeps the route out of the router. */
  readonly criteria: readonly Criteria[];
}

/** One header a route asks for: any of the values, or a pattern searched in the lower-cased value. */
export interface HeaderCriterion {
  /** Lower case. */
  readonly name: string;
  /** Lower case; empty when `pattern` decides. */
  readonly values: ReadonlySet<string>;
  readonly pattern: UserRegex | undefined;
}

/** Everything but the route itself that decides whether and in which order one path of a route matches. */
export interface Criteria {
  /** Steps 1 to 3 of the order in one number, larger first. */
  readonly rank: number;
  readonly headerCount: number;
  /** 0 unless `pattern` is set. */
  readonly regexPriority: number;
  /** 0 for patterns and for routes without paths. */
  readonly prefixLength: number;
  /** Epoch seconds. */
  readonly createdAt: number;
  readonly routeId: string;
  /** Position in the route's `paths`, to keep the order of equals stable. */
  readonly pathIndex: number;
  /** What `strip_path` removes unless a pattern matched; empty for patterns and for routes without paths. */
  readonly prefix: string;
  /** Where the index holds it: the prefix, or what `regexKey` knows of a pattern. */
  readonly key: readonly string[];
  readonly pattern: UserRegex | undefined;
  readonly methods: ReadonlySet<string> | undefined;
  readonly headers: readonly HeaderCriterion[];
  /** TLS server names as `comparableServerName` writes them. */
  readonly snis: ReadonlySet<string> | undefined;
}

/** Which criteria a route states, and how they are stated. */
export interface RankParts {
  readonly hosts: boolean;
  readonly headers: boolean;
  readonly paths: boolean;
  readonly methods: boolean;
  readonly snis: boolean;
  readonly regexPath: boolean;
  readonly plainHostsOnly: boolean;
  readonly wildcardHostWithPort: boolean;
}

/**
 * Count of criteria, then the set of them (hosts > headers > paths > methods > snis), then the bit field
 * wildcard-with-port 4, plain-hosts-only 2, regex 1 (proxying.md 3.1, steps 1 to 3).
 */
export function rankOf(parts: RankParts): number {
  let count = 0;
  let set = 0;
  for (const stated of [parts.hosts, parts.headers, parts.paths, parts.methods, parts.snis]) {
    count += Number(stated);
    set = set * 2 + Number(stated);
  }
  const how =
    (parts.wildcardHostWithPort ? 4 : 0) + (parts.hosts && parts.plainHostsOnly ? 2 : 0) + (parts.regexPath ? 1 : 0);
  return (count << 8) | (set << 3) | how;
}

/** Negative when `left` comes first. A total order: no two candidates of different routes are equal. */
export function compareCriteria(left: Criteria, right: Criteria): number {
  if (left.rank !== right.rank) return right.rank - left.rank;
  if (left.headerCount !== right.headerCount) return right.headerCount - left.headerCount;
  if (left.regexPriority !== right.regexPriority) return right.regexPriority - left.regexPriority;
  if (left.prefixLength !== right.prefixLength) return right.prefixLength - left.prefixLength;
  if (left.createdAt !== right.createdAt) return left.createdAt - right.createdAt;
  if (left.routeId !== right.routeId) return left.routeId < right.routeId ? -1 : 1;
  return left.pathIndex - right.pathIndex;
}
