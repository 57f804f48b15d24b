import { limits } from '../base/limits.ts';

/** One `name=value` of a query or a form body, with its place in the raw text. */
export interface Argument {
  readonly name: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a query or an `application/x-www-form-urlencoded` body given as latin1 text (one unit per byte).
 * Bad escapes are taken literally. Undefined when there are more than `limits.queryArgumentsMax`.
 */
export function parseArguments(text: string): Argument[] | undefined {
  const found: Argument[] = [];
  let start = 0;
  while (start <= text.length) {
    let end = text.indexOf('&', start);
    if (end === -1) end = text.length;
    if (end > start) {
      if (found.length === limits.queryArgumentsMax) return undefined;
      const equals = text.indexOf('=', start);
      const split = equals === -1 || equals > end ? end : equals;
      found.push({
        name: decodeComponent(text.slice(start, split)),
        value: split === end ? '' : decodeComponent(text.slice(split + 1, end)),
        start,
        end,
      });
    }
    start = end + 1;
  }
  return found;
}

/** The raw text without the arguments of these names; undefined when nothing is left. All other bytes stay as they are. */
export function cutArguments(text: string, names: ReadonlySet<string>): string | undefined {
  const kept = text.split('&').filter((part) => {
    const equals = part.indexOf('=');
    return !names.has(decodeComponent(equals === -1 ? part : part.slice(0, equals)));
  });
  return kept.length === 0 ? undefined : kept.join('&');
}

function decodeComponent(raw: string): string {
  if (!/[%+\u0080-\u00ff]/.test(raw)) return raw;
  const spaced = raw.replaceAll('+', ' ');
  // Escapes become bytes, then everything is read as UTF-8, as upstreams do.
  const bytes = spaced.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** A member of the top-level object of a JSON text, with its place in the bytes. */
export interface JsonMember {
  readonly name: string;
  readonly value: unknown;
  readonly start: number;
  readonly end: number;
}

/**
 * Members of a JSON object in order, duplicates included. Undefined when the bytes are no JSON object
 * or it has too many members.
 */
export function jsonMembers(bytes: Buffer): JsonMember[] | undefined {
  // Positions are counted in bytes: latin1 keeps one unit per byte, and JSON's structure is ASCII.
  const text = bytes.toString('latin1');
  if (!isJsonObject(bytes)) return undefined;
  const members: JsonMember[] = [];
  let at = text.indexOf('{') + 1;
  for (;;) {
    at = skipSpace(text, at);
    if (text[at] === '}') return members;
    if (members.length === limits.queryArgumentsMax) return undefined;
    const start = at;
    const nameEnd = endOfString(text, at);
    const valueStart = skipSpace(text, skipSpace(text, nameEnd) + 1);
    const end = endOfValue(text, valueStart);
    members.push({
      name: String(parseSlice(bytes, start, nameEnd)),
      value: parseSlice(bytes, valueStart, end),
      start,
      end,
    });
    at = skipSpace(text, end);
    if (text[at] === ',') at += 1;
  }
}

/** The JSON text without the members of these names; every other byte stays, commas included. */
export function cutJsonMembers(bytes: Buffer, members: readonly JsonMember[], names: ReadonlySet<string>): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  let index = 0;
  while (index < members.length) {
    const first = members[index];
    if (first === undefined || !names.has(first.name)) {
      index += 1;
      continue;
    }
    // A run of members goes together with the comma behind it, or before it where nothing follows.
    let last = index;
    while (last + 1 < members.length && names.has(members[last + 1]?.name ?? '')) last += 1;
    const next = members[last + 1];
    const before = members[index - 1];
    parts.push(bytes.subarray(from, next === undefined && before !== undefined ? before.end : first.start));
    from = next === undefined ? (members[last]?.end ?? first.end) : next.start;
    index = last + 1;
  }
  parts.push(bytes.subarray(from));
  return Buffer.concat(parts);
}

function isJsonObject(bytes: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function parseSlice(bytes: Buffer, start: number, end: number): unknown {
  return JSON.parse(bytes.toString('utf8', start, end));
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t' || text[at] === '\n' || text[at] === '\r') at += 1;
  return at;
}

/** After the closing quote of the string that starts at `from`. */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** After the value that starts at `from`; the text is known to be valid JSON. */
function endOfValue(text: string, from: number): number {
  if (text[from] === '"') return endOfString(text, from);
  let depth = 0;
  let at = from;
  for (;;) {
    const unit = text[at];
    if (unit === '"') {
      at = endOfString(text, at);
      continue;
    }
    if (unit === '{' || unit === '[') depth += 1;
    if (unit === '}' || unit === ']') {
      if (depth === 0) return trimEnd(text, from, at);
      depth -= 1;
      if (depth === 0) return at + 1;
    }
    if (unit === ',' && depth === 0) return trimEnd(text, from, at);
    if (unit === undefined) return at;
    at += 1;
  }
}

function trimEnd(text: string, from: number, to: number): number {
  let at = to;
  while (at > from && /\s/.test(text[at - 1] ?? '')) at -= 1;
  return at;
}
