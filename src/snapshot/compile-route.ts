import { compileUserRegex, type UserRegex } from '../base/regex.ts';
import type { Route } from '../entities/index.ts';
import { type Criteria, type HeaderCriterion, type RouteIndexing, rankOf } from './router/criteria.ts';
import { type HostPattern, parseHostPattern } from './router/host-pattern.ts';
import { regexKey } from './router/regex-key.ts';
import { comparableServerName } from './router/server-name.ts';
import { escapePath } from './upstream-path.ts';

export type IndexingOutcome =
  | { readonly kind: 'ok'; readonly indexing: RouteIndexing }
  | { readonly kind: 'fault'; readonly message: string };

/**
 * Works out how the router finds a route: one set of criteria for each of its paths (proxying.md 3.1).
 * A route for neither http nor https, or without any criterion, is found by nothing.
 */
export function routeIndexing(route: Route): IndexingOutcome {
  const hosts = isStated(route.hosts) ? parsedHosts(route.hosts) : undefined;
  const methods = isStated(route.methods) ? new Set(route.methods) : undefined;
  const snis = isStated(route.snis) ? new Set(route.snis.map(comparableServerName)) : undefined;
  const headers = headerCriteria(route.headers);
  if (headers.kind === 'fault') return headers;
  const paths = pathPatterns(route.paths);
  if (paths.kind === 'fault') return paths;
  const routed = route.protocols.includes('http') || route.protocols.includes('https');
  const hasPaths = paths.patterns.length > 0;
  const stated =
    hosts !== undefined || methods !== undefined || snis !== undefined || headers.criteria.length > 0 || hasPaths;
  if (!routed || !stated) return { kind: 'ok', indexing: { hosts: undefined, criteria: [] } };
  const patterns = hasPaths ? paths.patterns : [{ prefix: '', key: [''], pattern: undefined }];
  const criteria = patterns.map(
    ({ prefix, key, pattern }, pathIndex): Criteria => ({
      rank: rankOf({
        hosts: hosts !== undefined,
        headers: headers.criteria.length > 0,
        paths: hasPaths,
        methods: methods !== undefined,
        snis: snis !== undefined,
        regexPath: pattern !== undefined,
        plainHostsOnly: hosts?.every((host) => host.kind === 'plain') === true,
        wildcardHostWithPort: hosts?.some((host) => host.kind !== 'plain' && host.port !== undefined) === true,
      }),
      headerCount: headers.criteria.length,
      regexPriority: pattern === undefined ? 0 : route.regex_priority,
      prefixLength: prefix.length,
      createdAt: route.created_at,
      routeId: route.id,
      pathIndex,
      prefix,
      key,
      pattern,
      methods,
      headers: headers.criteria,
      snis,
    }),
  );
  return { kind: 'ok', indexing: { hosts, criteria } };
}

function isStated(list: readonly string[] | null | undefined): list is readonly string[] {
  return list !== null && list !== undefined && list.length > 0;
}

function parsedHosts(hosts: readonly string[]): HostPattern[] {
  return [...new Set(hosts.map((host) => host.toLowerCase()))].map(parseHostPattern);
}

type HeaderOutcome =
  | { readonly kind: 'ok'; readonly criteria: readonly HeaderCriterion[] }
  | { readonly kind: 'fault'; readonly message: string };

/** Sorted by name, so that routes asking for the same headers are indexed by the same one. */
function headerCriteria(headers: Route['headers']): HeaderOutcome {
  const criteria: HeaderCriterion[] = [];
  for (const [name, values] of Object.entries(headers ?? {})) {
    const [only] = values;
    if (only === undefined) continue;
    const lower = name.toLowerCase();
    if (values.length === 1 && only.startsWith('~*')) {
      const compiled = compileUserRegex(only.slice(2));
      if (compiled.kind === 'bad') return { kind: 'fault', message: `headers.${name}: ${compiled.reason}` };
      criteria.push({ name: lower, values: new Set(), pattern: compiled.regex });
    } else {
      criteria.push({ name: lower, values: new Set(values.map((value) => value.toLowerCase())), pattern: undefined });
    }
  }
  criteria.sort((left, right) => (left.name < right.name ? -1 : 1));
  return { kind: 'ok', criteria };
}

interface PathPattern {
  readonly prefix: string;
  readonly key: readonly string[];
  readonly pattern: UserRegex | undefined;
}

type PathsOutcome =
  | { readonly kind: 'ok'; readonly patterns: readonly PathPattern[] }
  | { readonly kind: 'fault'; readonly message: string };

function pathPatterns(paths: Route['paths']): PathsOutcome {
  const patterns: PathPattern[] = [];
  for (const [index, path] of (paths ?? []).entries()) {
    if (!path.startsWith('~')) {
      const prefix = comparablePrefix(path);
      patterns.push({ prefix, key: [prefix], pattern: undefined });
      continue;
    }
    // Kong shows a pattern spaces and non-ASCII bytes decoded; here it sees what goes upstream, where they are escaped.
    const compiled = compileUserRegex(path.slice(1));
    if (compiled.kind === 'bad') return { kind: 'fault', message: `paths[${index}]: ${compiled.reason}` };
    const { source, literalPrefix } = compiled.regex;
    patterns.push({ prefix: '', key: regexKey(source, literalPrefix), pattern: compiled.regex });
  }
  return { kind: 'ok', patterns };
}

/** A configured prefix in the spelling that normalised request paths have. */
function comparablePrefix(path: string): string {
  return escapePath(path).replace(/%[0-9A-Fa-f]{2}/g, (triplet) => {
    const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : triplet.toUpperCase();
  });
}
