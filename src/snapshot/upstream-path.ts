import type { RouteMatch } from './router/types.ts';

/** What the joining of two paths depends on. */
export type PathJoin = Pick<RouteMatch, 'matchedPrefix'> & {
  readonly route: Pick<RouteMatch['route'], 'stripPath' | 'pathHandling'>;
};

/**
 * The path for the upstream's request line (proxying.md 5): the service's path, then what the route leaves of the
 * request's path. With `path_handling` v0 exactly one slash stands between them, the request's trailing slash is kept
 * and none is invented; with v1 they are joined as they are. Escaped by `escapePath`.
 *
 * @param servicePath `path` of the service, null without one
 * @param requestPath normalised
 */
export function upstreamPath(servicePath: string | null, match: PathJoin, requestPath: string): string {
  const base = servicePath === null || servicePath === '' ? '/' : servicePath;
  if (match.route.pathHandling === 'v1') return escapePath(joinedAsTheyAre(base, match, requestPath));
  const rest = match.route.stripPath ? restOf(requestPath, match.matchedPrefix) : requestPath;
  const tail = rest.startsWith('/') ? rest.slice(1) : rest;
  if (tail !== '') return escapePath(base.endsWith('/') ? base + tail : `${base}/${tail}`);
  if (base === '/') return base;
  // A lone `/` is no trailing slash to a base without one: service path /s and request / give /s.
  if (base.endsWith('/')) return escapePath(requestPath.endsWith('/') ? base : base.slice(0, -1));
  return escapePath(requestPath.length > 1 && requestPath.endsWith('/') ? `${base}/` : base);
}

/** v1: a path that nothing was stripped from loses its slash, one that something was stripped from keeps what it has. */
function joinedAsTheyAre(base: string, match: PathJoin, requestPath: string): string {
  const stripped = match.route.stripPath && match.matchedPrefix !== '';
  const rest = stripped ? restOf(requestPath, match.matchedPrefix) : requestPath.slice(1);
  return base.endsWith('/') && rest.startsWith('/') ? base + rest.slice(1) : base + rest;
}

/**
 * Escapes what a path may not hold on the wire: controls, space, non-ASCII (as UTF-8), `?`, `#`, `\`,
 * quotes, braces and the like, and a `%` that begins no escape. Whatever is escaped already stays.
 */
export function escapePath(path: string): string {
  return unsafeInPath.test(path) ? path.replace(unsafeInPathAll, escapeText) : path;
}

const unsafeInPath = /[^\w\-.~!$&'()*+,;=:@/[\]%]|%(?![0-9A-Fa-f]{2})/;
const unsafeInPathAll = /[^\w\-.~!$&'()*+,;=:@/[\]%]+|%(?![0-9A-Fa-f]{2})/g;

function escapeText(text: string): string {
  let escaped = '';
  for (const byte of Buffer.from(text, 'utf8')) escaped += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return escaped;
}

/**
 * What is left of a path behind the matched prefix. A prefix need not end at a slash, so stripping `/a` from
 * `/a../b` would leave a dot segment that no normalisation has seen: it is dropped. Kong drops it only when a slash
 * follows; here it goes as well at the end and with parameters, and its dots go before an escaped slash or backslash,
 * since upstreams are known that resolve those.
 */
function restOf(path: string, matchedPrefix: string): string {
  let rest = path.slice(matchedPrefix.length);
  while (rest.charCodeAt(0) === dot) {
    const dots = leadingDots.exec(rest);
    if (dots === null) return rest;
    rest = rest.slice(dots[0].length);
  }
  return rest;
}

const dot = 0x2e;
const leadingDots = /^\.\.?(?:(?:(?:;|%3B)[^/]*)?(?:\/|$)|(?=%2F|%5C))/;
