import { emptyBlock } from '../header-block.ts';
import type { ForwardOutcome, ForwardPlan, UpstreamFault } from '../types.ts';
import type { Exchange } from './exchange.ts';
import { reportFault } from './report-fault.ts';
import type { BodySink } from './request-body.ts';
import { joinMessage } from './response-head.ts';
import { ResponseRelay } from './response-relay.ts';
import type { UpstreamConnection, UpstreamOwner } from './upstream-connection.ts';
import { EndpointPool } from './upstream-pool.ts';

const never = Number.POSITIVE_INFINITY;
/** Head and body up to this size leave in one write. */
const joinedBytesMax = 16 * 1024;

const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** Which time-out the deadline stands for. */
type Wait = 'connect' | 'write' | 'read' | 'none';

/**
 * Sends one request upstream and has the answer relayed. A request that may not be repeated is
 * written to at most one connection; one that may be is written to a second connection only when
 * a kept one turned out dead before the first byte of an answer (RFC 9112 §9.3.1).
 */
export class Forward implements UpstreamOwner, BodySink {
  /** No outcome yet. */
  active = true;
  readonly exchange: Exchange;
  readonly plan: ForwardPlan;
  readonly #relay: ResponseRelay;
  #connection: UpstreamConnection | undefined = undefined;
  #reused = false;
  #retried = false;
  #connectsLeft: number;
  /** Bytes of the client's body went upstream and are not kept. */
  #streamed = false;
  #requestDone = false;
  /** The rest of the request is not sent, because its answer is there already. */
  #abandoned = false;
  /** The head, while it waits to leave together with the first piece of the body. */
  #unsentHead = '';
  #wait: Wait = 'none';
  #deadline = never;

  constructor(exchange: Exchange, plan: ForwardPlan) {
    this.exchange = exchange;
    this.plan = plan;
    this.#connectsLeft = plan.retries;
    this.#relay = new ResponseRelay(this);
  }

  start(): void {
    const { exchange, plan } = this;
    exchange.times.forwardedAt = performance.now();
    const { body } = exchange;
    if (body.fault !== undefined) {
      this.#refuseBody(body.fault.status, body.fault.detail);
      return;
    }
    const length = body.whole?.length ?? body.length ?? 0;
    if (plan.bodyBytesMax > 0 && length > plan.bodyBytesMax) {
      this.#refuseBody(413, 'body.too_large');
      return;
    }
    if (!(plan.endpoint instanceof EndpointPool)) {
      this.fail('connect_failed', 'not an endpoint of these pools');
      return;
    }
    if (body.consumed && body.whole === undefined) {
      this.fail('reset', 'the body went to an earlier upstream');
      return;
    }
    const kept = plan.endpoint.takeIdle(this);
    if (kept === undefined) {
      this.#connect();
      return;
    }
    this.#reused = true;
    this.#send(kept);
  }

  onConnected(connection: UpstreamConnection): void {
    this.#send(connection);
  }

  onConnectFailed(fault: UpstreamFault, detail: string): void {
    this.#connection = undefined;
    if (this.#connectsLeft <= 0 || this.plan.retry(fault, this.plan.retries - this.#connectsLeft + 1) === undefined) {
      this.fail(fault, detail);
      return;
    }
    this.#connectsLeft -= 1;
    this.#connect();
  }

