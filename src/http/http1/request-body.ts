import type { PeekOutcome, RequestBody } from '../types.ts';
import { ChunkScanner, decodeChunked } from './chunk-scanner.ts';
import { type BodyBudget, PendingPeek } from './peek.ts';

/** The connection a body is read from. */
export interface BodySource {
  /** Starts or goes on reading; bytes already there are fed before it returns. */
  resumeBody(): void;
  pauseBody(): void;
  /** Answers `Expect: 100-continue`. */
  sendContinue(): void;
  /** The rest of a discarded body has been read (`true`), or is too much or broken (`false`). */
  onBodyDiscarded(complete: boolean): void;
}

/** Where a body is streamed to. */
export interface BodySink {
  /** The bytes are only valid during the call. */
  onBodyBytes(bytes: Buffer): void;
  /** @returns what of a trailer section is passed on, each line with its end */
  onTrailers(section: string): string;
  onBodyEnd(): void;
  onBodyFault(status: 400 | 408 | 413, detail: string): void;
}

const crlf = Buffer.from('\r\n');
const empty = Buffer.alloc(0);
const never = Number.POSITIVE_INFINITY;

/**
 * The body of one request: counted, never parsed further than its framing, and only read when
 * someone peeks, streams or discards it. Of the trailer fields of a chunked body only those are passed on
 * that the sink picks: a backend that merged them into the header would take a stranger's word for it.
 */
export class IncomingBody implements RequestBody {
  readonly kind: 'none' | 'length' | 'chunked';
  readonly length: number | undefined;
  /** The last byte has been read. */
  ended: boolean;
  /** Framing bytes included. */
  bytesReceived = 0;
  /** Set once the body was malformed, too slow or too large; nothing is read afterwards. */
  fault: { readonly status: 400 | 408 | 413; readonly detail: string } | undefined = undefined;
  /** It was streamed to somebody, so that only `whole` can be forwarded again. */
  consumed = false;
  /** The connection should feed what it reads. */
  reading = false;
  #left: number;
  #scanner: ChunkScanner | undefined;
  #expectsContinue: boolean;
  #held: Buffer[] | undefined = undefined;
  #heldBytes = 0;
  #peek: PendingPeek | undefined = undefined;
  #whole: Buffer | undefined = undefined;
  #sink: BodySink | undefined = undefined;
  #bytesMax = 0;
  #discardLeft = -1;
  #trailers = '';
  #deadline = never;
  readonly #source: BodySource;
  readonly #budget: BodyBudget;

  constructor(
    source: BodySource,
    budget: BodyBudget,
    contentLength: number,
    chunked: boolean,
    expectsContinue: boolean,
  ) {
    this.kind = chunked ? 'chunked' : contentLength >= 0 ? 'length' : 'none';
    this.length = contentLength >= 0 ? contentLength : undefined;
    this.ended = !chunked && contentLength <= 0;
    this.#left = Math.max(0, contentLength);
    this.#scanner = chunked ? new ChunkScanner() : undefined;
    this.#expectsContinue = expectsContinue && !this.ended;
    this.#source = source;
    this.#budget = budget;
    if (this.ended) this.#whole = contentLength === 0 ? empty : undefined;
  }

  /** What is forwarded when the body is known as a whole: replaced, peeked or empty with a length. */
  get whole(): Buffer | undefined {
    return this.#whole;
  }

  /** The client waits for `100 Continue` and has sent nothing. */
  get awaitsContinue(): boolean {
    return this.#expectsContinue;
  }

  /** Somebody takes the bytes as they come. */
  get streaming(): boolean {
    return this.#sink !== undefined;
  }

  /** Bytes a client that keeps its word will still send; Infinity when only the end of chunks will tell. */
  get bytesLeft(): number {
    if (this.ended) return 0;
    return this.kind === 'chunked' ? never : this.#left;
  }

