import { emptyBlock } from '../header-block.ts';
import type {
  ForwardOutcome,
  ForwardPlan,
  HeaderBlock,
  RetryTarget,
  TryResult,
  UpstreamEndpoint,
  UpstreamFault,
} from '../types.ts';
import type { Exchange } from './exchange.ts';
import { askRetry, tellOutcome, tellTryEnded } from './plan-calls.ts';
import type { BodySink } from './request-body.ts';
import { mayUpgrade, requestEnd, requestStart } from './request-head.ts';
import { joinMessage } from './response-head.ts';
import { ResponseRelay } from './response-relay.ts';
import { keptTrailers, wantsTrailers } from './trailers.ts';
import { Tunnel } from './tunnel.ts';
import type { UpstreamConnection, UpstreamOwner } from './upstream-connection.ts';
import { EndpointPool } from './upstream-pool.ts';

const never = Number.POSITIVE_INFINITY;
/** Head and body up to this size leave in one write. */
const joinedBytesMax = 16 * 1024;
/** How long what a client said last may take to reach an upstream that has ended the tunnel too. */
const tunnelLingerMs = 2000;
/** A kept connection unused for that long may have been closed by the other side without our having seen it yet. */
const doubtfulIdleMs = 100;

const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** Which time-out the deadline stands for. */
type Wait = 'connect' | 'write' | 'read' | 'none';

/**
 * Sends one request upstream and has the answer relayed. A request that may not be repeated is
 * written to at most one connection. One that may be is written again when the plan says where, and once
 * more without asking when a kept connection turned out dead before the first byte of an answer (RFC 9112 §9.3.1).
 * It is also the result of its present try, so that a request needs no object for that.
 */
export class Forward implements UpstreamOwner, BodySink, TryResult {
  /** No outcome yet. */
  active = true;
  readonly exchange: Exchange;
  readonly plan: ForwardPlan;
  fault: UpstreamFault | undefined = undefined;
  status: number | undefined = undefined;
  connectMs = 0;
  headMs = 0;
  /** The client can read trailers and the upstream was told so. */
  trailersWanted = false;
  /** The upstream was asked for another protocol. */
  upgradeAsked = false;
  #relay: ResponseRelay;
  #endpoint: EndpointPool | undefined = undefined;
  #headers: HeaderBlock = emptyBlock;
  #connection: UpstreamConnection | undefined = undefined;
  #tunnel: Tunnel | undefined = undefined;
  #tries = 0;
  /** A try is running that nobody has been told the end of. */
  #trying = false;
  #reused = false;
  /** A byte of the request was written to some connection. */
  #sent = false;
  /** Bytes of the client's body went upstream and are not kept. */
  #streamed = false;
  #requestDone = false;
  /** The rest of the request is not sent, because its answer is there already. */
  #abandoned = false;
  /** The head, while it waits to leave together with the first piece of the body. */
  #unsentHead = '';
  #wait: Wait = 'none';
  #deadline = never;
  #connectingSince = 0;

  constructor(exchange: Exchange, plan: ForwardPlan) {
    this.exchange = exchange;
    this.plan = plan;
    this.#relay = new ResponseRelay(this);
  }

  start(): void {
    const { exchange, plan } = this;
    const now = performance.now();
    exchange.times.forwardedAt = now;
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
    if (body.consumed && body.whole === undefined) {
      this.#giveUpFailed('reset', 'the body went to an earlier upstream');
      return;
    }
    this.#try(plan.endpoint, plan.headers, now);
  }

  onConnected(connection: UpstreamConnection): void {
    const now = performance.now();
    this.connectMs = now - this.#connectingSince;
    this.exchange.times.connectedAt = now;
    this.#send(connection);
  }

  onConnectFailed(fault: UpstreamFault, detail: string): void {
    this.#connection = undefined;
    this.fail(fault, detail);
  }

