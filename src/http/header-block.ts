import { isToken } from './http1/characters.ts';
import type { HeaderBlock, HeaderList } from './types.ts';

export const emptyBlock = '' as HeaderBlock;

/** Names found good before; nearly all come from constants and configuration. */
const goodNames = new Set<string>();
const goodNamesMax = 4096;

/**
 * Appends one field. Value characters that could end the line or are not visible latin1 become
 * percent-encoded UTF-8 bytes, so any claim or configuration value is safe here. Content-Length
 * and Transfer-Encoding are left out: framing belongs to whoever writes the message.
 *
 * @throws Error when `name` is not a field name (RFC 9110 §5.1); check names where they are configured
 */
export function appendField(block: HeaderBlock, name: string, value: string): HeaderBlock {
  if (!goodNames.has(name)) {
    checkName(name);
    if (isFraming(name.toLowerCase())) return block;
    if (goodNames.size < goodNamesMax) goodNames.add(name);
  }
  return `${block}${name}: ${safeValue(value)}\r\n` as HeaderBlock;
}

/** The beginning of a field line: a name that was looked at once, with its colon. */
export type FieldStart = string & { readonly fieldStart: unique symbol };

/**
 * For names known beforehand: what `appendTo` continues.
 *
 * @throws Error when `name` is not a field name, or one of the framing
 */
export function fieldStart(name: string): FieldStart {
  checkName(name);
  if (isFraming(name.toLowerCase())) throw new Error(`${name} belongs to whoever writes the message`);
  return `${name}: ` as FieldStart;
}

/** `appendField` for a name that was looked at beforehand. */
export function appendTo(block: HeaderBlock, start: FieldStart, value: string): HeaderBlock {
  return `${block}${start}${safeValue(value)}\r\n` as HeaderBlock;
}

/** One run of fields behind another. */
export function joinBlocks(first: HeaderBlock, second: HeaderBlock): HeaderBlock {
  return (first + second) as HeaderBlock;
}

/**
 * The same text as one piece of its own. A string made by joining is a tree of its parts, which is walked each time
 * it is written and keeps the heads alive that parts were cut from; for blocks that serve many requests.
 */
export function lastingBlock(block: HeaderBlock): HeaderBlock {
  return Buffer.from(block, 'latin1').toString('latin1') as HeaderBlock;
}

function checkName(name: string): void {
  if (!isFieldName(name)) throw new Error(`not a header field name: ${JSON.stringify(name.slice(0, 80))}`);
}

/** Appends a field the parser accepted, as received. Framing fields are left out. */
export function appendParsed(block: HeaderBlock, list: HeaderList, index: number): HeaderBlock {
  const name = list.names[index];
  const lower = list.lowers[index];
  if (name === undefined || lower === undefined || isFraming(lower)) return block;
  return `${block}${name}: ${list.values[index]}\r\n` as HeaderBlock;
}

/** Whether `name` is a field name (a `token`). */
export function isFieldName(name: string): boolean {
  if (name.length === 0) return false;
  for (let i = 0; i < name.length; i += 1) {
    if (isToken[name.charCodeAt(i)] !== 1) return false;
  }
  return true;
}

function isFraming(lower: string): boolean {
  return lower === 'content-length' || lower === 'transfer-encoding';
}

function safeValue(value: string): string {
  if (value.length > shortValueChars) return unsafeValue.test(value) ? escapeValue(value) : value;
  for (let i = 0; i < value.length; i += 1) {
    const code = value.charCodeAt(i);
    if (code < 0x20 || (code > 0x7e && code < 0xa1) || code > 0xff) return escapeValue(value);
  }
  return value;
}

/** Beyond this many characters a regular expression is faster than a loop. */
const shortValueChars = 64;
const unsafeValue = /[^\x20-\x7e\xa1-\xff]/;

function escapeValue(value: string): string {
  return value.replace(/[^\x20-\x7e\xa1-\xff]/gu, (character) => {
    let escaped = '';
    for (const byte of Buffer.from(character, 'utf8'))
      escaped += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    return escaped;
  });
}
