import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { UpstreamFault } from '../types.ts';
import { tlsFaultText, type UpstreamTlsProfile } from './upstream-tls.ts';

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
  /** Its socket has closed, whoever used it. */
  onSocketClosed(): void;
  onTlsSession(session: Buffer): void;
}

export interface UpstreamAddress {
  readonly host: string;
  readonly port: number;
  /** Shared by all connections with these settings; a context is far too dear for every one. */
  readonly tls: UpstreamTlsProfile | undefined;
  readonly tlsSession: Buffer | undefined;
}

/**
 * Reads are handled before the next one starts, in one thread, so one buffer serves all sockets
 * and an idle connection costs no read buffer.
 */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);

/** Where bytes are copied to that the kernel is likely to take at once. */
let scratch = Buffer.allocUnsafeSlow(readBuffer.length);

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
  readonly #secure: boolean;
  #connected = false;
  #paused = false;
  #error: NodeJS.ErrnoException | undefined = undefined;

  constructor(address: UpstreamAddress, owner: UpstreamOwner, watcher: IdleWatcher) {
    this.owner = owner;
    this.#watcher = watcher;
    this.#secure = address.tls !== undefined;
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

  /** `write` of bytes that are only valid during the call. */
  writeCopy(bytes: Buffer): boolean {
    const { socket } = this;
    if (this.#secure || socket.writableLength > 0 || bytes.length > scratch.length)
      return this.write(Buffer.from(bytes));
    bytes.copy(scratch);
    const flowing = this.write(scratch.subarray(0, bytes.length));
    // What the kernel did not take at once is still read from there.
    if (socket.writableLength > 0) scratch = Buffer.allocUnsafeSlow(readBuffer.length);
    return flowing;
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

  /** Lets what is written leave, then closes it and tells nobody. */
  closeGently(waitMs: number): void {
    if (this.socket.writableLength === 0) {
      this.destroy();
      return;
    }
    this.owner = undefined;
    this.dead = true;
    this.socket.setTimeout(waitMs, () => this.socket.destroy());
    this.socket.destroySoon();
  }

  #openPlain(address: UpstreamAddress, onread: { buffer: Uint8Array; callback: (length: number) => boolean }): Socket {
    const socket = connect({ host: address.host, port: address.port, noDelay: true, allowHalfOpen: true, onread });
    socket.on('connect', () => this.#onConnect());
    return socket;
  }

  #openTls(
    address: UpstreamAddress,
    tls: UpstreamTlsProfile,
    onread: { buffer: Uint8Array; callback: (length: number) => boolean },
  ): Socket {
    const socket = connectTls({
      ...tls.options,
      host: address.host,
      port: address.port,
      ...(address.tlsSession === undefined ? {} : { session: address.tlsSession }),
      // The typings leave out what tls.connect takes from net.Socket.
      ...({ onread, allowHalfOpen: true } as object),
    });
    socket.setNoDelay(true);
    socket.on('secureConnect', () => {
      const fault = tls.chainFault(socket);
      if (fault === undefined) this.#onConnect();
      else socket.destroy(Object.assign(new Error(fault), { code: fault }));
    });
    socket.on('session', (session) => {
      if (this.#connected) this.#watcher.onTlsSession(session);
    });
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
    this.#watcher.onSocketClosed();
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
  return error === undefined ? 'closed while connecting' : tlsFaultText(error);
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
