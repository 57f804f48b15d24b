import type { Socket } from 'node:net';
import type { Server } from 'node:tls';
import type { ServerTls } from '../types.ts';
import { helloBytesMax, readClientHello } from './client-hello.ts';
import { IdentityServers, type OnSecure } from './identity-servers.ts';

/**
 * Does the TLS handshake of accepted sockets. Certificate and request for the client's own are properties of a whole
 * TLS server in Node, and a certificate chosen in the middle of a handshake can be of one key type only; so there is
 * a server for each identity, and the server name is read out of the hello before the handshake begins.
 */
export class TlsAcceptor {
  readonly #tls: ServerTls;
  readonly #handshakeTimeoutMs: number;
  readonly #plain: IdentityServers;
  readonly #asking: IdentityServers;

  constructor(tls: ServerTls, handshakeTimeoutMs: number, onSecure: OnSecure) {
    this.#tls = tls;
    this.#handshakeTimeoutMs = handshakeTimeoutMs;
    const parts = { tls, handshakeTimeoutMs, onSecure, complained: new WeakSet() };
    this.#plain = new IdentityServers({ ...parts, asks: false });
    this.#asking = new IdentityServers({ ...parts, asks: true });
    // A first handshake need not wait for this, and there is something to fall back to.
    this.#plain.forName(undefined);
  }

  accept(socket: Socket): void {
    new HelloReader(socket, this.#handshakeTimeoutMs, this);
  }

  /** Gives a socket whose hello is read and put back to the server for that name. */
  handshake(socket: Socket, serverName: string | undefined): void {
    const asks = this.#tls.requestsAnyClientCertificate() && this.#tls.requestsClientCertificate(serverName);
    const server: Server | undefined = (asks ? this.#asking : this.#plain).forName(serverName);
    if (server === undefined) socket.destroy();
    else server.emit('connection', socket);
  }
}

/** Reads the hello and puts its bytes back. A client that is too slow is cut off. */
class HelloReader {
  readonly #socket: Socket;
  readonly #acceptor: TlsAcceptor;
  readonly #timer: NodeJS.Timeout;
  readonly #onData = (bytes: Buffer): void => this.#take(bytes);
  readonly #onEnd = (): void => void this.#socket.destroy();
  readonly #onClose = (): void => clearTimeout(this.#timer);
  #bytes: Buffer | undefined = undefined;

  constructor(socket: Socket, timeoutMs: number, acceptor: TlsAcceptor) {
    this.#socket = socket;
    this.#acceptor = acceptor;
    this.#timer = setTimeout(this.#onEnd, timeoutMs);
    this.#timer.unref();
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('error', ignore);
    socket.on('close', this.#onClose);
  }

  #take(more: Buffer): void {
    const bytes = this.#bytes === undefined ? more : Buffer.concat([this.#bytes, more]);
    this.#bytes = bytes;
    const reading = readClientHello(bytes);
    if (reading.kind === 'incomplete' && bytes.length < helloBytesMax) return;
    const socket = this.#socket;
    clearTimeout(this.#timer);
    socket.removeListener('data', this.#onData);
    socket.removeListener('end', this.#onEnd);
    socket.removeListener('error', ignore);
    socket.removeListener('close', this.#onClose);
    socket.pause();
    socket.unshift(bytes);
    this.#acceptor.handshake(socket, reading.kind === 'hello' ? reading.serverName : undefined);
  }
}

/** An error is always followed by close. */
function ignore(): void {
  // Nothing to do.
}
