import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { emptyBlock } from '../header-block.ts';
import type { ConnectionInfo, HttpLimits, HttpServerOptions, LocalResponse } from '../types.ts';
import { type ClientReader, ClientSocket, isShared } from './client-socket.ts';
import { PlainConnectionInfo, TlsConnectionInfo } from './connection-info.ts';
import { Exchange } from './exchange.ts';
import { INCOMPLETE, REFUSED } from './field-lines.ts';
import type { RequestHeadParser } from './head-parser.ts';
import { ParsedRequest } from './inbound-request.ts';
import type { BodyBudget } from './peek.ts';
import { reportFault } from './report-fault.ts';
import { type BodySource, IncomingBody } from './request-body.ts';
import { connectionField, dateField, finishHead, joinMessage, statusLine } from './response-head.ts';
import type { Tunnel } from './tunnel.ts';

/** What all connections of a server share. */
export interface ServerCore {
  readonly options: HttpServerOptions;
  readonly limits: HttpLimits;
  readonly parser: RequestHeadParser;
  readonly budget: BodyBudget;
  /** Every further answer is the last one of its connection. */
  readonly draining: boolean;
  /** No further request is waited for. */
  readonly closing: boolean;
  noteDeadline(deadline: number): void;
  onClosed(connection: ServerConnection): void;
}

/** Waiting for a request or in the middle of its head. */
const HEAD = 0;
/** A request is being answered; what the client sends beyond its body waits. */
const EXCHANGE = 1;
/** Everything is written and our side closed; reads are thrown away until the client closes too. */
const CLOSING = 2;
const CLOSED = 3;

const never = Number.POSITIVE_INFINITY;
/** How long a closing connection is read, so that the last answer is not lost to a reset (RFC 9112 §9.6). */
const lingerMs = 2000;
const lingerBytesMax = 1024 * 1024;

/**
 * One client connection: heads are parsed one at a time, requests answered strictly in order.
 * Nothing is read ahead of need: while an exchange runs, at most one read stays buffered.
 */
export class ServerConnection implements BodySource, ClientReader {
  readonly info: ConnectionInfo;
  readonly #core: ServerCore;
  readonly #socket: Socket;
  #state = HEAD;
  #exchange: Exchange | undefined = undefined;
  #leftover: Buffer | undefined = undefined;
  #partialHead = '';
  #receivedAt = 0;
  #served = 0;
  #paused = false;
  #advancing = false;
  #deadline = never;
  #stallDeadline = never;
  #lingerBytes = 0;

