import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext } from 'node:tls';
import type { UpstreamFault, UpstreamTls } from '../types.ts';

/** Whoever uses a connection at the moment. */
export interface UpstreamOwner {
  onConnected(connection: UpstreamConnection): void;
  onConnectFailed(fault: UpstreamFault, detail: string): void;
  /** The bytes are only valid during the call: all connections read into one buffer. */
  onBytes(bytes: Buffer, length: number): void;
  /** The upstream closed its side. */
  onEnd(): void;
  onClosed(detail: string): void;
  onUpstreamDrain(): void;
}

/** Told when a connection that nobody uses is no good any more. */
export interface IdleWatcher {
  onIdleLost(connection: UpstreamConnection): void;
  onTlsSession(session: Buffer): void;
}

export interface UpstreamAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: UpstreamTls | undefined;
  /** Made once per endpoint; a context is far too dear for every connection. */
  readonly secureContext: SecureContext | undefined;
  readonly tlsSession: Buffer | undefined;
}

/**
 * Reads are handled before the next one starts, in one thread, so one buffer serves all sockets
 * and an idle connection costs no read buffer.
 */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);

/** One connection to an upstream, used by one forward at a time. */
export class UpstreamConnection {
  owner: UpstreamOwner | undefined;
  /** Requests answered on it. */
  served = 0;
  /** `performance.now()` when it was put into the pool. */
  idleSince = 0;
  /** `performance.now()` from when on it should not be used again. */
  staleAt = Number.POSITIVE_INFINITY;
  /** No use any more: closed, or about to be. */
  dead = false;
  readonly socket: Socket;
  readonly #watcher: IdleWatcher;
  #connected = false;
  #paused = false;
  #error: NodeJS.ErrnoException | undefined = undefined;

  constructor(address: UpstreamAddress, owner: UpstreamOwner, watcher: IdleWatcher) {
    this.owner = owner;
    this.#watcher = watcher;
    const onread = {
      buffer: readBuffer,
      callback: (length: number) => {
        this.#onRead(length);
        return true;
      },
    };
    this.socket =
      address.tls === undefined ? this.#openPlain(address, onread) : this.#openTls(address, address.tls, onread);
    this.socket.on('error', (error) => {
      this.#error = error;
    });
    this.socket.on('drain', () => this.owner?.onUpstreamDrain());
    this.socket.on('end', () => this.#onEnd());
    this.socket.on('close', () => this.#onClose());
  }

  /** @returns false when the upstream takes bytes too slowly; `onUpstreamDrain` follows */
  write(data: string | Buffer): boolean {
    return this.socket.write(data, 'latin1');
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.socket.resume();
  }

  /** Closes it and tells nobody. */
  destroy(): void {
    this.owner = undefined;
    this.dead = true;
    this.socket.destroy();
  }

  #openPlain(address: UpstreamAddress, onread: { buffer: Uint8Array; callback: (length: number) => boolean }): Socket {
    const socket = connect({ host: address.host, port: address.port, noDelay: true, onread });
    socket.on('connect', () => this.#onConnect());
    return socket;
  }

  #openTls(
    address: UpstreamAddress,
    tls: UpstreamTls,
    onread: { buffer: Uint8Array; callback: (length: number) => boolean },
  ): Socket {
    const name = tls.serverName ?? address.host;
    const socket = connectTls({
      host: address.host,
      port: address.port,
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: tls.verify,
      ...(isIP(name) === 0 ? { servername: name } : {}),
      ...(address.secureContext === undefined ? {} : { secureContext: address.secureContext }),
      ...(address.tlsSession === undefined ? {} : { session: address.tlsSession }),
      // The typings leave out what tls.connect takes from net.Socket.
      ...({ onread } as object),
    });
    socket.setNoDelay(true);
    socket.on('secureConnect', () => this.#onConnect());
    socket.on('session', (session) => this.#watcher.onTlsSession(session));
    return socket;
  }

  #onConnect(): void {
    this.#connected = true;
    this.owner?.onConnected(this);
  }

  #onRead(length: number): void {
    if (this.owner !== undefined) this.owner.onBytes(readBuffer, length);
    else this.#lose();
  }

  #onEnd(): void {
    this.dead = true;
    if (this.owner !== undefined) this.owner.onEnd();
    else this.#lose();
  }

  #onClose(): void {
    this.dead = true;
    const owner = this.owner;
    this.owner = undefined;
    if (owner === undefined) this.#watcher.onIdleLost(this);
    else if (this.#connected) owner.onClosed(this.#error?.code ?? 'closed');
    else owner.onConnectFailed(connectFault(this.#error), faultText(this.#error));
  }

  /** Bytes or an end on a connection nobody uses: whatever it says must not reach the next request. */
  #lose(): void {
    this.destroy();
    this.#watcher.onIdleLost(this);
  }
}

function faultText(error: NodeJS.ErrnoException | undefined): string {
  return error?.code ?? error?.message ?? 'closed while connecting';
}

const connectCodes = new Set([
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ECONNRESET',
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
  'EACCES',
  'EPERM',
  'EINVAL',
]);

function connectFault(error: NodeJS.ErrnoException | undefined): UpstreamFault {
  const code = error?.code;
  if (code === 'ECONNREFUSED') return 'connect_refused';
  if (code === 'ETIMEDOUT') return 'connect_timeout';
  if (code === undefined || connectCodes.has(code)) return 'connect_failed';
  if (code === 'ENOTFOUND' || code.startsWith('EAI_')) return 'name_resolution';
  return 'tls';
}
