import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { takeOver } from './http1/client-socket.ts';
import { RequestHeadParser } from './http1/head-parser.ts';
import { BodyBudget } from './http1/peek.ts';
import { ServerConnection, type ServerCore } from './http1/server-connection.ts';
import { Sweeper } from './http1/sweeper.ts';
import { TlsAcceptor } from './tls/acceptor.ts';
import type { ConnectionActivities, HttpLimits, HttpServer, HttpServerOptions, ServerTls } from './types.ts';

/**
 * An HTTP/1.1 server (RFC 9110, RFC 9112) over TCP or TLS. Every request that is well-formed goes
 * to `onExchange`; everything else to `onRefused`, after which the connection closes.
 */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  return new WireServer(options);
}

/**
 * How long a draining server still takes what was sent to it before it said that it leaves: a request
 * or a connection that waits in the kernel unread would get a reset.
 */
const drainGraceMs = 250;

/** An idle client has no answer to lose; it gets this long to see that we closed. */
const idleLingerMs = 250;

class WireServer implements HttpServer, ServerCore {
  readonly options: HttpServerOptions;
  readonly limits: HttpLimits;
  readonly parser: RequestHeadParser;
  readonly budget: BodyBudget;
  draining = false;
  closing = false;
  accepted = 0;
  readonly #connections = new Set<ServerConnection>();
  /** TCP sockets below TLS, from before the handshake on. */
  readonly #handshaking = new Set<Socket>();
  readonly #sweeper = new Sweeper(this.#connections);
  readonly #server: Server;
  #onEmpty: (() => void) | undefined = undefined;

  constructor(options: HttpServerOptions) {
    this.options = options;
    this.limits = options.limits;
    this.parser = new RequestHeadParser(options.limits);
    this.budget = new BodyBudget(options.limits.bodyTimeoutMs, options.limits.peekBytesTotalMax, (deadline) =>
      this.#sweeper.note(deadline),
    );
    this.#server = options.tls === undefined ? this.#plainServer() : this.#tlsServer(options.tls);
  }

  get connections(): number {
    return this.#connections.size;
  }

  get activities(): ConnectionActivities {
    const counts = { waiting: 0, reading: 0, writing: 0 };
    for (const connection of this.#connections) counts[connection.activity] += 1;
    return counts;
  }

  listen(address: Parameters<HttpServer['listen']>[0]): Promise<{ port: number }> {
    const { host, port, reusePort, backlog, ipv6Only } = address;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      const options = {
        host,
        port,
        reusePort,
        ...(backlog === undefined ? {} : { backlog }),
        ...(ipv6Only === undefined ? {} : { ipv6Only }),
      };
      this.#server.listen(options, () => {
        this.#server.removeListener('error', reject);
        // A failed accept concerns one client that is gone already.
        this.#server.on('error', () => undefined);
        const bound = this.#server.address();
        resolve({ port: bound !== null && typeof bound === 'object' ? bound.port : port });
      });
    });
  }

  async drain(timeoutMs: number): Promise<void> {
    this.draining = true;
    const endsAt = performance.now() + timeoutMs;
    await delay(Math.min(drainGraceMs, timeoutMs));
    this.closing = true;
    this.#server.close();
    for (const connection of [...this.#connections]) if (connection.idle) connection.closeGently(idleLingerMs);
    if (this.#connections.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, endsAt - performance.now());
        this.#onEmpty = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    for (const connection of [...this.#connections]) connection.destroy(false);
    for (const socket of this.#handshaking) socket.destroy();
    this.#sweeper.stop();
  }

  noteDeadline(deadline: number): void {
    this.#sweeper.note(deadline);
  }

  onClosed(connection: ServerConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#onEmpty?.();
  }

  #plainServer(): Server {
    return createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(takeOver(socket), false));
  }

  #tlsServer(tls: ServerTls): Server {
    const acceptor = new TlsAcceptor(tls, this.limits.headTimeoutMs, (socket) => this.#accept(socket, true));
    const handshaking = this.#handshaking;
    function forget(this: Socket): void {
      handshaking.delete(this);
    }
    return createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      handshaking.add(socket);
      socket.once('close', forget);
      acceptor.accept(socket);
    });
  }

  #accept(socket: Socket, secure: boolean): void {
    if (this.closing) {
      socket.destroy();
      return;
    }
    this.accepted += 1;
    this.#connections.add(new ServerConnection(this, socket, secure));
  }
}
