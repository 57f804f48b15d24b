import type {
  ExchangeTimes,
  ForwardPlan,
  HeaderBlock,
  InboundRequest,
  LocalResponse,
  ServerExchange,
} from '../types.ts';
import { Forward } from './forward.ts';
import type { IncomingBody } from './request-body.ts';
import { connectionField, dateField, finishHead, isBodiless, joinMessage, statusLine } from './response-head.ts';
import type { ServerConnection } from './server-connection.ts';
import type { Tunnel } from './tunnel.ts';

/** An unread rest of a request body up to this size is read and thrown away, to keep the connection. */
export const discardBytesMax = 64 * 1024;

/** One request and its one response, on one connection. */
export class Exchange implements ServerExchange {
  readonly request: InboundRequest;
  readonly times: ExchangeTimes;
  readonly body: IncomingBody;
  status = 0;
  bytesSent = 0;
  clientGone = false;
  onFinished: (() => void) | undefined = undefined;
  /** The connection ends with this response. */
  closeAfter: boolean;
  readonly #connection: ServerConnection;
  readonly #headBytes: number;
  /** Set from the 101 on: what the client sends is no HTTP any more. */
  tunnel: Tunnel | undefined = undefined;
  #forward: Forward | undefined = undefined;
  #ended = false;
  #finished = false;

  constructor(
    connection: ServerConnection,
    request: InboundRequest,
    body: IncomingBody,
    headBytes: number,
    close: boolean,
  ) {
    this.#connection = connection;
    this.request = request;
    this.body = body;
    this.#headBytes = headBytes;
    this.closeAfter = close;
    this.times = { receivedAt: request.receivedAt, forwardedAt: 0, connectedAt: 0, upstreamHeadAt: 0, finishedAt: 0 };
  }

  /**
   * Nothing written waits, and what is written next is handed to the kernel before the call returns; when this is
   * still true after a write, nobody refers to the written bytes any more.
   */
  get writesAtOnce(): boolean {
    return this.#connection.writesAtOnce;
  }

  get bytesReceived(): number {
    return this.#headBytes + this.body.bytesReceived + (this.tunnel?.bytesReceived ?? 0);
  }

  respond(response: LocalResponse): void {
    if (this.clientGone || this.status !== 0) return;
    const { status, body } = response;
    if (response.close === true) this.closeAfter = true;
    const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    const framing = isBodiless(status) ? '' : `Content-Length: ${length}\r\n`;
    const head = this.startResponse(status, undefined, response.headers, framing, dateField());
    this.write(framing === '' || this.request.method === 'HEAD' ? head : joinMessage(head, body));
    this.end();
  }

  forward(plan: ForwardPlan): void {
    if (this.clientGone || this.status !== 0 || this.#forward?.active === true) {
      plan.onOutcome({ kind: 'client_gone' });
      return;
    }
    this.#forward = new Forward(this, plan);
    this.#forward.start();
  }

  /** Decides whether the connection can go on and makes the head. The caller writes it. */
  startResponse(status: number, reason: string | undefined, block: HeaderBlock, framing: string, date: string): string {
    this.status = status;
    if (!this.closeAfter) this.closeAfter = this.#connection.mustClose || this.#bodyIsInTheWay();
    const connection = connectionField(this.closeAfter, this.request.versionMinor);
    return finishHead(statusLine(status, reason), block, framing, connection, date);
  }

  /** An answer before the answer (RFC 9110 §15.2); HTTP/1.0 knows none. */
  sendInterim(status: number, block: HeaderBlock): void {
    if (this.request.versionMinor === 1 && this.status === 0)
      this.write(`${statusLine(status, undefined)}${block}\r\n`);
  }

  /** The head of the 101 that ends HTTP on this connection. */
  startSwitch(reason: string, block: HeaderBlock, upgrade: string, date: string): string {
    this.status = 101;
    this.closeAfter = true;
    return finishHead(statusLine(101, reason), block, `Upgrade: ${upgrade}\r\n`, 'Connection: Upgrade\r\n', date);
  }

  startTunnel(tunnel: Tunnel): void {
    this.tunnel = tunnel;
    this.#connection.startTunnel(tunnel);
  }

  writeTunnel(bytes: Buffer): boolean {
    return this.write(bytes);
  }

  pauseTunnel(): void {
    this.#connection.pauseBody();
  }

  resumeTunnel(): void {
    this.#connection.resumeReading();
  }

  endTunnel(): void {
    this.#connection.endWriting();
  }

  /** @returns false when the client reads too slowly; `onDrain` of the forward follows */
  write(data: string | Buffer): boolean {
    if (this.clientGone) return true;
    this.bytesSent += data.length;
    return this.#connection.write(data);
  }

  /** The response is written. Finishes when the kernel has it. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#connection.afterFlush(this);
  }

  /** Called by the connection once everything written has left. */
  flushed(): void {
    if (this.clientGone) return;
    this.times.finishedAt = performance.now();
    this.#finish();
    if (this.closeAfter) this.#connection.closeGently();
    else if (this.body.ended) this.#connection.next(this.times.finishedAt);
    else this.body.discard(discardBytesMax);
  }

  /** Cuts the connection: the response cannot be completed and the client must notice. */
  cut(closeDelimited: boolean): void {
    this.#connection.destroy(closeDelimited);
  }

  /** The client's connection is gone. */
  abandon(): void {
    if (this.clientGone) return;
    this.clientGone = true;
    this.body.abort();
    this.#forward?.onClientGone();
    if (this.times.finishedAt === 0) this.times.finishedAt = performance.now();
    this.#finish();
  }

  onDrain(): void {
    this.#forward?.onClientDrain();
  }

  noteDeadline(deadline: number): void {
    this.#connection.noteDeadline(deadline);
  }

  check(now: number): number {
    const body = this.body.check(now);
    return this.#forward?.active === true ? Math.min(body, this.#forward.check(now)) : body;
  }

  /** Half-read bodies that are not worth reading to their end. */
  #bodyIsInTheWay(): boolean {
    const body = this.body;
    if (body.ended) return false;
    if (body.fault !== undefined || body.awaitsContinue) return true;
    return body.kind === 'length' && body.bytesLeft > discardBytesMax && !body.streaming;
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.body.releaseHeld();
    const onFinished = this.onFinished;
    this.onFinished = undefined;
    onFinished?.();
  }
}
