import { CR, hexValue, isFieldText, LF } from './characters.ts';

/** Longest chunk-size line after its digits, and longest trailer section; both pass through or are skipped unread. */
const extensionBytesMax = 1024;
const trailerBytesMax = 8 * 1024;
/** 13 digits stay below 2^53. */
const sizeDigitsMax = 13;

const SIZE = 0;
const EXTENSION = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const TRAILER_START = 6;
const TRAILER_FIELD = 7;
const TRAILER_FIELD_LF = 8;
const END_LF = 9;
const DONE = 10;

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
  #state = SIZE;
  #left = 0;
  #digits = 0;
  #skipped = 0;

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
      at += 1;
      if (this.#state === DONE) return at;
      if (this.#state === TRAILER_START && this.trailerFrom < 0 && !this.hasTrailers) this.trailerFrom = at;
    }
    return at;
  }

  #step(code: number): string | undefined {
    switch (this.#state) {
      case SIZE:
        return this.#sizeDigit(code);
      case EXTENSION:
        if (code === CR) this.#state = SIZE_LF;
        else if (isFieldText[code] !== 1) return 'chunk.extension';
        else if (++this.#skipped > extensionBytesMax) return 'chunk.extension_too_long';
        return undefined;
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
        return this.#trailer(code);
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
    else if (code === 0x3b) this.#state = EXTENSION;
    else return 'chunk.size';
    return undefined;
  }

  #trailer(code: number): string | undefined {
    if (++this.#skipped > trailerBytesMax) return 'chunk.trailers_too_long';
    switch (this.#state) {
      case TRAILER_START:
        if (code === CR) this.#state = END_LF;
        else if (code <= 0x20 || code === 0x3a || isFieldText[code] !== 1) return 'chunk.trailer';
        else {
          this.#state = TRAILER_FIELD;
          this.hasTrailers = true;
        }
        return undefined;
      case TRAILER_FIELD:
        if (code === CR) this.#state = TRAILER_FIELD_LF;
        else if (isFieldText[code] !== 1) return 'chunk.trailer';
        return undefined;
      case TRAILER_FIELD_LF:
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
