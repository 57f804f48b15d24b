import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { limits } from '../../src/base/limits.ts';
import { appendParsed, emptyBlock } from '../../src/http/header-block.ts';
import { hopByHopNames, isHopByHop } from '../../src/http/hop-by-hop.ts';
import { Exchange } from '../../src/http/http1/exchange.ts';
import { RequestHeadParser } from '../../src/http/http1/head-parser.ts';
import { BodyBudget } from '../../src/http/http1/peek.ts';
import { ServerConnection } from '../../src/http/http1/server-connection.ts';
import type { UpstreamConnection, UpstreamOwner } from '../../src/http/http1/upstream-connection.ts';
import { createUpstreamPools, EndpointPool } from '../../src/http/http1/upstream-pool.ts';
import type { ForwardOutcome, HeaderList, HttpLimits, ServerExchange } from '../../src/http/types.ts';
import type { StrictField } from './strict-grammar.ts';

/**
 * The gateway's HTTP library without sockets: bytes go in, everything happens before the call returns, and what
 * would be written is there. Fast enough to cut every message at every place.
 */

class MemorySocket extends EventEmitter {
  readonly writableLength = 0;
  readonly remoteAddress = '127.0.0.1';
  readonly remotePort = 1;
  readonly localAddress = '127.0.0.1';
  readonly localPort = 2;
  written = '';
  ended = false;
  destroyed = false;

  write(data: string | Buffer, encoding?: unknown, done?: () => void): boolean {
    this.written += typeof data === 'string' ? data : data.toString('latin1');
    if (typeof encoding === 'function') encoding();
    done?.();
    return true;
  }

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    this.destroyed = true;
  }

  resetAndDestroy(): void {
    this.destroyed = true;
  }

  pause(): void {
    // What comes all the same is kept by the connection.
  }

  resume(): void {
    // The test decides when bytes come.
  }
}

export interface ReadRequest {
  readonly method: string;
  readonly target: string;
  readonly path: string;
  readonly fields: readonly StrictField[];
  /** Decoded. */
  readonly body: string;
}

/** What the library made of some bytes: the requests it took, and why it stopped, if it did. */
export interface ServerReading {
  readonly requests: readonly ReadRequest[];
  readonly refusal: { readonly status: number; readonly rule: string } | undefined;
  /** Everything the client gets. */
  readonly written: string;
}

const generous: HttpLimits = { ...limits, requestsPerConnectionMax: 1_000_000 };

function openServer(onExchange: (exchange: Exchange) => void, onRefused: (status: number, rule: string) => void) {
  const socket = new MemorySocket();
  const parser = new RequestHeadParser(generous);
  const connection = new ServerConnection(
    {
      options: {
        limits: generous,
        onExchange: (exchange: ServerExchange) => {
          if (exchange instanceof Exchange) onExchange(exchange);
        },
        onRefused: ({ status, rule }) => {
          onRefused(status, rule);
          return { status, headers: emptyBlock, body: '' };
        },
      },
      limits: generous,
      parser,
      budget: new BodyBudget(generous.bodyTimeoutMs, generous.peekBytesTotalMax, () => undefined),
      draining: false,
      closing: false,
      noteDeadline: () => undefined,
      onClosed: () => undefined,
    },
    socket as unknown as Socket,
    false,
  );
  return { socket, connection };
}

/** Requests as the server side of the library reads them, from bytes that come in these pieces. */
export function readByServer(pieces: readonly Buffer[]): ServerReading {
  const requests: ReadRequest[] = [];
  let refusal: ServerReading['refusal'];
  const { socket } = openServer(
    (exchange) => {
      const { method, target, path, headers } = exchange.request;
      let raw = '';
      exchange.body.streamTo(
        {
          onBodyBytes: (bytes) => {
            raw += bytes.toString('latin1');
          },
          onTrailers: () => '',
          onBodyEnd: () => {
            const body = exchange.body.kind === 'chunked' ? dechunked(raw) : raw;
            requests.push({ method, target, path, fields: fieldsOf(headers), body });
            exchange.respond({ status: 200, headers: emptyBlock, body: '' });
          },
          onBodyFault: (status, rule) => {
            refusal = { status, rule };
            exchange.respond({ status, headers: emptyBlock, body: '', close: true });
          },
        },
        0,
      );
    },
    (status, rule) => {
      refusal = { status, rule };
    },
  );
  for (const piece of pieces) if (piece.length > 0 && !socket.ended) socket.emit('data', piece);
  return { requests, refusal, written: socket.written };
}

