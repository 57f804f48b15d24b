import { connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { limits } from '../base/limits.ts';
import { appendParsed, emptyBlock } from './header-block.ts';
import { hopByHopNames, isHopByHop } from './hop-by-hop.ts';
import { createUpstreamPools, type UpstreamPools } from './http1/upstream-pool.ts';
import { createHttpServer } from './server.ts';
import type {
  ForwardOutcome,
  ForwardPlan,
  HeaderBlock,
  HeaderList,
  HttpLimits,
  HttpServer,
  ServerExchange,
  ServerTls,
  TlsIdentity,
  UpstreamEndpoint,
  UpstreamTls,
} from './types.ts';

/** What the tests of this folder share: raw clients, scripted upstreams, the smallest gateway. */

const patienceMs = 3000;

/** A client that writes bytes as they are and collects what comes back as latin1 text. */
export class RawClient {
  text = '';
  ended = false;
  closed = false;
  readonly socket: Socket;
  readonly #waiting = new Set<() => void>();

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    this.socket.on('data', (bytes) => {
      this.text += bytes.toString('latin1');
      this.#wake();
    });
    this.socket.on('end', () => {
      this.ended = true;
      this.#wake();
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.closed = true;
      this.ended = true;
      this.#wake();
    });
  }

  send(text: string | Buffer): void {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    const until = performance.now() + patienceMs;
    while (!condition()) {
      if (performance.now() > until)
        throw new Error(`${what} did not happen; received ${JSON.stringify(this.text.slice(0, 500))}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 20);
        this.#waiting.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** Waits for text; what came before it stays in `text`. */
  async receive(part: string | RegExp): Promise<string> {
    const has = (): boolean => (typeof part === 'string' ? this.text.includes(part) : part.test(this.text));
    await this.until(has, String(part));
    return this.text;
  }

  async end(): Promise<string> {
    await this.until(() => this.ended, 'the end of the connection');
    return this.text;
  }

  destroy(): void {
    this.socket.destroy();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

/** One connection of a scripted upstream. */
export interface UpstreamSide {
  readonly index: number;
  readonly socket: Socket;
  /** Everything received on it, latin1. */
  text: string;
  /** Requests whose head ended so far. */
  readonly heads: () => number;
}

export interface ScriptedUpstream {
  readonly port: number;
  readonly sides: UpstreamSide[];
  /** All bytes received on all connections. */
  readonly text: () => string;
  close(): Promise<void>;
}

/** An upstream that records and does what `onData` says. */
export async function scriptedUpstream(onData: (side: UpstreamSide) => void): Promise<ScriptedUpstream> {
  const sides: UpstreamSide[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    const side: UpstreamSide = {
      index: sides.length,
      socket,
      text: '',
      heads: () => side.text.split('\r\n\r\n').length - 1,
    };
    sides.push(side);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      side.text += bytes.toString('latin1');
      onData(side);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    sides,
    text: () => sides.map((side) => side.text).join(''),
    close: async () => {
      for (const side of sides) side.socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface TestServer {
  readonly port: number;
  readonly server: HttpServer;
  readonly refusals: string[];
  close(): Promise<void>;
}

export async function startServer(
  onExchange: (exchange: ServerExchange) => void,
  changed: Partial<HttpLimits> = {},
  tls?: { cert: string; key: string },
): Promise<TestServer> {
  const refusals: string[] = [];
  const server = createHttpServer({
    limits: { ...limits, ...changed },
    ...(tls === undefined ? {} : { tls: identityTls(tls) }),
    onExchange,
    onRefused: ({ status, rule }) => {
      refusals.push(rule);
      return { status, headers: emptyBlock, body: rule };
    },
  });
  const { port } = await server.listen({ host: '127.0.0.1', port: 0, reusePort: false });
  return { port, server, refusals, close: () => server.drain(0) };
}

/** One certificate for every name, none asked of clients. */
export function identityTls(identity: TlsIdentity): ServerTls {
  return {
    identityFor: () => identity,
    requestsAnyClientCertificate: () => false,
    requestsClientCertificate: () => false,
  };
}

export function endToEnd(headers: HeaderList): HeaderBlock {
  const named = hopByHopNames(headers);
  let block = emptyBlock;
  for (let i = 0; i < headers.length; i += 1) {
    const lower = headers.lowers[i] ?? '';
    if (!isHopByHop(lower) && named?.has(lower) !== true) block = appendParsed(block, headers, i);
  }
  return block;
}

export interface TestGateway extends TestServer {
  readonly outcomes: ForwardOutcome[];
  readonly exchanges: ServerExchange[];
  readonly pools: UpstreamPools;
  readonly endpoint: UpstreamEndpoint;
}

export interface GatewayOptions {
  readonly plan?: Partial<ForwardPlan>;
  readonly limits?: Partial<HttpLimits>;
  readonly pool?: {
    idleTimeoutMs?: number;
    poolSizeMax?: number;
    requestsPerConnectionMax?: number;
    connectionsMax?: number;
  };
  readonly upstreamTls?: UpstreamTls;
  readonly before?: (exchange: ServerExchange) => Promise<void>;
}

/** Server and pools joined by the plainest plan: every end-to-end field is copied, faults become 502 with their name. */
export async function startGateway(upstreamPort: number, options: GatewayOptions = {}): Promise<TestGateway> {
  const outcomes: ForwardOutcome[] = [];
  const exchanges: ServerExchange[] = [];
  const pools = createUpstreamPools({
    idleTimeoutMs: 5000,
    poolSizeMax: 8,
    requestsPerConnectionMax: 1000,
    ...options.pool,
  });
  const endpoint = pools.endpoint({ host: '127.0.0.1', port: upstreamPort, tls: options.upstreamTls });
  const forward = (exchange: ServerExchange): void => {
    const { request } = exchange;
    const headers = endToEnd(request.headers);
    exchange.forward({
      endpoint,
      method: request.method,
      path: request.query === undefined ? request.path : `${request.path}?${request.query}`,
      headers,
      connectTimeoutMs: 1000,
      writeTimeoutMs: 1000,
      readTimeoutMs: 1000,
      retries: 0,
      upgrade: undefined,
      retry: () => ({ endpoint, headers }),
      onTryEnded: () => undefined,
      bodyBytesMax: 0,
      onHead: (head) => endToEnd(head.headers),
      onOutcome: (outcome) => {
        outcomes.push(outcome);
        if (outcome.kind === 'failed') exchange.respond({ status: 502, headers: emptyBlock, body: outcome.fault });
        if (outcome.kind === 'bad_request_body') {
          exchange.respond({ status: outcome.status, headers: emptyBlock, body: outcome.detail });
        }
      },
      ...options.plan,
    });
  };
  const server = await startServer((exchange) => {
    exchanges.push(exchange);
    if (options.before === undefined) forward(exchange);
    else options.before(exchange).then(() => forward(exchange));
  }, options.limits);
  return {
    ...server,
    outcomes,
    exchanges,
    pools,
    endpoint,
    close: async () => {
      await server.close();
      pools.close();
    },
  };
}

/** A request with a Host and further lines. */
export function request(start: string, lines = '', body = ''): string {
  return `${start} HTTP/1.1\r\nHost: a.example\r\n${lines}\r\n${body}`;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export const hello = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Up: yes\r\n\r\nhello';

export interface OpenGateway {
  readonly client: RawClient;
  readonly gateway: TestGateway;
  readonly upstream: ScriptedUpstream;
}

/** Client, gateway and scripted upstream for one test, closed after it. */
export async function openGateway(
  t: TestContext,
  onData: (side: UpstreamSide) => void,
  options: GatewayOptions = {},
): Promise<OpenGateway> {
  const upstream = await scriptedUpstream(onData);
  const gateway = await startGateway(upstream.port, options);
  const client = new RawClient(gateway.port);
  t.after(async () => {
    client.destroy();
    await gateway.close();
    await upstream.close();
  });
  return { client, gateway, upstream };
}

/** Answers every request head with `answer`. */
export function answering(answer: string): (side: UpstreamSide) => void {
  const answered = new WeakMap<UpstreamSide, number>();
  return (side) => {
    for (let i = answered.get(side) ?? 0; i < side.heads(); i += 1) {
      side.socket.write(Buffer.from(answer, 'latin1'));
      answered.set(side, i + 1);
    }
  };
}

export function occurrences(text: string, part: string): number {
  return text.split(part).length - 1;
}

/** `completed`, `failed reset` and so on, in order. */
export function outcomeKinds(gateway: TestGateway): string[] {
  return gateway.outcomes.map((outcome) => (outcome.kind === 'failed' ? `failed ${outcome.fault}` : outcome.kind));
}
