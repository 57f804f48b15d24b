import type { RouteMatch } from './router/types.ts';

/**
 * The path for the upstream's request line (proxying.md 5, `path_handling` v0): the service's path, exactly
 * one slash, then what the route leaves of the request's path. The request's trailing slash is kept, none is
 * invented. Escaped by `escapePath`.
 *
 * @param servicePath `path` of the service, null without one
 * @param requestPath normalised
 */
export function upstreamPath(
  servicePath: string | null,
  match: Pick<RouteMatch, 'matchedPrefix'> & { readonly route: { readonly stripPath: boolean } },
  requestPath: string,
): string {
  const base = servicePath === null || servicePath === '' ? '/' : servicePath;
  const rest = match.route.stripPath ? restOf(requestPath, match.matchedPrefix) : requestPath;
  const tail = rest.startsWith('/') ? rest.slice(1) : rest;
  if (tail !== '') return escapePath(base.endsWith('/') ? base + tail : `${base}/${tail}`);
  if (base === '/') return base;
  // A lone `/` is no trailing slash to a base without one: service path /s and request / give /s.
  if (base.endsWith('/')) return escapePath(requestPath.endsWith('/') ? base : base.slice(0, -1));
  return escapePath(requestPath.length > 1 && requestPath.endsWith('/') ? `${base}/` : base);
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
 * `/a../b` would leave a dot segment that no normalisation has seen: it is dropped. Kong drops it only when
 * a slash follows; here a bare `.` or `..` goes as well, since an upstream would resolve it.
 */
function restOf(path: string, matchedPrefix: string): string {
  let rest = path.slice(matchedPrefix.length);
  for (;;) {
    if (rest.startsWith('../')) rest = rest.slice(3);
    else if (rest.startsWith('./')) rest = rest.slice(2);
    else return rest === '.' || rest === '..' ? '' : rest;
  }
}
