import type { ServerResponse } from 'node:http';
import { limits } from '../../base/limits.ts';
import { respondError } from './respond.ts';

export const faultEndpoints = ['token', 'discovery', 'jwks', 'all'] as const;
export type FaultEndpoint = (typeof faultEndpoints)[number];
export const faultKinds = ['slow', 'hang', 'status', 'drop', 'garbage', 'none'] as const;
export type FaultKind = (typeof faultKinds)[number];

/** A misbehaviour asked for through the control API. `count` null: until changed. */
export interface Fault {
  readonly kind: Exclude<FaultKind, 'none'>;
  readonly delayMs: number;
  readonly status: number;
  readonly retryAfterSeconds: number | null;
  readonly body: string | null;
  readonly bodyBytes: number;
  count: number | null;
}

/** The faults in force, at most one per endpoint, and the requests they keep hanging. */
export class Faults {
  readonly #inForce = new Map<FaultEndpoint, Fault>();
  readonly #hanging = new Set<ServerResponse>();

  /** `undefined` clears the endpoint; for `all` it clears everything. */
  set(endpoint: FaultEndpoint, fault: Fault | undefined): void {
    if (fault !== undefined) this.#inForce.set(endpoint, fault);
    else if (endpoint === 'all') this.#inForce.clear();
    else this.#inForce.delete(endpoint);
    if (fault === undefined) this.#releaseHanging();
  }

  toJSON(): Record<string, Fault> {
    return Object.fromEntries(this.#inForce);
  }

  /**
   * Applies the fault of `endpoint`, else that of `all`. True: the request has been dealt with (or will
   * hang for good); false: go on as usual, perhaps later than otherwise.
   */
  async apply(endpoint: FaultEndpoint, response: ServerResponse): Promise<boolean> {
    const fault = this.#take(endpoint);
    if (fault === undefined) return false;
    if (fault.delayMs > 0) await waitOrGone(fault.delayMs, response);
    switch (fault.kind) {
      case 'slow':
        return response.destroyed;
      case 'hang':
        this.#hanging.add(response);
        response.once('close', () => this.#hanging.delete(response));
        return true;
      case 'drop':
        response.socket?.resetAndDestroy();
        return true;
      case 'status':
        respondStatus(fault, response);
        return true;
      case 'garbage':
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(fault.body ?? (fault.bodyBytes > 0 ? Buffer.alloc(fault.bodyBytes, 'x') : '{"access_token": <'));
        return true;
    }
  }

  #take(endpoint: FaultEndpoint): Fault | undefined {
    const key = this.#inForce.has(endpoint) ? endpoint : 'all';
    const fault = this.#inForce.get(key);
    if (fault === undefined || fault.count === null) return fault;
    fault.count -= 1;
    if (fault.count <= 0) this.#inForce.delete(key);
    return fault;
  }

  #releaseHanging(): void {
    for (const response of this.#hanging) response.destroy();
    this.#hanging.clear();
  }
}

function respondStatus(fault: Fault, response: ServerResponse): void {
  const headers: Record<string, string> =
    fault.retryAfterSeconds === null ? {} : { 'retry-after': String(fault.retryAfterSeconds) };
  if (fault.body !== null) {
    response.writeHead(fault.status, { 'content-type': 'application/json', ...headers });
    response.end(fault.body);
  } else if (fault.status === 429) {
    respondError(response, 429, 'too_many_requests', 'Too many requests', headers);
  } else {
    respondError(response, fault.status, 'server_error', 'The provider was asked to answer so', headers);
  }
}

/** Waits, but not longer than the client does. */
function waitOrGone(delayMs: number, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, Math.min(delayMs, limits.devDelayMsMax));
    response.once('close', done);
    function done(): void {
      clearTimeout(timer);
      response.removeListener('close', done);
      resolve();
    }
  });
}
