import { limits } from '../../base/limits.ts';
import type { UpstreamEndpoint, UpstreamFault, UpstreamTls } from '../types.ts';
import { type IdleWatcher, UpstreamConnection, type UpstreamOwner } from './upstream-connection.ts';
import { UpstreamTlsProfile, upstreamTlsKey } from './upstream-tls.ts';

export interface UpstreamPoolOptions {
  /** A connection unused for that long is closed. */
  readonly idleTimeoutMs: number;
  /** Idle connections kept per endpoint. */
  readonly poolSizeMax: number;
  /** A connection that has answered so many requests is closed. */
  readonly requestsPerConnectionMax: number;
  /** Connections open at one time to all endpoints together; beyond it a try fails with `too_many_connections`. `upstreamConnectionsMax` by default. */
  readonly connectionsMax?: number;
}

export interface UpstreamPools {
  /** The endpoint for an address; equal inputs give the same one and so share its connections. */
  endpoint(address: { host: string; port: number; tls?: UpstreamTls | undefined }): UpstreamEndpoint;
  /** Connections open now, idle ones included. */
  readonly connections: number;
  /** Closes idle connections and keeps none from now on. Running requests end by themselves. */
  close(): void;
}

/** Keep-alive connections to upstreams, one pool per endpoint. */
export function createUpstreamPools(options: UpstreamPoolOptions): UpstreamPools {
  return new Pools(options);
}

/** A connection is given up that long before the upstream announced to close it. */
const closingMarginMs = 500;

/** An endpoint without connections that nobody used for that long is forgotten. */
const endpointKeptMs = 600_000;

class Pools implements UpstreamPools {
  readonly options: UpstreamPoolOptions;
  connections = 0;
  readonly #endpoints = new Map<string, EndpointPool>();
  readonly #profiles = new Map<string, UpstreamTlsProfile>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: UpstreamPoolOptions) {
    this.options = options;
    const periodMs = Math.min(1000, Math.max(10, options.idleTimeoutMs / 4));
    this.#timer = setInterval(() => this.#sweep(), periodMs);
    this.#timer.unref();
  }

  endpoint(address: { host: string; port: number; tls?: UpstreamTls | undefined }): UpstreamEndpoint {
    const { host, port, tls } = address;
    const tlsKey = tls === undefined ? '' : upstreamTlsKey(tls);
    const key = `${port} ${tlsKey} ${host}`;
    let endpoint = this.#endpoints.get(key);
    if (endpoint === undefined) {
      endpoint = new EndpointPool(this, { key, host, port, tls, profile: this.#profile(tlsKey, tls) });
      this.#endpoints.set(key, endpoint);
    }
    return endpoint;
  }

  /** An endpoint that was forgotten and is used again; of two for one address both are looked after. */
  adopt(endpoint: EndpointPool): void {
    let key = endpoint.key;
    while (this.#endpoints.has(key) && this.#endpoints.get(key) !== endpoint) key += '+';
    this.#endpoints.set(key, endpoint);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const endpoint of this.#endpoints.values()) endpoint.close();
    this.#endpoints.clear();
  }

  #profile(tlsKey: string, tls: UpstreamTls | undefined): UpstreamTlsProfile | undefined {
    if (tls === undefined) return undefined;
    let profile = this.#profiles.get(tlsKey);
    if (profile === undefined) {
      profile = new UpstreamTlsProfile(tls);
      this.#profiles.set(tlsKey, profile);
    }
    return profile;
  }

  #sweep(): void {
    const now = performance.now();
    const sizeBefore = this.#endpoints.size;
    for (const [key, endpoint] of this.#endpoints) {
      endpoint.closeIdleSince(now - this.options.idleTimeoutMs);
      if (endpoint.openCount === 0 && now - endpoint.usedAt > endpointKeptMs) {
        this.#endpoints.delete(key);
        endpoint.forgotten = true;
      }
    }
    if (this.#endpoints.size === sizeBefore) return;
    const used = new Set([...this.#endpoints.values()].map((endpoint) => endpoint.profile));
    for (const [key, profile] of this.#profiles) if (!used.has(profile)) this.#profiles.delete(key);
  }
}

/** Why a connection cannot even be tried. */
export interface Obstacle {
  readonly fault: UpstreamFault;
  readonly detail: string;
}

/** The connections to one endpoint. Last in, first out, so that surplus ones grow old and close. */
export class EndpointPool implements UpstreamEndpoint, IdleWatcher {
  readonly key: string;
  readonly host: string;
  readonly port: number;
  readonly tls: UpstreamTls | undefined;
  readonly profile: UpstreamTlsProfile | undefined;
  /** `performance.now()` of the last connection's opening or giving back. */
  usedAt = performance.now();
  openCount = 0;
  /** The pools look after it no more. */
  forgotten = false;
  readonly #pools: Pools;
  readonly #options: UpstreamPoolOptions;
  readonly #idle: UpstreamConnection[] = [];
  #tlsSession: Buffer | undefined = undefined;
  #closed = false;

  constructor(
    pools: Pools,
    parts: {
      readonly key: string;
      readonly host: string;
      readonly port: number;
      readonly tls: UpstreamTls | undefined;
      readonly profile: UpstreamTlsProfile | undefined;
    },
  ) {
    this.#pools = pools;
    this.#options = pools.options;
    this.key = parts.key;
    this.host = parts.host;
    this.port = parts.port;
    this.tls = parts.tls;
    this.profile = parts.profile;
  }

  get idleCount(): number {
    return this.#idle.length;
  }

  /** An idle connection that shows no sign of being closed, now owned by `owner`. */
  takeIdle(owner: UpstreamOwner, now: number): UpstreamConnection | undefined {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined) return undefined;
      if (connection.dead || connection.socket.destroyed) continue;
      if (now >= connection.staleAt) {
        connection.destroy();
        continue;
      }
      connection.owner = owner;
      return connection;
    }
  }

  /** What stands in the way of a further connection. */
  get obstacle(): Obstacle | undefined {
    if (this.#pools.connections >= (this.#options.connectionsMax ?? limits.upstreamConnectionsMax)) {
      return { fault: 'too_many_connections', detail: `${this.#pools.connections} connections to upstreams are open` };
    }
    try {
      this.profile?.options;
      return undefined;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { fault: 'tls', detail: `the client certificate or a trusted one cannot be used: ${reason}` };
    }
  }

  /** Opens a connection; `owner` hears how it went. Only without an obstacle. */
  open(owner: UpstreamOwner): UpstreamConnection {
    this.usedAt = performance.now();
    this.openCount += 1;
    this.#pools.connections += 1;
    if (this.forgotten) {
      this.forgotten = false;
      this.#pools.adopt(this);
    }
    return new UpstreamConnection(
      { host: this.host, port: this.port, tls: this.profile, tlsSession: this.#tlsSession },
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
    this.usedAt = connection.idleSince;
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

  onSocketClosed(): void {
    this.openCount -= 1;
    this.#pools.connections -= 1;
  }

  onTlsSession(session: Buffer): void {
    this.#tlsSession = session;
  }
}
