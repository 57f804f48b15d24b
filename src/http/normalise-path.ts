import { hexValue } from './http1/characters.ts';

/**
 * The one form of a path that is both routed on and sent upstream: escapes of unreserved
 * characters decoded, other escapes upper-cased and kept (`%2F` stays), characters a URI may
 * not hold escaped, repeated slashes merged, dot segments removed (RFC 3986 §6.2.2).
 *
 * @param rawPath begins with `/`, no query
 * @returns undefined for what must be refused: `%` without two digits, `%00`, a backslash, dot segments that only
 * some upstreams would see
 */
export function normalisePath(rawPath: string): string | undefined {
  const decoded = decodeEscapes(rawPath);
  if (decoded === undefined) return undefined;
  const merged = decoded.includes('//') ? decoded.replace(/\/{2,}/g, '/') : decoded;
  const path = merged.includes('/.') ? removeDotSegments(merged) : merged;
  return hiddenDots.test(path) ? undefined : path;
}

/**
 * A dot segment in the eyes of those who decode `%2F` or `%5C` before they resolve a path, or who cut `;parameters`
 * (also behind `%3B`) off a segment; or a segment that is nothing but parameters, which they take for `//`. To the
 * router it is none, so route and resource could differ; no honest client sends one.
 */
const hiddenDots = /(?:\/|%2F|%5C)\.\.?(?:;|%3B|%2F|%5C)|(?:%2F|%5C)\.\.?(?:\/|$)|\/;[^/]*\//;

function decodeEscapes(rawPath: string): string | undefined {
  let out = '';
  let copiedTo = 0;
  for (let at = 0; at < rawPath.length; at += 1) {
    const code = rawPath.charCodeAt(at);
    if (code === 0x5c) return undefined;
    if (code === 0x25) {
      const high = hexValue[rawPath.charCodeAt(at + 1)] ?? 255;
      const low = hexValue[rawPath.charCodeAt(at + 2)] ?? 255;
      if (high === 255 || low === 255) return undefined;
      const byte = high * 16 + low;
      if (byte === 0) return undefined;
      const unreserved = /[A-Za-z0-9\-._~]/.test(String.fromCharCode(byte));
      out += rawPath.slice(copiedTo, at) + (unreserved ? String.fromCharCode(byte) : escapeByte(byte));
      at += 2;
      copiedTo = at + 1;
    } else if (code <= 0x20 || code >= 0x7f || /["<>^`{|}]/.test(rawPath.charAt(at))) {
      out += rawPath.slice(copiedTo, at) + escapeByte(code);
      copiedTo = at + 1;
    }
  }
  return copiedTo === 0 ? rawPath : out + rawPath.slice(copiedTo);
}

function escapeByte(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

function removeDotSegments(path: string): string {
  const kept: string[] = [];
  const segments = path.split('/');
  const last = segments.length - 1;
  for (let i = 1; i <= last; i += 1) {
    const segment = segments[i] ?? '';
    const isDots = segment === '.' || segment === '..';
    if (segment === '..') kept.pop();
    if (!isDots) kept.push(segment);
    // A path that ends in a dot segment names a folder: it keeps its slash.
    else if (i === last) kept.push('');
  }
  return `/${kept.join('/')}`;
}