  onBytes(bytes: Buffer, length: number): void {
    if (!this.#sent) {
      this.#replaceKept();
      return;
    }
    this.#relay.take(bytes, length);
    if (this.active && this.#wait === 'read') this.#waitFor('read', this.plan.readTimeoutMs);
  }

  onEnd(): void {
    if (this.#sent) this.#relay.upstreamEnded();
    else this.#replaceKept();
  }

  onClosed(detail: string): void {
    if (this.#reused && !this.#relay.started && this.#maySendAgain()) this.#replaceKept();
    else this.fail('reset', detail);
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
    if (head === '') flowing = connection.writeCopy(piece);
    else if (piece.length <= joinedBytesMax) flowing = connection.write(joinMessage(head, piece));
    else {
      connection.write(head);
      flowing = connection.writeCopy(piece);
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

  onTrailers(section: string): string {
    const { plan } = this;
    if (plan.passesTrailer === undefined) return '';
    return keptTrailers(section, (lower) => plan.passesTrailer?.(lower) === true);
  }

  /** The relay has read the final head of the answer. */
  onResponseHead(status: number): void {
    this.status = status;
    this.headMs = this.exchange.times.upstreamHeadAt - this.exchange.times.connectedAt;
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
      // Whoever was asked to switch and did not may still think of what follows as something else than HTTP.
      const isClean = reusable && this.#requestDone && !this.upgradeAsked;
      if (isClean) this.#endpoint?.release(connection, this.#relay.keepAliveSeconds);
      else if (this.#tunnel !== undefined) connection.closeGently(tunnelLingerMs);
      else connection.destroy();
    }
    this.#endTry(undefined);
    tellOutcome(this.plan, this.exchange, { kind: 'completed' });
    this.exchange.end();
  }

  /** The present try failed. Another one follows where that is safe and the plan names a target. */
  fail(fault: UpstreamFault, detail: string): void {
    if (!this.active) return;
    this.#dropConnection();
    this.#waitForNothing();
    this.#endTry(fault);
    const target = this.#nextTarget(fault);
    if (target === undefined) this.#giveUpFailed(fault, detail);
    else {
      this.#relay = new ResponseRelay(this);
      this.#requestDone = false;
      this.#try(target.endpoint, target.headers, performance.now());
    }
  }

  /** The upstream answered 101 as asked and the client has the head: from here on bytes pass unread. */
  switchToTunnel(bytes: Buffer, from: number, to: number): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#waitForNothing();
    this.onResponseHead(101);
    this.#tunnel = new Tunnel(this, connection, this.plan.readTimeoutMs);
    this.exchange.startTunnel(this.#tunnel);
    if (from < to) this.#tunnel.onBytes(bytes.subarray(from, to), to - from);
  }

  /** The tunnel is over: in order, or cut by a fault of the upstream. */
  onTunnelEnded(fault: string | undefined): void {
    if (!this.active) return;
    if (fault !== undefined) {
      this.#endTry('reset');
      this.#giveUpFailed('reset', fault);
      return;
    }
    this.complete(false);
  }

  /** The client takes bytes too slowly: the upstream has to wait. */
  pauseUpstream(): void {
    this.#connection?.pause();
    if (this.#wait === 'read') this.#waitForNothing();
  }

  onClientDrain(): void {
    if (this.#tunnel !== undefined) {
      this.#tunnel.onClientDrain();
      return;
    }
    if (!this.active || this.#connection === undefined) return;
    this.#relay.clientBlocked = false;
    this.#connection.resume();
    this.#afterWrite();
  }

  onClientGone(): void {
    if (!this.active) return;
    this.#dropConnection();
    this.#settle();
    this.#endTry(undefined);
    // A tunnel has no end but that one side leaves.
    tellOutcome(this.plan, this.exchange, { kind: this.#tunnel === undefined ? 'client_gone' : 'completed' });
  }

  /** Acts on the deadline when it passed; returns the next one. */
  check(now: number): number {
    if (this.#tunnel !== undefined) return this.#tunnel.check(now);
    if (now < this.#deadline) return this.#deadline;
    switch (this.#wait) {
      case 'connect':
        this.fail('connect_timeout', 'connect_timeout');
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

  #try(endpoint: UpstreamEndpoint, headers: HeaderBlock, now: number): void {
    if (!(endpoint instanceof EndpointPool)) {
      this.#giveUpFailed('connect_failed', 'not an endpoint of these pools');
      return;
    }
    this.#endpoint = endpoint;
    this.#headers = headers;
    this.#tries += 1;
    this.#trying = true;
    this.fault = undefined;
    this.status = undefined;
    this.connectMs = 0;
    this.headMs = 0;
    const kept = endpoint.takeIdle(this, now);
    if (kept === undefined) {
      this.#connect();
      return;
    }
    this.#reused = true;
    this.exchange.times.connectedAt = now;
    if (now - kept.idleSince < doubtfulIdleMs || idempotent.has(this.plan.method)) this.#send(kept);
    else this.#sendWhenSure(kept);
  }

  /**
   * A request that can be sent only once is not risked on a connection whose end may be waiting in the kernel:
   * events that are there already are heard first.
   */
  #sendWhenSure(kept: UpstreamConnection): void {
    this.#connection = kept;
    setImmediate(() =>
      setImmediate(() => {
        if (this.active && this.#connection === kept) this.#send(kept);
      }),
    );
  }

  /** A kept connection was no good. It does not count as a try: the request goes out on a fresh one. */
  #replaceKept(): void {
    this.#dropConnection();
    this.#connect();
  }

  #connect(): void {
    const endpoint = this.#endpoint;
    if (endpoint === undefined) return;
    this.#reused = false;
    const { obstacle } = endpoint;
    if (obstacle !== undefined) {
      this.#endTry(obstacle.fault);
      this.#giveUpFailed(obstacle.fault, obstacle.detail);
      return;
    }
    this.#requestDone = false;
    this.#connectingSince = this.#waitFor('connect', this.plan.connectTimeoutMs);
    this.#connection = endpoint.open(this);
  }

  #send(connection: UpstreamConnection): void {
    this.#connection = connection;
    this.#sent = true;
    const { exchange, plan } = this;
    const { body } = exchange;
    const whole = body.whole;
    this.trailersWanted = wantsTrailers(exchange.request);
    this.upgradeAsked = plan.upgrade !== undefined && mayUpgrade(exchange.request);
    const upgrade = this.upgradeAsked ? plan.upgrade : undefined;
    const start = requestStart(plan.method, plan.path, this.#headers);
    const end = requestEnd(this.trailersWanted, upgrade);
    if (whole !== undefined) {
      const head = `${start}Content-Length: ${whole.length}\r\n${end}`;
      if (whole.length <= joinedBytesMax) connection.write(joinMessage(head, whole));
      else {
        connection.write(head);
        connection.write(whole);
      }
      this.#requestDone = true;
    } else if (body.kind === 'none') {
      connection.write(start + end);
      this.#requestDone = true;
    } else {
      const framing = body.kind === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`;
      this.#unsentHead = `${start}${framing}\r\n${end}`;
      this.#streamed = true;
      body.streamTo(this, plan.bodyBytesMax);
      if (this.active && this.#unsentHead !== '') {
        connection.write(this.#unsentHead);
        this.#unsentHead = '';
      }
    }
    this.#afterWrite();
  }

  /** Nothing was sent, or the same bytes may be sent again and are still there. */
  #maySendAgain(): boolean {
    if (this.#relay.headSent) return false;
    return !this.#sent || (!this.#streamed && idempotent.has(this.plan.method));
  }

  #nextTarget(fault: UpstreamFault): RetryTarget | undefined {
    if (this.#tries > this.plan.retries || !this.#maySendAgain()) return undefined;
    return askRetry(this.plan, fault, this.#tries);
  }

  #endTry(fault: UpstreamFault | undefined): void {
    if (!this.#trying) return;
    this.#trying = false;
    this.fault = fault;
    tellTryEnded(this.plan, this.#endpoint ?? this.plan.endpoint, this);
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

  #waitFor(wait: Wait, timeoutMs: number): number {
    const now = performance.now();
    this.#wait = wait;
    this.#deadline = now + timeoutMs;
    this.exchange.noteDeadline(this.#deadline);
    return now;
  }

  #waitForNothing(): void {
    this.#wait = 'none';
    this.#deadline = never;
  }

  #refuseBody(status: 400 | 408 | 413, detail: string): void {
    this.#giveUp({ kind: 'bad_request_body', status, detail, headSent: this.#relay.headSent });
  }

  #giveUpFailed(fault: UpstreamFault, detail: string): void {
    this.#giveUp({ kind: 'failed', fault, detail, headSent: this.#relay.headSent });
  }

  #giveUp(outcome: ForwardOutcome): void {
    if (!this.active) return;
    this.#dropConnection();
    this.#settle();
    this.#endTry(undefined);
    this.exchange.body.detach();
    tellOutcome(this.plan, this.exchange, outcome);
    if (this.#relay.headSent) this.exchange.cut(this.#relay.closeDelimited);
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
