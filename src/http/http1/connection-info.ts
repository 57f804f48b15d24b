import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ConnectionInfo } from '../types.ts';

/** What is known of a connection without TLS. */
export class PlainConnectionInfo implements ConnectionInfo {
  readonly peerAddress: string;
  readonly peerPort: number;
  readonly localAddress: string;
  readonly localPort: number;

  constructor(socket: Socket) {
    this.peerAddress = socket.remoteAddress ?? '';
    this.peerPort = socket.remotePort ?? 0;
    this.localAddress = socket.localAddress ?? '';
    this.localPort = socket.localPort ?? 0;
  }

  get secure(): boolean {
    return false;
  }

  get serverName(): string | undefined {
    return undefined;
  }

  get tlsVersion(): string | undefined {
    return undefined;
  }

  clientCertificate(): Buffer | undefined {
    return undefined;
  }
}

/** What is known of a connection whose TLS handshake is done. */
export class TlsConnectionInfo implements ConnectionInfo {
  readonly peerAddress: string;
  readonly peerPort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly serverName: string | undefined;
  readonly tlsVersion: string | undefined;
  readonly #socket: TLSSocket;
  /** Null before it was looked for. */
  #clientCertificate: Buffer | undefined | null = null;

  constructor(socket: TLSSocket) {
    this.peerAddress = socket.remoteAddress ?? '';
    this.peerPort = socket.remotePort ?? 0;
    this.localAddress = socket.localAddress ?? '';
    this.localPort = socket.localPort ?? 0;
    const name: unknown = socket.servername;
    this.serverName = typeof name === 'string' && name !== '' ? name : undefined;
    this.tlsVersion = socket.getProtocol() ?? undefined;
    this.#socket = socket;
  }

  get secure(): boolean {
    return true;
  }

  clientCertificate(): Buffer | undefined {
    if (this.#clientCertificate === null) this.#clientCertificate = this.#socket.getPeerX509Certificate()?.raw;
    return this.#clientCertificate;
  }
}