  peek(bytesMax: number, timeoutMs: number): Promise<PeekOutcome> {
    if (this.kind === 'none') return Promise.resolve({ kind: 'whole', bytes: this.#whole ?? empty });
    if (this.#whole !== undefined) {
      const fits = this.#whole.length <= bytesMax;
      return Promise.resolve(fits ? { kind: 'whole', bytes: this.#whole } : { kind: 'too_large' });
    }
    if (this.fault !== undefined || this.#sink !== undefined || this.#peek !== undefined || this.#discardLeft >= 0) {
      return Promise.resolve({ kind: 'aborted' });
    }
    if (this.ended) {
      // It came to its end while nobody could take it as a whole.
      this.#assemble();
      return this.peek(bytesMax, timeoutMs);
    }
    if (this.#left > bytesMax || this.#dataBytes > bytesMax) return Promise.resolve({ kind: 'too_large' });
    if (!this.#budget.fits(this.#left)) return Promise.resolve({ kind: 'busy' });
    return new Promise((resolve) => {
      this.#peek = new PendingPeek(bytesMax, performance.now() + timeoutMs, resolve);
      this.#held ??= [];
      this.#budget.note(this.#peek.deadline);
      this.#read();
    });
  }

  replace(bytes: Buffer): void {
    if (this.ended && this.#sink === undefined) this.#whole = bytes;
  }

  /** Streams everything that is not `whole`: first what was peeked, then the rest. */
  streamTo(sink: BodySink, bytesMax: number): void {
    this.#sink = sink;
    this.consumed = true;
    this.#bytesMax = bytesMax;
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) for (const piece of held) sink.onBodyBytes(piece);
    this.releaseHeld();
    if (this.#sink !== sink) return;
    if (this.ended) sink.onBodyEnd();
    else this.#read();
  }

  /** The sink wants no more for the moment. */
  pause(): void {
    this.reading = false;
    this.#deadline = never;
    this.#source.pauseBody();
  }

  resume(): void {
    if (this.#sink !== undefined && !this.ended && this.fault === undefined) this.#read();
  }

  /** The sink is gone; nothing is read until someone discards. */
  detach(): void {
    this.#sink = undefined;
    this.#deadline = never;
    this.reading = false;
  }

  /** Reads on for nobody, up to `bytesMax`, so that the connection can be used again. */
  discard(bytesMax: number): void {
    this.detach();
    this.releaseHeld();
    this.#discardLeft = bytesMax;
    if (this.ended) this.#source.onBodyDiscarded(true);
    else if (this.fault !== undefined || this.#expectsContinue) this.#source.onBodyDiscarded(false);
    else this.#read();
  }

  /** The client left. */
  abort(): void {
    this.detach();
    this.#settlePeek({ kind: 'aborted' });
    if (!this.ended) this.fault ??= { status: 400, detail: 'body.aborted' };
  }

  /**
   * Takes bytes off the connection.
   * @returns offset after the last byte that belongs to this body
   */
  feed(bytes: Buffer): number {
    this.#expectsContinue = false;
    this.#setDeadline();
    const scanner = this.#scanner;
    let end: number;
    if (scanner === undefined) {
      end = Math.min(this.#left, bytes.length);
      this.#left -= end;
      this.ended = this.#left === 0;
    } else {
      end = scanner.scan(bytes, 0, bytes.length);
      if (end < 0) {
        this.bytesReceived += bytes.length;
        this.#fail(400, scanner.rule ?? 'chunk');
        return bytes.length;
      }
      this.ended = scanner.done;
    }
    this.bytesReceived += end;
    if (this.#bytesMax > 0 && this.#dataBytes > this.#bytesMax) {
      this.#fail(413, 'body.too_large');
      return end;
    }
    if (scanner?.hasExtensions === true && this.#discardLeft < 0) {
      const plain = scanner.withoutExtensions(bytes, 0, end);
      this.#deliver(plain, plain.length);
    } else this.#deliver(bytes, end);
    if (this.ended) this.#finish();
    return end;
  }

  /** Acts on deadlines that passed; returns the next one. */
  check(now: number): number {
    const peek = this.#peek;
    if (peek !== undefined && now >= peek.deadline) {
      this.pause();
      this.#settlePeek({ kind: 'timeout' });
    }
    if (now >= this.#deadline) {
      this.#deadline = never;
      this.#fail(408, 'body.timeout');
    }
    return Math.min(this.#deadline, this.#peek?.deadline ?? never);
  }

  releaseHeld(): void {
    this.#budget.release(this.#heldBytes);
    this.#heldBytes = 0;
  }

  get #dataBytes(): number {
    if (this.#scanner !== undefined) return this.#scanner.dataBytes;
    return (this.length ?? 0) - this.#left;
  }

  #read(): void {
    this.reading = true;
    this.#setDeadline();
    // A continue is only asked for while nothing of the body has arrived (RFC 9110 §10.1.1).
    this.#source.resumeBody();
    if (this.#expectsContinue && this.reading) {
      this.#expectsContinue = false;
      this.#source.sendContinue();
    }
  }

  #setDeadline(): void {
    this.#deadline = performance.now() + this.#budget.bodyTimeoutMs;
    this.#budget.note(this.#deadline);
  }

  #deliver(bytes: Buffer, end: number): void {
    if (this.#discardLeft >= 0) {
      this.#discardLeft -= end;
      if (this.#discardLeft < 0) this.#fail(413, 'body.discard_limit');
      return;
    }
    const scanner = this.#scanner;
    if (scanner?.inTrailers !== true) {
      this.#give(bytes, end);
      return;
    }
    const from = scanner.trailerFrom;
    if (scanner.done && from >= 0 && end === from + 2) {
      this.#give(bytes, end);
      return;
    }
    if (from > 0) this.#give(bytes, from);
    if (scanner.hasTrailers && this.#sink !== undefined)
      this.#trailers += bytes.toString('latin1', Math.max(0, from), end);
    if (!scanner.done) return;
    const kept = this.#trailers === '' ? '' : (this.#sink?.onTrailers(this.#trailers) ?? '');
    const last = kept === '' ? crlf : Buffer.from(`${kept}\r\n`, 'latin1');
    this.#give(last, last.length);
  }

  #give(bytes: Buffer, end: number): void {
    if (end === 0) return;
    const piece = end === bytes.length ? bytes : bytes.subarray(0, end);
    if (this.#sink !== undefined) {
      this.#sink.onBodyBytes(piece);
      return;
    }
    this.#held ??= [];
    // The bytes a connection reads are only good until the next read.
    this.#held.push(Buffer.from(piece));
    this.#heldBytes += end;
    const fits = this.#budget.take(end);
    const peek = this.#peek;
    if (peek === undefined) return;
    // Many tiny chunks weigh far more than the data in them, so raw bytes count too.
    const tooLarge = this.#dataBytes > peek.bytesMax || this.#heldBytes > peek.bytesMax * 2 + 65_536;
    if (fits && !tooLarge) return;
    this.pause();
    this.#settlePeek({ kind: tooLarge ? 'too_large' : 'busy' });
  }

  #finish(): void {
    this.reading = false;
    this.#deadline = never;
    if (this.#discardLeft >= 0) {
      this.#source.onBodyDiscarded(true);
    } else if (this.#sink !== undefined) {
      this.#sink.onBodyEnd();
    } else if (this.#peek !== undefined) {
      this.#settlePeek({ kind: 'whole', bytes: this.#assemble() });
    }
  }

  #assemble(): Buffer {
    const held = this.#held ?? [];
    const raw = held.length === 1 ? (held[0] ?? empty) : Buffer.concat(held);
    this.#held = undefined;
    this.#whole = this.#scanner === undefined ? raw : decodeChunked(raw, this.#scanner.dataBytes);
    return this.#whole;
  }

  #fail(status: 400 | 408 | 413, detail: string): void {
    if (this.fault !== undefined) return;
    this.fault = { status, detail };
    this.pause();
    const sink = this.#sink;
    this.#sink = undefined;
    if (this.#discardLeft >= 0) this.#source.onBodyDiscarded(false);
    else if (sink !== undefined) sink.onBodyFault(status, detail);
    else this.#settlePeek({ kind: status === 408 ? 'timeout' : 'aborted' });
  }

  #settlePeek(outcome: PeekOutcome): void {
    const peek = this.#peek;
    this.#peek = undefined;
    peek?.resolve(outcome);
  }
}
