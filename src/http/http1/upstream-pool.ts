import { createSecureContext, type SecureContext } from 'node:tls';
import type { UpstreamEndpoint, UpstreamTls } from '../types.ts';
import { type IdleWatcher, UpstreamConnection, type UpstreamOwner } from './upstream-connection.ts';

export interface UpstreamPoolOptions {
  /** A connection unused for that long is closed. */
  readonly idleTimeoutMs: number;
  /** Idle connections kept per endpoint. */
  readonly poolSizeMax: number;
  /** A connection that has answered so many requests is closed. */
  readonly requestsPerConnectionMax: number;
}

export interface UpstreamPools {
  /** The endpoint for an address; equal inputs give the same one and so share its connections. */
  endpoint(address: { host: string; port: number; tls?: UpstreamTls | undefined }): UpstreamEndpoint;
  /** Closes idle connections and keeps none from now on. Running requests end by themselves. */
  close(): void;
}

/** Keep-alive connections to upstreams, one pool per endpoint. */
export function createUpstreamPools(options: UpstreamPoolOptions): UpstreamPools {
  return new Pools(options);
}

/** A connection is given up that long before the upstream announced to close it. */
const closingMarginMs = 500;

class Pools implements UpstreamPools {
  readonly #options: UpstreamPoolOptions;
  readonly #endpoints = new Map<string, EndpointPool>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: UpstreamPoolOptions) {
    this.#options = options;
    const periodMs = Math.min(1000, Math.max(10, options.idleTimeoutMs / 4));
    this.#timer = setInterval(() => this.#sweep(), periodMs);
    this.#timer.unref();
  }

  endpoint(address: { host: string; port: number; tls?: UpstreamTls | undefined }): UpstreamEndpoint {
    const { host, port, tls } = address;
    const key = JSON.stringify([host, port, tls === undefined ? null : [tls.serverName ?? null, tls.verify]]);
    let endpoint = this.#endpoints.get(key);
    if (endpoint === undefined) {
      endpoint = new EndpointPool(host, port, tls, this.#options);
      this.#endpoints.set(key, endpoint);
    }
    return endpoint;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const endpoint of this.#endpoints.values()) endpoint.close();
    this.#endpoints.clear();
  }

  #sweep(): void {
    const before = performance.now() - this.#options.idleTimeoutMs;
    for (const endpoint of this.#endpoints.values()) endpoint.closeIdleSince(before);
  }
}

/** The connections to one endpoint. Last in, first out, so that surplus ones grow old and close. */
export class EndpointPool implements UpstreamEndpoint, IdleWatcher {
  readonly host: string;
  readonly port: number;
  readonly tls: UpstreamTls | undefined;
  readonly #options: UpstreamPoolOptions;
  readonly #idle: UpstreamConnection[] = [];
  #secureContext: SecureContext | undefined = undefined;
  #tlsSession: Buffer | undefined = undefined;
  #closed = false;

  constructor(host: string, port: number, tls: UpstreamTls | undefined, options: UpstreamPoolOptions) {
    this.host = host;
    this.port = port;
    this.tls = tls;
    this.#options = options;
  }

  get idleCount(): number {
    return this.#idle.length;
  }

  /** An idle connection that shows no sign of being closed, now owned by `owner`. */
  takeIdle(owner: UpstreamOwner): UpstreamConnection | undefined {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined) return undefined;
      if (connection.dead || connection.socket.destroyed) continue;
      if (performance.now() >= connection.staleAt) {
        connection.destroy();
        continue;
      }
      connection.owner = owner;
      return connection;
    }
  }

  /** Opens a connection; `owner` hears how it went. */
  open(owner: UpstreamOwner): UpstreamConnection {
    if (this.tls !== undefined) this.#secureContext ??= createSecureContext({ minVersion: 'TLSv1.2' });
    return new UpstreamConnection(
      {
        host: this.host,
        port: this.port,
        tls: this.tls,
        secureContext: this.#secureContext,
        tlsSession: this.#tlsSession,
      },
      owner,
      this,
    );
  }

  /**
   * Takes a connection back whose request and response are both complete.
   * @param keepAliveSeconds how long the upstream said it would keep it, -1 when it said nothing
   */
  release(connection: UpstreamConnection, keepAliveSeconds: number): void {
    connection.served += 1;
    const isFull = this.#idle.length >= this.#options.poolSizeMax;
    const isWorn = connection.served >= this.#options.requestsPerConnectionMax;
    if (this.#closed || isFull || isWorn || connection.dead || connection.socket.writableLength > 0) {
      connection.destroy();
      return;
    }
    connection.owner = undefined;
    connection.idleSince = performance.now();
    // Leave before the upstream does: a request that meets its closing may not be repeatable.
    const keptMs = keepAliveSeconds < 0 ? this.#options.idleTimeoutMs : keepAliveSeconds * 1000 - closingMarginMs;
    connection.staleAt = connection.idleSince + Math.min(keptMs, this.#options.idleTimeoutMs);
    connection.resume();
    this.#idle.push(connection);
  }

  closeIdleSince(before: number): void {
    let old = 0;
    while (old < this.#idle.length && (this.#idle[old]?.idleSince ?? before) < before) old += 1;
    for (const connection of this.#idle.splice(0, old)) connection.destroy();
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  onIdleLost(connection: UpstreamConnection): void {
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  onTlsSession(session: Buffer): void {
    this.#tlsSession = session;
  }
}
