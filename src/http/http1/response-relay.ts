import type { HeaderBlock, InboundRequest, UpstreamHead } from '../types.ts';
import { ChunkScanner } from './chunk-scanner.ts';
import { INCOMPLETE, REFUSED } from './field-lines.ts';
import type { Forward } from './forward.ts';
import { reportFault } from './report-fault.ts';
import { dateField, isBodiless } from './response-head.ts';
import { ResponseHeadParser, responseHeadBytesMax } from './response-head-parser.ts';
import { keptTrailers } from './trailers.ts';

const HEAD = 0;
const LENGTH = 1;
const CHUNKED = 2;
/** The body ends when the upstream closes. */
const UNTIL_CLOSE = 3;
const DONE = 4;

/** Complete answers up to this size leave as one string; above, as one copied buffer. */
const stringBytesMax = 2048;
/** Most heads are smaller than this; what is read beyond need not become text. */
const headGuessBytes = 1024;
const interimMax = 16;

/** Results are used before anything else can parse. */
const parser = new ResponseHeadParser();

const lastChunk = '0\r\n\r\n';

/**
 * Where a message is put together when the kernel is likely to take it at once, instead of an allocation for each.
 * The buffer is given away with the first message that is not taken whole.
 */
const scratchBytes = 64 * 1024;
let scratch = Buffer.allocUnsafeSlow(scratchBytes);

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
  /** `Keep-Alive: timeout=` of the answer in seconds, -1 without one. */
  keepAliveSeconds = -1;
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
  /** The trailer section as far as it has come. */
  #trailers = '';

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
        if (this.#encode) this.#send(encodeChunk('', bytes, 0, length), false);
        else this.#sendCopy('', bytes, 0, length, false);
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
    // Half a line more decides nothing, so a dripping upstream does not make us parse again and again.
    if (partial !== '' && partial.length + length < responseHeadBytesMax && bytes.subarray(0, length).indexOf(10) < 0) {
      this.#partialHead = partial + bytes.toString('latin1', 0, length);
      return;
    }
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
      this.#takeInterim(bytes, bodyFrom, length);
      return;
    }
    this.#begin(bytes, bodyFrom, length, text, end);
  }

  /** Of the 1xx answers 101 and 103 mean something to the client; `Expect` is answered by the gateway itself. */
  #takeInterim(bytes: Buffer, from: number, length: number): void {
    this.#interim += 1;
    if (parser.status === 101) {
      this.#switch(bytes, from, length);
      return;
    }
    if (parser.status === 103) this.#passEarlyHints();
    if (this.#interim > interimMax) this.#forward.fail('bad_response', 'too many interim answers');
    else if (from < length) this.#takeHead(bytes.subarray(from, length), length - from);
  }

  #passEarlyHints(): void {
    const { exchange, plan } = this.#forward;
    if (plan.onEarlyHints === undefined) return;
    try {
      const block = plan.onEarlyHints({ status: 103, reason: parser.reason, headers: parser.fields.headers });
      if (block !== undefined) exchange.sendInterim(103, block);
    } catch (error) {
      reportFault(error);
    }
  }

  /** 101 ends HTTP only when it names what was asked for (RFC 9110 §15.2.2). */
  #switch(bytes: Buffer, from: number, to: number): void {
    const { exchange, plan, upgradeAsked } = this.#forward;
    const { headers } = parser.fields;
    const chosen = headers.count('upgrade') === 1 ? headers.get('upgrade')?.toLowerCase() : undefined;
    if (!upgradeAsked || plan.upgrade === undefined || chosen !== plan.upgrade) {
      this.#forward.fail('bad_response', upgradeAsked ? '101 to another protocol' : 'unasked 101');
      return;
    }
    const reason = parser.reason;
    exchange.times.upstreamHeadAt = performance.now();
    const date = headers.get('date') === undefined ? dateField() : '';
    const block = this.#rebuild({ status: 101, reason, headers });
    if (block === undefined) return;
    this.#state = DONE;
    this.headSent = true;
    exchange.write(exchange.startSwitch(reason, block, plan.upgrade, date));
    this.#forward.switchToTunnel(bytes, from, to);
  }

  /** The final head: chooses the framing for the client and sends what is there in one write. */
  #begin(bytes: Buffer, from: number, to: number, text: string, textFrom: number): void {
    const { exchange, plan } = this.#forward;
    const fields = parser.fields;
    const { status, reason } = parser;
    exchange.times.upstreamHeadAt = performance.now();
    this.#keepAlive = parser.versionMinor === 1 && !fields.connectionClose;
    this.keepAliveSeconds = fields.keepAliveSeconds;
    const bodiless = isBodiless(status);
    const framing = this.#chooseFraming(status, bodiless, exchange.request);
    if (this.closeDelimited) exchange.closeAfter = true;
    const date = fields.headers.get('date') === undefined ? dateField() : '';
    const block = this.#rebuild({ status, reason, headers: fields.headers });
    if (block === undefined) return;
    this.#forward.onResponseHead(status);
    const head = exchange.startResponse(status, reason, block, framing, date);
    this.headSent = true;
    if (exchange.request.method === 'HEAD' && plan.method !== 'HEAD' && !bodiless) {
      // Asked as something else than HEAD, the upstream sends a body that has no place to go.
      exchange.write(head);
      this.#complete(false);
      return;
    }
    this.#sendFirst(head, bytes, from, to, text, textFrom);
  }

  /** RFC 9112 §6.3 for what the upstream sends, §6.1 and §6.2 for what the client gets. */
  #chooseFraming(status: number, bodiless: boolean, request: InboundRequest): string {
    const { chunked, contentLength } = parser.fields;
    const isHttp11 = request.versionMinor === 1;
    const isHead = request.method === 'HEAD';
    this.#left = 0;
    this.#state = LENGTH;
    if (!bodiless && this.#forward.plan.method === 'HEAD' && !isHead) return 'Content-Length: 0\r\n';
    if (!bodiless && this.#forward.plan.method !== 'HEAD') {
      if (chunked) {
        this.#state = CHUNKED;
        this.#scanner = new ChunkScanner();
        this.#decode = !isHttp11;
      } else if (contentLength < 0) {
        this.#state = UNTIL_CLOSE;
        this.#encode = isHttp11;
      } else this.#left = contentLength;
    }
    let framing = '';
    if (status === 204 || (status === 304 && chunked)) framing = '';
    else if (contentLength >= 0) framing = `Content-Length: ${contentLength}\r\n`;
    else if ((chunked || this.#encode) && isHttp11) framing = 'Transfer-Encoding: chunked\r\n';
    this.closeDelimited = framing === '' && !bodiless && !isHead;
    return framing;
  }

  /** Asks the caller for the fields; a fault in there concerns this exchange, not the process. */
  #rebuild(head: UpstreamHead): HeaderBlock | undefined {
    try {
      return this.#forward.plan.onHead(head);
    } catch (error) {
      reportFault(error);
      this.#forward.fail('bad_response', 'the head could not be rebuilt');
      return undefined;
    }
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
        if (isText) this.#send(head + text.slice(textFrom, textFrom + taken), this.#left === 0);
        else this.#sendCopy(head, bytes, from, from + taken, this.#left === 0);
        return;
      }
      case CHUNKED:
        this.#passChunked(head, bytes, from, to);
        return;
      default:
        if (this.#encode && available > 0) this.#send(encodeChunk(head, bytes, from, to), false);
        else this.#sendCopy(head, bytes, from, to, false);
    }
  }

  #takeLength(bytes: Buffer, length: number): void {
    const taken = Math.min(length, this.#left);
    this.#left -= taken;
    if (length > taken) this.#keepAlive = false;
    this.#sendCopy('', bytes, 0, taken, this.#left === 0);
  }

  #takeChunked(bytes: Buffer, length: number): void {
    this.#passChunked('', bytes, 0, length);
  }

  #passChunked(head: string, bytes: Buffer, from: number, to: number): void {
    const scanner = this.#scanner;
    if (scanner === undefined) return;
    const decoded = this.#decode ? new DecodedPieces(head) : undefined;
    const inTrailers = scanner.inTrailers;
    const end = scanner.scan(bytes, from, to, decoded);
    if (end < 0) {
      // Nothing after a good head may pass for a complete answer.
      this.#forward.exchange.write(head);
      this.#forward.fail('bad_response', scanner.rule ?? 'chunk');
      return;
    }
    if (scanner.done && end !== to) this.#keepAlive = false;
    if (decoded !== undefined) this.#send(decoded.take(), scanner.done);
    else if (scanner.hasExtensions) {
      const plain = scanner.withoutExtensions(bytes, from, end);
      this.#passFramed(scanner, head, plain, 0, inTrailers, plain.length);
    } else this.#passFramed(scanner, head, bytes, from, inTrailers, end);
  }

  #passFramed(
    scanner: ChunkScanner,
    head: string,
    bytes: Buffer,
    from: number,
    inTrailers: boolean,
    end: number,
  ): void {
    if (!scanner.hasTrailers) this.#sendCopy(head, bytes, from, end, scanner.done);
    else this.#passTrailers(scanner, head, bytes, from, inTrailers ? from : scanner.trailerFrom, end);
  }

  /** Trailers go to a client that said it reads them, and are cut out for everybody else. */
  #passTrailers(
    scanner: ChunkScanner,
    head: string,
    bytes: Buffer,
    from: number,
    trailerFrom: number,
    end: number,
  ): void {
    this.#trailers += bytes.toString('latin1', trailerFrom, end);
    if (head !== '' || trailerFrom > from) this.#sendCopy(head, bytes, from, trailerFrom, false);
    if (!scanner.done) return;
    const kept = this.#forward.trailersWanted ? keptTrailers(this.#trailers, () => true) : '';
    this.#send(`${kept}\r\n`, true);
  }

  /** Head and bytes in one write. The bytes are copied, since what the kernel does not take at once is kept. */
  #sendCopy(head: string, bytes: Buffer, from: number, to: number, last: boolean): void {
    const { exchange } = this.#forward;
    const length = head.length + to - from;
    if (to === from || length > scratch.length || !exchange.writesAtOnce) {
      this.#send(to === from ? head : join(Buffer.allocUnsafe(length), head, bytes, from, to), last);
      return;
    }
    const message = join(scratch, head, bytes, from, to);
    const flowing = exchange.write(message);
    // What is left over is still read from there.
    if (!exchange.writesAtOnce) scratch = Buffer.allocUnsafeSlow(scratchBytes);
    this.#sent(flowing, last);
  }

  #send(data: string | Buffer, last: boolean): void {
    this.#sent(data.length === 0 || this.#forward.exchange.write(data), last);
  }

  #sent(flowing: boolean, last: boolean): void {
    if (last) this.#complete(this.#keepAlive);
    else if (!flowing) {
      this.clientBlocked = true;
      this.#forward.pauseUpstream();
    }
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

/** Fills the beginning of `target`, which is large enough. */
function join(target: Buffer, head: string, bytes: Buffer, from: number, to: number): Buffer {
  if (head !== '') target.write(head, 0, 'latin1');
  bytes.copy(target, head.length, from, to);
  return target.subarray(0, head.length + to - from);
}

function encodeChunk(head: string, bytes: Buffer, from: number, to: number): Buffer {
  const start = `${head}${(to - from).toString(16)}\r\n`;
  const message = Buffer.allocUnsafe(start.length + to - from + 2);
  message.write(start, 0, 'latin1');
  bytes.copy(message, start.length, from, to);
  message.write('\r\n', message.length - 2, 'latin1');
  return message;
}