  onBytes(bytes: Buffer, length: number): void {
    this.#relay.take(bytes, length);
    if (this.active && this.#wait === 'read') this.#waitFor('read', this.plan.readTimeoutMs);
  }

  onEnd(): void {
    this.#relay.upstreamEnded();
  }

  onClosed(detail: string): void {
    this.#dropConnection();
    if (this.#mayRetry()) {
      this.#retried = true;
      this.#reused = false;
      this.#connect();
      return;
    }
    this.fail('reset', detail);
  }

  onUpstreamDrain(): void {
    if (!this.active) return;
    this.#afterWrite();
    if (!this.#requestDone) this.exchange.body.resume();
  }

  onBodyBytes(piece: Buffer): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#streamed = true;
    const head = this.#unsentHead;
    this.#unsentHead = '';
    let flowing: boolean;
    if (head === '') flowing = connection.write(piece);
    else if (piece.length <= joinedBytesMax) flowing = connection.write(joinMessage(head, piece));
    else {
      connection.write(head);
      flowing = connection.write(piece);
    }
    if (!flowing && !this.exchange.body.ended) this.exchange.body.pause();
    this.#afterWrite();
  }

  onBodyEnd(): void {
    this.#requestDone = true;
    this.#afterWrite();
  }

  onBodyFault(status: 400 | 408 | 413, detail: string): void {
    this.#refuseBody(status, detail);
  }

  /** The relay has read the final head of the answer. */
  onResponseHead(status: number): void {
    // An error in the middle of the upload is an answer to all of it; other answers may be the
    // first part of a conversation that needs the rest of the body.
    if (status < 300 || this.#requestDone) return;
    this.#abandoned = true;
    this.exchange.body.detach();
    this.#waitFor('read', this.plan.readTimeoutMs);
  }

  /** Everything of the answer was passed on. */
  complete(reusable: boolean): void {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#settle();
    if (!this.#requestDone) this.exchange.body.detach();
    if (connection !== undefined) {
      if (reusable && this.#requestDone && this.plan.endpoint instanceof EndpointPool) {
        this.plan.endpoint.release(connection, this.#relay.keepAliveSeconds);
      } else connection.destroy();
    }
    this.#tell({ kind: 'completed' });
    this.exchange.end();
  }

  fail(fault: UpstreamFault, detail: string): void {
    this.#giveUp({ kind: 'failed', fault, detail, headSent: this.#relay.headSent });
  }

  /** The client takes bytes too slowly: the upstream has to wait. */
  pauseUpstream(): void {
    this.#connection?.pause();
    if (this.#wait === 'read') this.#waitForNothing();
  }

  onClientDrain(): void {
    if (!this.active || this.#connection === undefined) return;
    this.#relay.clientBlocked = false;
    this.#connection.resume();
    this.#afterWrite();
  }

  onClientGone(): void {
    if (!this.active) return;
    this.#dropConnection();
    this.#settle();
    this.#tell({ kind: 'client_gone' });
  }

  /** Acts on the deadline when it passed; returns the next one. */
  check(now: number): number {
    if (now < this.#deadline) return this.#deadline;
    switch (this.#wait) {
      case 'connect':
        this.#dropConnection();
        this.onConnectFailed('connect_timeout', 'connect_timeout');
        break;
      case 'write':
        // What was queued may have left without a drain event.
        if (this.#connection?.socket.writableLength === 0) this.#afterWrite();
        else this.fail('write_timeout', 'write_timeout');
        break;
      case 'read':
        this.fail('read_timeout', this.#relay.headSent ? 'inside the response' : 'before the response');
        break;
      default:
    }
    return this.active ? this.#deadline : never;
  }

  #connect(): void {
    const endpoint = this.plan.endpoint;
    if (!(endpoint instanceof EndpointPool)) return;
    this.#waitFor('connect', this.plan.connectTimeoutMs);
    this.#connection = endpoint.open(this);
  }

  #send(connection: UpstreamConnection): void {
    this.#connection = connection;
    const { body } = this.exchange;
    const { plan } = this;
    const whole = body.whole;
    const start = `${plan.method} ${safeTarget(plan.path)} HTTP/1.1\r\n${plan.headers}`;
    if (whole !== undefined) {
      const head = `${start}Content-Length: ${whole.length}\r\nConnection: keep-alive\r\n\r\n`;
      if (whole.length <= joinedBytesMax) connection.write(joinMessage(head, whole));
      else {
        connection.write(head);
        connection.write(whole);
      }
      this.#requestDone = true;
    } else if (body.kind === 'none') {
      connection.write(`${start}Connection: keep-alive\r\n\r\n`);
      this.#requestDone = true;
    } else {
      const framing = body.kind === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`;
      this.#unsentHead = `${start}${framing}\r\nConnection: keep-alive\r\n\r\n`;
      this.#streamed = true;
      body.streamTo(this, plan.bodyBytesMax);
      if (this.active && this.#unsentHead !== '') {
        connection.write(this.#unsentHead);
        this.#unsentHead = '';
      }
    }
    this.#afterWrite();
  }

  #mayRetry(): boolean {
    if (!this.#reused || this.#retried || this.#streamed || this.#relay.started) return false;
    return idempotent.has(this.plan.method);
  }

  /** Sets the deadline that fits what is being waited for now. */
  #afterWrite(): void {
    const connection = this.#connection;
    if (!this.active || connection === undefined) return;
    const isSent = this.#requestDone || this.#abandoned;
    if (connection.socket.writableLength > 0 && !this.#abandoned) this.#waitFor('write', this.plan.writeTimeoutMs);
    else if (isSent && !this.#relay.clientBlocked) this.#waitFor('read', this.plan.readTimeoutMs);
    else this.#waitForNothing();
  }

  #waitFor(wait: Wait, timeoutMs: number): void {
    this.#wait = wait;
    this.#deadline = performance.now() + timeoutMs;
    this.exchange.noteDeadline(this.#deadline);
  }

  #waitForNothing(): void {
    this.#wait = 'none';
    this.#deadline = never;
  }

  #refuseBody(status: 400 | 408 | 413, detail: string): void {
    this.#giveUp({ kind: 'bad_request_body', status, detail, headSent: this.#relay.headSent });
  }

  #giveUp(outcome: ForwardOutcome): void {
    if (!this.active) return;
    this.#dropConnection();
    this.#settle();
    this.exchange.body.detach();
    this.#tell(outcome);
    if (this.#relay.headSent) this.exchange.cut(this.#relay.closeDelimited);
  }

  /** A fault in the caller concerns this exchange, not the process. */
  #tell(outcome: ForwardOutcome): void {
    try {
      this.plan.onOutcome(outcome);
    } catch (error) {
      reportFault(error);
      this.exchange.respond({ status: 500, headers: emptyBlock, body: '', close: true });
    }
  }

  #dropConnection(): void {
    this.#connection?.destroy();
    this.#connection = undefined;
  }

  #settle(): void {
    this.active = false;
    this.#waitForNothing();
  }
}

/** A path comes from our parser or from configuration; a blank or control character must not reach the request line. */
function safeTarget(path: string): string {
  if (!/[^\x21-\x7e]/.test(path)) return path;
  return path.replace(/[^\x21-\x7e]/gu, (character) => {
    let escaped = '';
    for (const byte of Buffer.from(character, 'utf8'))
      escaped += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    return escaped;
  });
}