export interface ForwardedAnswer {
  readonly outcome: ForwardOutcome['kind'] | 'waiting';
  readonly headSent: boolean;
  /** Everything the client got. */
  readonly written: string;
  /** Its connection was cut. */
  readonly cut: boolean;
  /** The upstream's connection went back into the pool. */
  readonly reused: boolean;
  /** The final head as the upstream sent it. */
  readonly head: { readonly status: number; readonly fields: readonly StrictField[] } | undefined;
}

/** One answer of an upstream as the client gets it, from bytes that come in these pieces. */
export function relayAnswer(method: string, pieces: readonly Buffer[], closes: boolean): ForwardedAnswer {
  const pools = createUpstreamPools({ idleTimeoutMs: 60_000, poolSizeMax: 1, requestsPerConnectionMax: 10 });
  const upstream = new MemoryUpstream();
  const endpoint = pools.endpoint({ host: 'memory', port: 1 });
  if (!(endpoint instanceof EndpointPool)) throw new Error('pools give something else than endpoints');
  upstream.standInFor(endpoint);
  let outcome: ForwardOutcome | undefined;
  let head: ForwardedAnswer['head'];
  const { socket } = openServer(
    (exchange) =>
      exchange.forward({
        endpoint,
        method,
        path: '/',
        headers: emptyBlock,
        connectTimeoutMs: 1000,
        writeTimeoutMs: 1000,
        readTimeoutMs: 1000,
        retries: 0,
        bodyBytesMax: 0,
        upgrade: undefined,
        retry: () => undefined,
        onTryEnded: () => undefined,
        onHead: ({ status, headers }) => {
          head = { status, fields: fieldsOf(headers) };
          return endToEnd(headers);
        },
        onOutcome: (ended) => {
          outcome = ended;
          if (ended.kind === 'failed' && !ended.headSent) {
            exchange.respond({ status: 502, headers: emptyBlock, body: '', close: true });
          }
        },
      }),
    () => undefined,
  );
  socket.emit('data', Buffer.from(`${method} / HTTP/1.1\r\nHost: a.example\r\n\r\n`));
  for (const piece of pieces) upstream.receive(piece);
  if (closes) upstream.end();
  pools.close();
  const headSent = outcome?.kind === 'failed' ? outcome.headSent : head !== undefined;
  const { written, destroyed } = socket;
  return { outcome: outcome?.kind ?? 'waiting', headSent, written, cut: destroyed, reused: upstream.reused, head };
}

/** The one connection of an endpoint, which exists in memory. */
class MemoryUpstream {
  reused = false;
  #gone = false;
  readonly #connection = {
    owner: undefined as UpstreamOwner | undefined,
    idleSince: performance.now(),
    dead: false,
    socket: { writableLength: 0 },
    write: () => true,
    pause: () => undefined,
    resume: () => undefined,
    destroy: () => {
      this.#gone = true;
    },
    closeGently: () => {
      this.#gone = true;
    },
  };

  standInFor(endpoint: EndpointPool): void {
    endpoint.takeIdle = (owner) => {
      this.#connection.owner = owner;
      return this.#connection as unknown as UpstreamConnection;
    };
    endpoint.release = () => {
      this.reused = true;
      this.#gone = true;
    };
    Object.defineProperty(endpoint, 'obstacle', { value: { fault: 'connect_failed', detail: 'in memory' } });
  }

  receive(bytes: Buffer): void {
    // A connection in the pool that speaks unasked is closed.
    if (bytes.length > 0) this.reused = false;
    if (!this.#gone && bytes.length > 0) this.#connection.owner?.onBytes(bytes, bytes.length);
  }

  end(): void {
    if (!this.#gone) this.#connection.owner?.onEnd();
  }
}

function endToEnd(headers: HeaderList) {
  const named = hopByHopNames(headers);
  let block = emptyBlock;
  for (let i = 0; i < headers.length; i += 1) {
    const lower = headers.lowers[i] ?? '';
    if (!isHopByHop(lower) && named?.has(lower) !== true) block = appendParsed(block, headers, i);
  }
  return block;
}

export function fieldsOf(headers: HeaderList): StrictField[] {
  return headers.names.map((name, index) => [name, headers.values[index] ?? ''] as const);
}

/** Data of chunks that were accepted already. */
function dechunked(raw: string): string {
  let body = '';
  let at = 0;
  for (;;) {
    const lineEnd = raw.indexOf('\r\n', at);
    const size = Number.parseInt(raw.slice(at, lineEnd), 16);
    if (!(size > 0)) return body;
    body += raw.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 4 + size;
  }
}

/** The bytes in two pieces. */
export function cutAt(bytes: Buffer, at: number): [Buffer, Buffer] {
  return [bytes.subarray(0, at), bytes.subarray(at)];
}