  constructor(core: ServerCore, socket: Socket, secure: boolean) {
    this.#core = core;
    this.#socket = socket;
    this.info = secure ? new TlsConnectionInfo(socket as TLSSocket) : new PlainConnectionInfo(socket);
    if (socket instanceof ClientSocket) socket.reader = this;
    else socket.on('data', (bytes: Buffer) => this.#onData(bytes));
    socket.on('drain', () => this.#onDrain());
    socket.on('end', () => this.#onEnd());
    // An error is always followed by close.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#onClose());
    this.#setDeadline(performance.now() + core.limits.headTimeoutMs);
  }

  /** No further request is wanted on this connection. */
  get mustClose(): boolean {
    return this.#core.draining || this.#served >= this.#core.limits.requestsPerConnectionMax;
  }

  /** See `Exchange.writesAtOnce`. TLS keeps what it has not encrypted yet. */
  get writesAtOnce(): boolean {
    return !this.info.secure && this.#socket.writableLength === 0;
  }

  get idle(): boolean {
    return this.#state === HEAD && this.#partialHead === '';
  }

  /** What the connection is busy with, in nginx's words. */
  get activity(): 'waiting' | 'reading' | 'writing' {
    if (this.#state !== HEAD) return 'writing';
    return this.#partialHead === '' ? 'waiting' : 'reading';
  }

  /** Acts on deadlines that passed; returns the next one. */
  check(now: number): number {
    if (now >= this.#stallDeadline) this.destroy(false);
    else if (now >= this.#deadline) {
      if (this.#state === HEAD && this.#partialHead !== '') this.#refuse(408, 'head.timeout');
      else this.destroy(false);
    }
    if (this.#state === CLOSED) return never;
    const inner = this.#exchange === undefined ? never : this.#exchange.check(now);
    return Math.min(this.#deadline, this.#stallDeadline, inner);
  }

  noteDeadline(deadline: number): void {
    this.#core.noteDeadline(deadline);
  }

  write(data: string | Buffer): boolean {
    const flowing = this.#socket.write(data, 'latin1');
    if (!flowing) this.#expectDrain();
    return flowing;
  }

  /** Calls `exchange.flushed()` when everything written has left. */
  afterFlush(exchange: Exchange): void {
    if (this.#socket.writableLength === 0) {
      exchange.flushed();
      return;
    }
    this.#expectDrain();
    this.#socket.write('', () => exchange.flushed());
  }

  /** The exchange is over: on to the next request. */
  next(now: number): void {
    this.#exchange = undefined;
    this.#state = HEAD;
    this.#stallDeadline = never;
    if (this.#core.closing && this.#leftover === undefined) {
      this.closeGently();
      return;
    }
    this.#setDeadline(now + this.#core.limits.idleTimeoutMs);
    this.#advance();
  }

  /** Closes our side and waits a moment for the client to close its own. */
  closeGently(waitMs = lingerMs): void {
    if (this.#state >= CLOSING) return;
    this.#state = CLOSING;
    this.#exchange = undefined;
    this.#leftover = undefined;
    this.#stallDeadline = never;
    this.#setDeadline(performance.now() + waitMs);
    this.#socket.end();
    this.#resume();
  }

  /** Cuts the connection, with a reset when an orderly end could pass for the end of a message. */
  destroy(reset: boolean): void {
    if (this.#state === CLOSED) return;
    if (reset && !this.info.secure) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
    this.#onClose();
  }

  resumeBody(): void {
    const leftover = this.#leftover;
    if (leftover !== undefined) {
      this.#leftover = undefined;
      this.#feedBody(leftover);
    }
    if (this.#exchange?.body.reading === true) this.#resume();
  }

  pauseBody(): void {
    this.#pause();
  }

  /** From here on everything the client sends is the tunnel's, beginning with what it sent too early. */
  startTunnel(tunnel: Tunnel): void {
    const early = this.#leftover;
    this.#leftover = undefined;
    this.#resume();
    if (early !== undefined) tunnel.onClientBytes(early);
  }

  resumeReading(): void {
    this.#resume();
  }

  /** Closes our side and goes on reading. */
  endWriting(): void {
    this.#socket.end();
  }

  sendContinue(): void {
    if (this.#exchange?.status === 0) this.write('HTTP/1.1 100 Continue\r\n\r\n');
  }

  onBodyDiscarded(complete: boolean): void {
    if (this.#state !== EXCHANGE) return;
    if (complete && this.#exchange?.closeAfter === false) this.next(performance.now());
    else this.closeGently();
  }

  onSharedBytes(bytes: Buffer): void {
    this.#onData(bytes);
    // What has to wait is kept beyond the next read.
    const leftover = this.#leftover;
    if (leftover !== undefined && isShared(leftover)) this.#leftover = Buffer.from(leftover);
  }

  #onData(bytes: Buffer): void {
    switch (this.#state) {
      case HEAD:
        this.#leftover = this.#leftover === undefined ? bytes : Buffer.concat([this.#leftover, bytes]);
        this.#advance();
        return;
      case EXCHANGE:
        if (this.#exchange?.body.reading === true) this.#feedBody(bytes);
        else if (this.#exchange?.tunnel !== undefined) this.#exchange.tunnel.onClientBytes(bytes);
        else this.#hold(bytes);
        return;
      case CLOSING:
        this.#lingerBytes += bytes.length;
        if (this.#lingerBytes > lingerBytesMax) this.destroy(false);
        return;
      default:
    }
  }

  #onDrain(): void {
    this.#stallDeadline = never;
    this.#exchange?.onDrain();
  }

  /**
   * The client closed its side. In the middle of a request or while one is answered that is taken
   * as leaving, since a closed and a half-closed connection look the same from here.
   */
  #onEnd(): void {
    if (this.#state === HEAD) this.closeGently();
    else if (this.#exchange?.tunnel !== undefined) this.#exchange.tunnel.onClientEnd();
    else this.destroy(false);
  }

  #onClose(): void {
    if (this.#state === CLOSED) return;
    this.#state = CLOSED;
    this.#deadline = never;
    this.#stallDeadline = never;
    this.#leftover = undefined;
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#core.onClosed(this);
    exchange?.abandon();
  }

  /** Takes requests out of what was read, one after the other, until one has to wait. */
  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    while (this.#state === HEAD && this.#leftover !== undefined) {
      const bytes = this.#leftover;
      this.#leftover = undefined;
      this.#takeHead(bytes);
    }
    this.#advancing = false;
    if (this.#state === HEAD) this.#resume();
  }

  #takeHead(bytes: Buffer): void {
    const { limits, parser } = this.#core;
    const partial = this.#partialHead;
    if (partial === '') this.#receivedAt = performance.now();
    const room = Math.min(bytes.length, limits.headBytesMax + 1 - partial.length);
    const text = partial + bytes.toString('latin1', 0, room);
    // Half a line more decides nothing, so slow senders do not make us parse again and again.
    const end =
      partial !== '' && room === bytes.length && !bytes.includes(10) ? this.#stillOpen(text) : parser.parse(text);
    if (end === INCOMPLETE) {
      if (partial === '') this.#setDeadline(this.#receivedAt + limits.headTimeoutMs);
      this.#partialHead = text;
      return;
    }
    this.#partialHead = '';
    if (end === REFUSED) {
      this.#refuse(parser.status, parser.rule);
      return;
    }
    const used = end - partial.length;
    if (used < bytes.length) this.#leftover = bytes.subarray(used);
    this.#begin(end);
  }

  #stillOpen(text: string): number {
    const { limits, parser } = this.#core;
    const mayBeTooLong = text.length > limits.requestLineBytesMax || text.length >= limits.headBytesMax;
    return mayBeTooLong ? parser.parse(text) : INCOMPLETE;
  }

  #begin(headBytes: number): void {
    const parser = this.#core.parser;
    const fields = parser.fields;
    const expects = fields.expectContinue && parser.versionMinor === 1;
    const body = new IncomingBody(this, this.#core.budget, fields.contentLength, fields.chunked, expects);
    const request = new ParsedRequest(parser, body, this.info, this.#receivedAt);
    const close = fields.connectionClose || (parser.versionMinor === 0 && !fields.connectionKeepAlive);
    const exchange = new Exchange(this, request, body, headBytes, close);
    this.#state = EXCHANGE;
    this.#exchange = exchange;
    this.#deadline = never;
    this.#served += 1;
    try {
      this.#core.options.onExchange(exchange);
    } catch (error) {
      reportFault(error);
      exchange.respond({ status: 500, headers: emptyBlock, body: '', close: true });
    }
  }

  #feedBody(bytes: Buffer): void {
    const body = this.#exchange?.body;
    if (body === undefined) return;
    const used = body.feed(bytes);
    if (used >= bytes.length || this.#state >= CLOSING) return;
    const rest = bytes.subarray(used);
    // The body's end may have finished the exchange already.
    this.#leftover = this.#leftover === undefined ? rest : Buffer.concat([rest, this.#leftover]);
    if (this.#state === HEAD) this.#advance();
    else this.#pause();
  }

  #hold(bytes: Buffer): void {
    this.#leftover = this.#leftover === undefined ? bytes : Buffer.concat([this.#leftover, bytes]);
    this.#pause();
  }

  #refuse(status: number, rule: string): void {
    let response: LocalResponse = { status, headers: emptyBlock, body: '' };
    try {
      response = this.#core.options.onRefused({ status, rule, connection: this.info });
    } catch (error) {
      reportFault(error);
    }
    this.#socket.write(refusalMessage(response), 'latin1');
    this.#partialHead = '';
    this.closeGently();
  }

  /** A client that reads nothing for that long holds memory for nobody. */
  #expectDrain(): void {
    if (this.#stallDeadline !== never) return;
    this.#stallDeadline = performance.now() + this.#core.limits.bodyTimeoutMs;
    this.noteDeadline(this.#stallDeadline);
  }

  #setDeadline(deadline: number): void {
    this.#deadline = deadline;
    this.#core.noteDeadline(deadline);
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }
}

function refusalMessage(response: LocalResponse): string | Buffer {
  const length = typeof response.body === 'string' ? Buffer.byteLength(response.body) : response.body.length;
  const line = statusLine(response.status, undefined);
  const framing = `Content-Length: ${length}\r\n`;
  return joinMessage(finishHead(line, response.headers, framing, connectionField(true, 1), dateField()), response.body);
}
