import { COLON, CR, hexValue, isFieldText, isToken, LF } from './characters.ts';

/** Longest chunk-size line after its digits, and longest trailer section; both pass through or are skipped unread. */
const extensionBytesMax = 1024;
const trailerBytesMax = 8 * 1024;
/** 13 digits stay below 2^53. */
const sizeDigitsMax = 13;

/** Framing and routing cannot be decided after the fact (RFC 9110 §6.5.1). */
const neverTrailers: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'host', 'connection']);

const SIZE = 0;
/** `;` was read: a name must follow. */
const EXTENSION_START = 1;
const EXTENSION_NAME = 2;
const EXTENSION_EQUALS = 3;
const EXTENSION_TOKEN = 4;
const EXTENSION_QUOTED = 5;
const EXTENSION_ESCAPED = 6;
const EXTENSION_UNQUOTED = 7;
const SIZE_LF = 8;
const DATA = 9;
const DATA_CR = 10;
const DATA_LF = 11;
const TRAILER_START = 12;
const TRAILER_NAME = 13;
const TRAILER_VALUE = 14;
const TRAILER_LF = 15;
const END_LF = 16;
const DONE = 17;

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Receives the data of a chunked body, without its framing. */
export interface ChunkData {
  onChunkData(bytes: Buffer, from: number, to: number): void;
}

/**
 * Follows the chunked coding (RFC 9112 §7.1) through bytes that are passed on as they are.
 * Strict: hexadecimal size directly followed by CRLF or `;`, CRLF after each chunk, visible
 * characters in extensions and trailers, bounded lengths.
 */
export class ChunkScanner {
  /** Decoded bytes so far. */
  dataBytes = 0;
  /** The rule that was broken. */
  rule: string | undefined = undefined;
  /** Offset in the buffer of the last `scan` call where the trailer section begins, -1 when it did not begin there. */
  trailerFrom = -1;
  /** At least one trailer field was there. */
  hasTrailers = false;
  /** Where extensions stand in the buffer of the last `scan` call: start, end, start, end … */
  #extensions: number[] = [];
  #state = SIZE;
  #left = 0;
  #digits = 0;
  #skipped = 0;
  #name = '';

  get done(): boolean {
    return this.#state === DONE;
  }

  /** In the trailer section or after it. */
  get inTrailers(): boolean {
    return this.#state >= TRAILER_START;
  }

