import type { UpstreamConnection, UpstreamOwner } from './upstream-connection.ts';

/** The client's side of a tunnel. */
export interface TunnelClient {
  /** @returns false when the client reads too slowly; `onClientDrain` follows */
  writeTunnel(bytes: Buffer): boolean;
  pauseTunnel(): void;
  resumeTunnel(): void;
  /** Nothing more is written; reading goes on. */
  endTunnel(): void;
  noteDeadline(deadline: number): void;
}

/** Whoever made the tunnel. */
export interface TunnelOwner {
  readonly exchange: TunnelClient;
  /** Told once. `fault` says why it was cut; undefined for an orderly end or too long a silence. */
  onTunnelEnded(fault: string | undefined): void;
}

/**
 * Two connections that have left HTTP (RFC 9110 §7.8): what comes in on one goes out on the other, unread. Neither is
 * read while the other cannot take more, each side may end on its own, and silence on both ends it.
 */
export class Tunnel implements UpstreamOwner {
  /** From the client. */
  bytesReceived = 0;
  readonly #owner: TunnelOwner;
  readonly #client: TunnelClient;
  readonly #upstream: UpstreamConnection;
  readonly #silenceMsMax: number;
  #clientEnded = false;
  #upstreamEnded = false;
  #heardAt: number;
  #over = false;

  constructor(owner: TunnelOwner, upstream: UpstreamConnection, silenceMsMax: number) {
    this.#owner = owner;
    this.#client = owner.exchange;
    this.#upstream = upstream;
    this.#silenceMsMax = silenceMsMax;
    this.#heardAt = performance.now();
    upstream.owner = this;
    this.#client.noteDeadline(this.#heardAt + silenceMsMax);
  }

  /** The bytes are only valid during the call. */
  onClientBytes(bytes: Buffer): void {
    if (this.#over) return;
    this.bytesReceived += bytes.length;
    this.#heardAt = performance.now();
    if (!this.#upstream.writeCopy(bytes)) this.#client.pauseTunnel();
  }

  onClientEnd(): void {
    this.#clientEnded = true;
    if (this.#upstreamEnded) this.#end(undefined);
    else this.#upstream.socket.end();
  }

  onClientDrain(): void {
    if (!this.#over) this.#upstream.resume();
  }

  onBytes(bytes: Buffer, length: number): void {
    if (this.#over) return;
    this.#heardAt = performance.now();
    // All upstream connections are read into one buffer.
    const piece = Buffer.allocUnsafe(length);
    bytes.copy(piece, 0, 0, length);
    if (!this.#client.writeTunnel(piece)) this.#upstream.pause();
  }

  onEnd(): void {
    this.#upstreamEnded = true;
    if (this.#clientEnded) this.#end(undefined);
    else this.#client.endTunnel();
  }

  onClosed(detail: string): void {
    this.#end(this.#upstreamEnded ? undefined : detail);
  }

  onUpstreamDrain(): void {
    if (!this.#over) this.#client.resumeTunnel();
  }

  onConnected(): void {
    // It was connected before it became a tunnel.
  }

  onConnectFailed(): void {
    // It was connected before it became a tunnel.
  }

  /** Ends the tunnel when both sides were silent for too long; returns when to look again. */
  check(now: number): number {
    const deadline = this.#heardAt + this.#silenceMsMax;
    if (now < deadline) return deadline;
    this.#end(undefined);
    return Number.POSITIVE_INFINITY;
  }

  #end(fault: string | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#owner.onTunnelEnded(fault);
  }
}
