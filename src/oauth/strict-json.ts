export type JsonFault = 'not_json' | 'not_object' | 'too_deep' | 'duplicate_member';

export interface JsonRules {
  readonly depthMax: number;
  /** `refuse`: a member name given twice at any level is a fault; `last`: the last one counts. */
  readonly duplicates: 'refuse' | 'last';
}

/**
 * Parses a JSON object (RFC 8259) from a stranger; never throws. A duplicate member is how two
 * readers of one token come to different conclusions (RFC 7515 section 4, RFC 7519 section 4).
 * `__proto__` becomes an ordinary own property, as `JSON.parse` makes it.
 */
export function parseJsonObject(text: string, rules: JsonRules): Record<string, unknown> | JsonFault {
  const shape = measure(text, rules.depthMax);
  if (shape < 0) return 'too_deep';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'not_json';
  }
  if (!isRecord(value)) return 'not_object';
  if (rules.duplicates === 'refuse' && countMembers(value) !== shape) return 'duplicate_member';
  return value;
}

/** A JSON object: not null, not an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const quote = 0x22;
const backslash = 0x5c;

/**
 * One pass over the text: the number of members written in it (colons outside strings), or -1 when
 * it nests deeper than `depthMax`. Comparing that number with the members the parser kept finds
 * duplicates without a second parser.
 */
function measure(text: string, depthMax: number): number {
  let depth = 0;
  let members = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = endOfString(text, at + 1);
    } else if (code === 0x3a) {
      members++;
    } else if (code === 0x7b || code === 0x5b) {
      if (++depth > depthMax) return -1;
    } else if (code === 0x7d || code === 0x5d) {
      depth--;
    }
  }
  return members;
}

/** Index of the quote that ends the string whose content starts at `from`; the text's length without one. */
function endOfString(text: string, from: number): number {
  let at = text.indexOf('"', from);
  while (at !== -1) {
    let before = at - 1;
    while (before >= from && text.charCodeAt(before) === backslash) before--;
    if (((at - before) & 1) === 1) return at;
    at = text.indexOf('"', at + 1);
  }
  return text.length;
}

/** Members of the value and of everything inside it; the depth was bounded before. */
function countMembers(value: object): number {
  let count = 0;
  if (Array.isArray(value)) {
    for (const entry of value) if (typeof entry === 'object' && entry !== null) count += countMembers(entry);
    return count;
  }
  for (const entry of Object.values(value)) {
    count++;
    if (typeof entry === 'object' && entry !== null) count += countMembers(entry);
  }
  return count;
}
