import {
  appendField,
  appendParsed,
  emptyBlock,
  type HeaderBlock,
  type HeaderList,
  isFieldName,
  isHopByHop,
} from '../http/index.ts';
import type { ResponseHeaders } from '../pdk/index.ts';

/** The end-to-end fields of an answer while plugins may change them. Made only where a plugin does. */
export class AnswerHeaders implements ResponseHeaders, HeaderList {
  readonly names: string[] = [];
  readonly lowers: string[] = [];
  readonly values: string[] = [];
  /** Whether a field came over the wire and was found good there. */
  readonly #parsed: boolean[] = [];

  get length(): number {
    return this.names.length;
  }

  /** Takes over a field of the upstream's head as it is. */
  take(list: HeaderList, index: number): void {
    this.#push(list.names[index] ?? '', list.lowers[index] ?? '', list.values[index] ?? '', true);
  }

  get(lower: string): string | undefined {
    const at = this.lowers.indexOf(lower);
    return at === -1 ? undefined : this.values[at];
  }

  all(lower: string): string[] {
    return this.values.filter((_, at) => this.lowers[at] === lower);
  }

  count(lower: string): number {
    return this.all(lower).length;
  }

  /** @throws Error when `name` is not a field name, or speaks about one connection (RFC 9110 section 7.6.1) */
  set(name: string, value: string): void {
    const lower = endToEndName(name);
    const at = this.lowers.indexOf(lower);
    this.#removeFrom(lower, at + 1);
    if (at === -1) this.#push(name, lower, value, false);
    else {
      this.names[at] = name;
      this.values[at] = value;
      this.#parsed[at] = false;
    }
  }

  /** @throws Error as `set` */
  add(name: string, value: string): void {
    this.#push(name, endToEndName(name), value, false);
  }

  remove(name: string): void {
    this.#removeFrom(name.toLowerCase(), 0);
  }

  /** All fields, with the values that plugins gave made safe. */
  block(): HeaderBlock {
    let block = emptyBlock;
    for (let index = 0; index < this.names.length; index += 1) {
      block = this.#parsed[index]
        ? appendParsed(block, this, index)
        : appendField(block, this.names[index] ?? '', this.values[index] ?? '');
    }
    return block;
  }

  #push(name: string, lower: string, value: string, parsed: boolean): void {
    this.names.push(name);
    this.lowers.push(lower);
    this.values.push(value);
    this.#parsed.push(parsed);
  }

  #removeFrom(lower: string, start: number): void {
    for (let index = this.lowers.length - 1; index >= start; index -= 1) {
      if (this.lowers[index] !== lower) continue;
      this.names.splice(index, 1);
      this.lowers.splice(index, 1);
      this.values.splice(index, 1);
      this.#parsed.splice(index, 1);
    }
  }
}

function endToEndName(name: string): string {
  if (!isFieldName(name)) throw new Error('not a header field name');
  const lower = name.toLowerCase();
  if (isHopByHop(lower)) throw new Error(`${lower} belongs to whoever writes the message`);
  return lower;
}

/** Reads one field of a serialised run; for the log, where reading is rare. */
export function fieldOf(block: HeaderBlock, lower: string): string | undefined {
  for (const line of block.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon === lower.length && line.slice(0, colon).toLowerCase() === lower) return line.slice(colon + 2);
  }
  return undefined;
}
