import type { FormPair } from '../schema/index.ts';

export type FormPairs =
  | { readonly kind: 'pairs'; readonly pairs: readonly FormPair[] }
  | { readonly kind: 'too_many' }
  /** The decoded bytes are not UTF-8. */
  | { readonly kind: 'malformed' };

/**
 * `application/x-www-form-urlencoded` (WHATWG URL §5.1) as pairs; a name without `=` has the value `true`.
 * A `%` that no two hex digits follow stands for itself.
 */
export function parseFormPairs(text: string, pairsMax: number): FormPairs {
  const pairs: FormPair[] = [];
  let start = 0;
  while (start <= text.length) {
    const found = text.indexOf('&', start);
    const end = found < 0 ? text.length : found;
    if (end > start) {
      if (pairs.length >= pairsMax) return { kind: 'too_many' };
      const pair = parsePair(text.slice(start, end));
      if (pair === undefined) return { kind: 'malformed' };
      pairs.push(pair);
    }
    start = end + 1;
  }
  return { kind: 'pairs', pairs };
}

function parsePair(text: string): FormPair | undefined {
  const equals = text.indexOf('=');
  const name = percentDecode(plusToSpace(equals < 0 ? text : text.slice(0, equals)));
  if (equals < 0) return name === undefined ? undefined : [name, true];
  const value = percentDecode(plusToSpace(text.slice(equals + 1)));
  return name === undefined || value === undefined ? undefined : [name, value];
}

function plusToSpace(text: string): string {
  return text.replaceAll('+', ' ');
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Percent-decodes once; undefined when the bytes are not UTF-8. */
export function percentDecode(text: string): string | undefined {
  if (!text.includes('%')) return text;
  const source = Buffer.from(text, 'utf8');
  const bytes = Buffer.alloc(source.length);
  let length = 0;
  for (let index = 0; index < source.length; index++) {
    const byte = source[index] ?? 0;
    const high = hexDigit(source[index + 1]);
    const low = hexDigit(source[index + 2]);
    if (byte === percent && high !== undefined && low !== undefined) {
      bytes[length++] = high * 16 + low;
      index += 2;
    } else {
      bytes[length++] = byte;
    }
  }
  try {
    return utf8.decode(bytes.subarray(0, length));
  } catch {
    return undefined;
  }
}

const percent = 0x25;

function hexDigit(byte: number | undefined): number | undefined {
  if (byte === undefined) return undefined;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : undefined;
}
