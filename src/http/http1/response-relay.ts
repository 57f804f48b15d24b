import type { UpstreamHead } from '../types.ts';
import { ChunkScanner } from './chunk-scanner.ts';
import { INCOMPLETE, REFUSED } from './field-lines.ts';
import type { Forward } from './forward.ts';
import { dateField, isBodiless } from './response-head.ts';
import { ResponseHeadParser } from './response-head-parser.ts';

const HEAD = 0;
const LENGTH = 1;
const CHUNKED = 2;
/** The body ends when the upstream closes. */
const UNTIL_CLOSE = 3;
const DONE = 4;

/** Complete answers up to this size leave as one string; above, as one copied buffer. */
const stringBytesMax = 2048;
/** Most heads are far smaller than a full read; the rest of it need not become text. */
const headGuessBytes = 8 * 1024;
const interimMax = 16;

/** Results are used before anything else can parse. */
const parser = new ResponseHeadParser();

const lastChunk = '0\r\n\r\n';

/**
 * Passes one response on to the client: the head rebuilt, the body as it comes. Everything that
 * is read is written before the call returns, because the read buffer is shared.
 */
export class ResponseRelay {
  /** A byte of an answer has arrived. */
  started = false;
  headSent = false;
  /** The upstream is paused because the client reads too slowly. */
  clientBlocked = false;
  /** For the client too the body ends with the connection. */
  closeDelimited = false;
  readonly #forward: Forward;
  #state = HEAD;
  #partialHead = '';
  #left = 0;
  #scanner: ChunkScanner | undefined = undefined;
  #keepAlive = false;
  /** An HTTP/1.0 client does not know chunks. */
  #decode = false;
  /** An HTTP/1.1 client gets chunks where the upstream ends by closing. */
  #encode = false;
  #interim = 0;

  constructor(forward: Forward) {
    this.#forward = forward;
  }

  take(bytes: Buffer, length: number): void {
    this.started = true;
    switch (this.#state) {
      case HEAD:
        this.#takeHead(bytes, length);
        return;
      case LENGTH:
        this.#takeLength(bytes, length);
        return;
      case CHUNKED:
        this.#takeChunked(bytes, length);
        return;
      case UNTIL_CLOSE:
        this.#pass(this.#encode ? encodeChunk('', bytes, 0, length) : copy(bytes, 0, length));
        return;
      default:
    }
  }

