import { hopByHop } from '../hop-by-hop.ts';
import type { InboundRequest } from '../types.ts';

/**
 * Fields that decide about framing, routing, authentication, caching or the reading of a body, and so never stand
 * behind it (RFC 9110 §6.5.1).
 */
const neverTrailing: ReadonlySet<string> = new Set([
  ...hopByHop,
  'age',
  'authorization',
  'cache-control',
  'content-encoding',
  'content-range',
  'content-type',
  'cookie',
  'date',
  'expires',
  'forwarded',
  'host',
  'location',
  'max-forwards',
  'pragma',
  'proxy-authenticate',
  'proxy-authorization',
  'range',
  'retry-after',
  'set-cookie',
  'trailer',
  'vary',
  'via',
  'www-authenticate',
]);

/** Whether the client says in `TE` that it reads trailers (RFC 9110 §10.1.4). */
export function wantsTrailers(request: InboundRequest): boolean {
  const te = request.headers.get('te');
  if (te === undefined || request.versionMinor === 0) return false;
  return te === 'trailers' || /(?:^|,)[ \t]*trailers[ \t]*(?:[,;]|$)/i.test(te);
}

/**
 * The field lines of a trailer section that may be passed on, each with its line end.
 * @param section lines that a `ChunkScanner` accepted, without the empty one; latin1
 */
export function keptTrailers(section: string, passes: (lowerName: string) => boolean): string {
  let kept = '';
  for (const line of section.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const lower = line.slice(0, colon).toLowerCase();
    if (!neverTrailing.has(lower) && passes(lower)) kept += `${line}\r\n`;
  }
  return kept;
}
