import type { Route } from '../../entities/index.ts';
import type { TestRequest } from '../test-support.ts';

/**
 * The traditional order of proxying.md 3.1 read off its text, one line after the other, without any index: every
 * candidate is sorted, then tried. Slow and short on purpose; the router must agree with it.
 */
export function referenceMatch(routes: readonly Route[], request: TestRequest): ReferenceMatch | undefined {
  const candidates = routes.flatMap((route) =>
    (route.paths ?? [undefined]).map((path, index): Candidate => ({ route, path, index })),
  );
  candidates.sort((left, right) => compare(left, right));
  for (const { route, path } of candidates) {
    if (criteriaOf(route).every((stated) => !stated)) continue;
    if (!hostsMatch(route, request) || !headersMatch(route, request)) continue;
    if (route.methods !== null && !route.methods.includes(request.method ?? 'GET')) continue;
    if (!serverNameMatches(route, request)) continue;
    const prefix = path === undefined ? '' : matchedPart(path, request.path ?? '/');
    if (prefix !== undefined) return { id: route.id, prefix };
  }
  return undefined;
}

export interface ReferenceMatch {
  readonly id: string;
  /** What `strip_path` would take away. */
  readonly prefix: string;
}

interface Candidate {
  readonly route: Route;
  readonly path: string | undefined;
  readonly index: number;
}

/** "hosts > headers > paths > methods > snis". */
function criteriaOf({ hosts, headers, paths, methods, snis }: Route): boolean[] {
  return [hosts, headers, paths, methods, snis].map((list) => list !== null);
}

function compare(left: Candidate, right: Candidate): number {
  const [ours, theirs] = [left.route, right.route];
  const [ownSet, otherSet] = [criteriaOf(ours), criteriaOf(theirs)];
  // 1. Number of criteria present.
  const byCount = otherSet.filter(Boolean).length - ownSet.filter(Boolean).length;
  if (byCount !== 0) return byCount;
  // 2. The set of criteria.
  for (const [index, own] of ownSet.entries()) if (own !== otherSet[index]) return own ? -1 : 1;
  // 3. The bit field.
  const byBits = bitsOf(right) - bitsOf(left);
  if (byBits !== 0) return byBits;
  // 4. More headers.
  const byHeaders = Object.keys(theirs.headers ?? {}).length - Object.keys(ours.headers ?? {}).length;
  if (byHeaders !== 0) return byHeaders;
  // 5. Higher regex_priority, for regex paths.
  const byPriority = regexPriorityOf(right) - regexPriorityOf(left);
  if (byPriority !== 0) return byPriority;
  // 6. Longer prefix path; a regex counts 0.
  const byLength = prefixLengthOf(right) - prefixLengthOf(left);
  if (byLength !== 0) return byLength;
  // 7. Older.
  if (ours.created_at !== theirs.created_at) return ours.created_at - theirs.created_at;
  if (ours.id !== theirs.id) return ours.id < theirs.id ? -1 : 1;
  return left.index - right.index;
}

function isRegex(path: string | undefined): boolean {
  return path?.startsWith('~') === true;
}

/** "wildcard-with-port 4, plain-only 2, regex 1; larger sum first". */
function bitsOf({ route, path }: Candidate): number {
  const hosts = route.hosts ?? [];
  const wildcards = hosts.filter((host) => host.includes('*'));
  const withPort = wildcards.some((host) => /:\d+$/.test(host));
  return (withPort ? 4 : 0) + (hosts.length > 0 && wildcards.length === 0 ? 2 : 0) + (isRegex(path) ? 1 : 0);
}

function regexPriorityOf({ route, path }: Candidate): number {
  return isRegex(path) ? (route.regex_priority ?? 0) : 0;
}

function prefixLengthOf({ path }: Candidate): number {
  return path === undefined || isRegex(path) ? 0 : path.length;
}

function hostsMatch({ hosts }: Route, request: TestRequest): boolean {
  if (hosts === null) return true;
  const asked = (request.host ?? 'gateway.test').toLowerCase();
  const askedPort = /:(\d+)$/.exec(asked)?.[1];
  const askedName = asked.replace(/:\d+$/, '');
  return hosts.some((configured) => {
    const host = configured.toLowerCase();
    const port = /:(\d+)$/.exec(host)?.[1];
    const name = host.replace(/:\d+$/, '');
    if (!name.includes('*')) return name === askedName && (port === undefined || port === askedPort);
    const [before = '', after = ''] = name.split('*');
    const fits =
      askedName.length > before.length + after.length && askedName.startsWith(before) && askedName.endsWith(after);
    // The scheme's default port is filled in for wildcards alone.
    return fits && (port === undefined || port === (askedPort ?? (isSecure(request) ? '443' : '80')));
  });
}

function headersMatch({ headers }: Route, request: TestRequest): boolean {
  return Object.entries(headers ?? {}).every(([name, values]) => {
    const sent = request.headers?.[name.toLowerCase()] ?? [];
    const lines = (typeof sent === 'string' ? [sent] : sent).map((line) => line.toLowerCase());
    const [first = ''] = values;
    if (values.length === 1 && first.startsWith('~*'))
      return lines.some((line) => new RegExp(first.slice(2)).test(line));
    return lines.some((line) => values.some((value) => value.toLowerCase() === line));
  });
}

function serverNameMatches({ snis }: Route, request: TestRequest): boolean {
  if (snis === null || !isSecure(request)) return true;
  const asked = request.serverName?.toLowerCase().replace(/\.$/, '');
  return snis.some((sni) => sni.toLowerCase().replace(/\.$/, '') === asked);
}

function isSecure(request: TestRequest): boolean {
  return request.secure ?? request.serverName !== undefined;
}

/** The prefix, or the text that a regex anchored at the start matched. */
function matchedPart(path: string, asked: string): string | undefined {
  if (!isRegex(path)) return asked.startsWith(path) ? path : undefined;
  return new RegExp(`^(?:${path.slice(1)})`).exec(asked)?.[0];
}
