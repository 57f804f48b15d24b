import type { BalancePart, BalancingChange, HealthQuestion } from '../base/balancing.ts';
import type { ExchangeAnswer, ProviderRequest } from '../base/exchange.ts';
import type { ConfigChange } from '../entities/index.ts';
import type { MetricsAnnouncement } from './metric-cells.ts';

/**
 * Everything that crosses threads. Main supervises and talks to providers, control owns the store and
 * the Admin API, workers proxy. Values are plain: structured clone carries no classes or functions.
 */

/** Main → control. */
export type MainToControl =
  | { readonly kind: 'worker'; readonly worker: number; readonly port: import('node:worker_threads').MessagePort }
  | { readonly kind: 'worker_gone'; readonly worker: number }
  | { readonly kind: 'node'; readonly facts: NodeFacts }
  /** Every worker has this change of balancing in force. */
  | { readonly kind: 'balanced'; readonly id: number }
  | { readonly kind: 'health'; readonly id: number; readonly value: unknown }
  /** Serve by these settings, and read the declarative configuration anew. */
  | { readonly kind: 'settings'; readonly id: number; readonly settings: unknown }
  /** What main counts. */
  | { readonly kind: 'metrics'; readonly announcement: MetricsAnnouncement }
  | { readonly kind: 'shutdown' };

/** Control → main. */
export type ControlToMain =
  | { readonly kind: 'listening'; readonly admin: readonly BoundListener[]; readonly status: readonly BoundListener[] }
  | { readonly kind: 'failed'; readonly reason: string }
  /** This worker did not acknowledge a revision in time. */
  | { readonly kind: 'silent'; readonly worker: number }
  | { readonly kind: 'balancing'; readonly id: number; readonly change: BalancingChange }
  | { readonly kind: 'health'; readonly id: number; readonly question: HealthQuestion }
  /** A `settings` message is in force, unless there are faults. */
  | {
      readonly kind: 'configured';
      readonly id: number;
      readonly faults: readonly string[];
      /** What changed, for a person. */
      readonly notes: readonly string[];
    }
  | { readonly kind: 'closed' };

/** Control → worker, on their own port. */
export type ControlToWorker =
  /** A part of the first configuration; `last` ends it. Later changes are deltas. */
  | { readonly kind: 'base'; readonly change: ConfigChange; readonly last: boolean }
  | { readonly kind: 'delta'; readonly change: ConfigChange }
  | { readonly kind: 'ask'; readonly id: number; readonly question: WorkerQuestion };

/** Worker → control. */
export type WorkerToControl =
  | { readonly kind: 'acknowledged'; readonly revision: number }
  | { readonly kind: 'compile_failed'; readonly revision: number; readonly reason: string }
  | { readonly kind: 'metrics'; readonly announcement: MetricsAnnouncement }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown };

export type WorkerQuestion =
  | { readonly kind: 'decision'; readonly requestId: string }
  | { readonly kind: 'decisions'; readonly verdict: 'allowed' | 'refused' | undefined; readonly size: number }
  | { readonly kind: 'status' };

/** Main → worker. */
export type MainToWorker =
  | { readonly kind: 'exchanged'; readonly id: number; readonly answer: ExchangeAnswer }
  /**
   * What changed about upstreams and names, in one message or several, of which `last` ends a run. The first run a
   * worker gets holds everything. An id other than 0 is acknowledged once.
   */
  | { readonly kind: 'balance'; readonly id: number; readonly parts: readonly BalancePart[]; readonly last: boolean }
  /** The settings it was started with, as they are now; what can change without new listeners takes effect. */
  | { readonly kind: 'settings'; readonly id: number; readonly settings: unknown }
  /** Stop being ready, then stop accepting after the delay, then end. */
  | { readonly kind: 'drain'; readonly delayMs: number; readonly timeoutMs: number };

/** Worker → main. */
export type WorkerToMain =
  | { readonly kind: 'listening'; readonly proxy: readonly BoundListener[] }
  | { readonly kind: 'failed'; readonly reason: string }
  | {
      readonly kind: 'exchange';
      readonly id: number;
      readonly key: string;
      readonly request: ProviderRequest;
      readonly freshAfter: number | undefined;
    }
  | { readonly kind: 'keep'; readonly key: string; readonly until: number }
  /** A `balance` message is in force. */
  | { readonly kind: 'balanced'; readonly id: number }
  /** A request needs this name, or used an answer that is no longer fresh; main publishes what it finds. */
  | { readonly kind: 'name'; readonly name: string }
  /** A request's result flipped an address. */
  | { readonly kind: 'health_flip'; readonly upstream: string; readonly address: number }
  /** A `settings` message is in force; `faults` tell what could not be done. */
  | { readonly kind: 'configured'; readonly id: number; readonly faults: readonly string[] }
  | { readonly kind: 'drained' };

export interface BoundListener {
  readonly host: string;
  readonly port: number;
  readonly ssl: boolean;
}

/** What the Admin API tells about the node. */
export interface NodeFacts {
  readonly ready: boolean;
  readonly draining: boolean;
  readonly proxyListeners: readonly BoundListener[];
  readonly workers: readonly number[];
}

/** One worker's share of `GET /status`. */
export interface WorkerStatus {
  readonly worker: number;
  readonly connectionsActive: number;
  /** In the middle of a head; with a request being answered; between requests. */
  readonly connectionsReading: number;
  readonly connectionsWriting: number;
  readonly connectionsWaiting: number;
  readonly connectionsAccepted: number;
  readonly requestsTotal: number;
  readonly heapUsedBytes: number;
  readonly revision: number;
}