  /**
   * Goes through `bytes` from `from` to `to`.
   * @returns the offset after the last byte of the body, `to` when it goes on, -1 when `rule` was broken
   */
  scan(bytes: Buffer, from: number, to: number, sink?: ChunkData): number {
    this.trailerFrom = -1;
    if (this.#extensions.length > 0) this.#extensions = [];
    let at = from;
    while (at < to) {
      if (this.#state === DATA) {
        const taken = Math.min(this.#left, to - at);
        if (sink !== undefined) sink.onChunkData(bytes, at, at + taken);
        at += taken;
        this.#left -= taken;
        this.dataBytes += taken;
        if (this.#left > 0) return at;
        this.#state = DATA_CR;
        continue;
      }
      const rule = this.#step(bytes[at] ?? 0);
      if (rule !== undefined) {
        this.rule = rule;
        return -1;
      }
      if (this.#state >= EXTENSION_START && this.#state <= EXTENSION_UNQUOTED) this.#noteExtension(at);
      at += 1;
      if (this.#state === DONE) return at;
      if (this.#state === TRAILER_START && this.trailerFrom < 0 && !this.hasTrailers) this.trailerFrom = at;
    }
    return at;
  }

  /** The last `scan` call met bytes of a chunk extension. */
  get hasExtensions(): boolean {
    return this.#extensions.length > 0;
  }

  /**
   * The bytes of the last `scan` call without chunk extensions: they are for one connection only (RFC 9112 §7.1.1),
   * and no two readers agree on the odd ones. `trailerFrom` counts in the result from then on.
   */
  withoutExtensions(bytes: Buffer, from: number, to: number): Buffer {
    const kept: Buffer[] = [];
    let keptTo = from;
    let cut = 0;
    for (let i = 0; i + 1 < this.#extensions.length; i += 2) {
      const [start = 0, end = 0] = this.#extensions.slice(i, i + 2);
      kept.push(bytes.subarray(keptTo, start));
      keptTo = end;
      // Extensions end where trailers begin, so every one is before them.
      cut += end - start;
    }
    kept.push(bytes.subarray(keptTo, to));
    if (this.trailerFrom >= 0) this.trailerFrom -= from + cut;
    return Buffer.concat(kept);
  }

  #noteExtension(at: number): void {
    const last = this.#extensions.length - 1;
    if (this.#extensions[last] === at) this.#extensions[last] = at + 1;
    else this.#extensions.push(at, at + 1);
  }

  #step(code: number): string | undefined {
    switch (this.#state) {
      case SIZE:
        return this.#sizeDigit(code);
      case SIZE_LF:
        if (code !== LF) return 'chunk.size_line_end';
        this.#state = this.#left === 0 ? TRAILER_START : DATA;
        this.#digits = 0;
        this.#skipped = 0;
        return undefined;
      case DATA_CR:
        if (code !== CR) return 'chunk.data_end';
        this.#state = DATA_LF;
        return undefined;
      case DATA_LF:
        if (code !== LF) return 'chunk.data_end';
        this.#state = SIZE;
        return undefined;
      default:
        return this.#state < SIZE_LF ? this.#extension(code) : this.#trailer(code);
    }
  }

  #sizeDigit(code: number): string | undefined {
    const digit = hexValue[code] ?? 255;
    if (digit < 16) {
      if (++this.#digits > sizeDigitsMax) return 'chunk.size_too_large';
      this.#left = this.#left * 16 + digit;
      return undefined;
    }
    if (this.#digits === 0) return 'chunk.size';
    if (code === CR) this.#state = SIZE_LF;
    else if (code === SEMICOLON) this.#state = EXTENSION_START;
    else return 'chunk.size';
    return undefined;
  }

  /** `;name`, `;name=token` or `;name="quoted"`, without the blanks that the grammar tolerates (RFC 9112 §7.1.1). */
  #extension(code: number): string | undefined {
    if (++this.#skipped > extensionBytesMax) return 'chunk.extension_too_long';
    const state = this.#state;
    if (state === EXTENSION_QUOTED || state === EXTENSION_ESCAPED) {
      if (isFieldText[code] !== 1) return 'chunk.extension';
      if (state === EXTENSION_ESCAPED) this.#state = EXTENSION_QUOTED;
      else if (code === BACKSLASH) this.#state = EXTENSION_ESCAPED;
      else if (code === QUOTE) this.#state = EXTENSION_UNQUOTED;
      return undefined;
    }
    if (isToken[code] === 1) {
      if (state === EXTENSION_UNQUOTED) return 'chunk.extension';
      if (state === EXTENSION_START) this.#state = EXTENSION_NAME;
      else if (state === EXTENSION_EQUALS) this.#state = EXTENSION_TOKEN;
      return undefined;
    }
    if (state === EXTENSION_EQUALS && code === QUOTE) this.#state = EXTENSION_QUOTED;
    else if (state === EXTENSION_START || state === EXTENSION_EQUALS) return 'chunk.extension';
    else if (code === CR) this.#state = SIZE_LF;
    else if (code === SEMICOLON) this.#state = EXTENSION_START;
    else if (code === EQUALS && state === EXTENSION_NAME) this.#state = EXTENSION_EQUALS;
    else return 'chunk.extension';
    return undefined;
  }

  #trailer(code: number): string | undefined {
    if (++this.#skipped > trailerBytesMax) return 'chunk.trailers_too_long';
    switch (this.#state) {
      case TRAILER_START:
        if (code === CR) this.#state = END_LF;
        else if (isToken[code] !== 1) return 'chunk.trailer';
        else {
          this.#state = TRAILER_NAME;
          this.#name = String.fromCharCode(code);
          this.hasTrailers = true;
        }
        return undefined;
      case TRAILER_NAME:
        if (code !== COLON) {
          if (isToken[code] !== 1) return 'chunk.trailer';
          this.#name += String.fromCharCode(code);
          return undefined;
        }
        if (neverTrailers.has(this.#name.toLowerCase())) return 'chunk.trailer_name';
        this.#state = TRAILER_VALUE;
        return undefined;
      case TRAILER_VALUE:
        if (code === CR) this.#state = TRAILER_LF;
        else if (isFieldText[code] !== 1) return 'chunk.trailer';
        return undefined;
      case TRAILER_LF:
        if (code !== LF) return 'chunk.trailer';
        this.#state = TRAILER_START;
        return undefined;
      default:
        if (code !== LF) return 'chunk.end';
        this.#state = DONE;
        return undefined;
    }
  }
}

/** The data of a whole, already accepted chunked body. */
export function decodeChunked(raw: Buffer, dataBytes: number): Buffer {
  const decoded = Buffer.allocUnsafe(dataBytes);
  let filled = 0;
  new ChunkScanner().scan(raw, 0, raw.length, {
    onChunkData(bytes, from, to) {
      filled += bytes.copy(decoded, filled, from, to);
    },
  });
  return decoded.subarray(0, filled);
}