  /** The upstream closed its side. */
  upstreamEnded(): void {
    if (this.#state === UNTIL_CLOSE) {
      if (this.#encode) this.#forward.exchange.write(lastChunk);
      this.#complete(false);
    } else if (this.#state === HEAD && !this.started) this.#forward.onClosed('closed');
    else if (this.#state !== DONE)
      this.#forward.fail(this.headSent ? 'reset' : 'bad_response', 'closed inside the response');
  }

  #takeHead(bytes: Buffer, length: number): void {
    const partial = this.#partialHead;
    const guess = Math.min(length, headGuessBytes);
    let text = partial + bytes.toString('latin1', 0, guess);
    let end = parser.parse(text);
    if (end === INCOMPLETE && guess < length) {
      text = partial + bytes.toString('latin1', 0, length);
      end = parser.parse(text);
    }
    if (end === INCOMPLETE) {
      this.#partialHead = text;
      return;
    }
    if (end === REFUSED) {
      this.#forward.fail('bad_response', parser.rule);
      return;
    }
    this.#partialHead = '';
    const bodyFrom = end - partial.length;
    if (parser.status < 200) {
      this.#takeInterim(bytes, length, text, end, bodyFrom);
      return;
    }
    this.#begin(bytes, bodyFrom, length, text, end);
  }

  #takeInterim(bytes: Buffer, length: number, text: string, end: number, bodyFrom: number): void {
    this.#interim += 1;
    const status = parser.status;
    if (status === 101 || this.#interim > interimMax) {
      this.#forward.fail('bad_response', status === 101 ? 'unasked 101' : 'too many interim answers');
      return;
    }
    if (status === 103 && this.#forward.exchange.request.versionMinor === 1) {
      this.#forward.exchange.write(text.slice(0, end));
    }
    if (bodyFrom < length) this.#takeHead(bytes.subarray(bodyFrom, length), length - bodyFrom);
  }

  /** The final head: chooses the framing for the client and sends what is there in one write. */
  #begin(bytes: Buffer, from: number, to: number, text: string, textFrom: number): void {
    const { exchange, plan } = this.#forward;
    const fields = parser.fields;
    const { status, reason } = parser;
    const isHttp11 = exchange.request.versionMinor === 1;
    exchange.times.upstreamHeadAt = performance.now();
    this.#keepAlive = parser.versionMinor === 1 && !fields.connectionClose;
    const bodiless = plan.method === 'HEAD' || isBodiless(status);
    let framing = '';
    if (fields.chunked) {
      if (status === 204 || status === 304) framing = '';
      else if (isHttp11) framing = 'Transfer-Encoding: chunked\r\n';
      this.#decode = !isHttp11;
    } else if (fields.contentLength >= 0) {
      if (status !== 204) framing = `Content-Length: ${fields.contentLength}\r\n`;
    } else if (!bodiless) {
      this.#encode = isHttp11;
      if (isHttp11) framing = 'Transfer-Encoding: chunked\r\n';
    }
    this.closeDelimited = !bodiless && framing === '';
    if (bodiless) this.#left = 0;
    else this.#left = fields.contentLength;
    this.#state = bodiless ? LENGTH : fields.chunked ? CHUNKED : fields.contentLength >= 0 ? LENGTH : UNTIL_CLOSE;
    if (this.#state === CHUNKED) this.#scanner = new ChunkScanner();
    if (this.closeDelimited) exchange.closeAfter = true;
    const date = fields.headers.get('date') === undefined ? dateField() : '';
    const upstreamHead: UpstreamHead = { status, reason, headers: fields.headers };
    this.#forward.onResponseHead(status);
    const head = exchange.startResponse(status, reason, plan.onHead(upstreamHead), framing, date);
    this.headSent = true;
    this.#sendFirst(head, bytes, from, to, text, textFrom);
  }

  #sendFirst(head: string, bytes: Buffer, from: number, to: number, text: string, textFrom: number): void {
    const available = to - from;
    switch (this.#state) {
      case LENGTH: {
        const taken = Math.min(available, this.#left);
        this.#left -= taken;
        // More than was announced: the connection cannot be trusted with another request.
        if (available > taken) this.#keepAlive = false;
        const isText = taken <= stringBytesMax && textFrom + taken <= text.length;
        const message = isText ? head + text.slice(textFrom, textFrom + taken) : join(head, bytes, from, from + taken);
        if (this.#left === 0) {
          this.#forward.exchange.write(message);
          this.#complete(this.#keepAlive);
        } else this.#pass(message);
        return;
      }
      case CHUNKED:
        this.#passChunked(head, bytes, from, to);
        return;
      default:
        if (available === 0) this.#pass(head);
        else this.#pass(this.#encode ? encodeChunk(head, bytes, from, to) : join(head, bytes, from, to));
    }
  }

  #takeLength(bytes: Buffer, length: number): void {
    const taken = Math.min(length, this.#left);
    this.#left -= taken;
    if (length > taken) this.#keepAlive = false;
    const piece = copy(bytes, 0, taken);
    if (this.#left > 0) this.#pass(piece);
    else {
      this.#forward.exchange.write(piece);
      this.#complete(this.#keepAlive);
    }
  }

  #takeChunked(bytes: Buffer, length: number): void {
    this.#passChunked('', bytes, 0, length);
  }

  #passChunked(head: string, bytes: Buffer, from: number, to: number): void {
    const scanner = this.#scanner;
    if (scanner === undefined) return;
    const decoded = this.#decode ? new DecodedPieces(head) : undefined;
    const end = scanner.scan(bytes, from, to, decoded);
    if (end < 0) {
      // Nothing after a good head may pass for a complete answer.
      this.#forward.exchange.write(head);
      this.#forward.fail('bad_response', scanner.rule ?? 'chunk');
      return;
    }
    const message = decoded === undefined ? join(head, bytes, from, end) : decoded.take();
    if (!scanner.done) {
      if (message.length > 0) this.#pass(message);
      return;
    }
    if (message.length > 0) this.#forward.exchange.write(message);
    this.#complete(this.#keepAlive && end === to);
  }

  #pass(data: string | Buffer): void {
    if (this.#forward.exchange.write(data)) return;
    this.clientBlocked = true;
    this.#forward.pauseUpstream();
  }

  #complete(reusable: boolean): void {
    this.#state = DONE;
    this.#forward.complete(reusable);
  }
}

/** Collects the data of chunks of one read. */
class DecodedPieces {
  readonly #pieces: Buffer[] = [];

  constructor(head: string) {
    if (head !== '') this.#pieces.push(Buffer.from(head, 'latin1'));
  }

  onChunkData(bytes: Buffer, from: number, to: number): void {
    this.#pieces.push(bytes.subarray(from, to));
  }

  take(): Buffer {
    return Buffer.concat(this.#pieces);
  }
}

function copy(bytes: Buffer, from: number, to: number): Buffer {
  const piece = Buffer.allocUnsafe(to - from);
  bytes.copy(piece, 0, from, to);
  return piece;
}

function join(head: string, bytes: Buffer, from: number, to: number): string | Buffer {
  if (to === from) return head;
  if (head === '') return copy(bytes, from, to);
  const message = Buffer.allocUnsafe(head.length + to - from);
  message.write(head, 0, 'latin1');
  bytes.copy(message, head.length, from, to);
  return message;
}

function encodeChunk(head: string, bytes: Buffer, from: number, to: number): Buffer {
  const start = `${head}${(to - from).toString(16)}\r\n`;
  const message = Buffer.allocUnsafe(start.length + to - from + 2);
  message.write(start, 0, 'latin1');
  bytes.copy(message, start.length, from, to);
  message.write('\r\n', message.length - 2, 'latin1');
  return message;
}
