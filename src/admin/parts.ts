import type { UpstreamHealth } from '../base/balancing.ts';
import type { Logger } from '../base/log.ts';
import type { ConfigChange } from '../entities/index.ts';
import type { AnyPlugin } from '../pdk/index.ts';
import type { Generators } from '../schema/index.ts';
import type { CompileFault } from '../snapshot/index.ts';
import type { Store } from '../store/store.ts';
import type { NodeFacts, WorkerQuestion } from '../threads/messages.ts';
import type { MetricsLedger } from './metrics/ledger.ts';

/** A change that compiles, or why it cannot run. */
export type CheckedChange =
  /** `commit` puts the compiled candidate in force in this thread. */
  { readonly kind: 'ok'; commit(): void } | { readonly kind: 'faults'; readonly faults: readonly CompileFault[] };

/** How a change gets from the Admin API into force. */
export interface Publisher {
  /** Runs alone among all work given here: a change is checked against the configuration it will follow. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Compiles the candidate; nothing changes. */
  check(change: ConfigChange): Promise<CheckedChange>;
  /** Sends the change to the workers before it returns; resolves when every worker has it in force or is given up. */
  publish(change: ConfigChange): Promise<void>;
}

/** What does not change while the process runs. */
export interface AdminSettings {
  /** Every setting by its wire name, secrets as asterisks. */
  readonly resolved: Readonly<Record<string, unknown>>;
  /** Version of this package. */
  readonly version: string;
  readonly nodeId: string;
  readonly hostname: string;
  readonly database: 'sqlite' | 'off';
  /** 32 hex digits over the loaded declarative configuration; zeros while nothing is loaded. */
  readonly configurationHash?: string;
  readonly adminGuiUrls: readonly string[];
  readonly allowedHosts: readonly string[];
  /** Largest body of a request; `limits.adminBodyBytesMax` unless given. */
  readonly bodyBytesMax?: number;
  /** Lower-case names of headers that answers get (`headers`); every one unless given. */
  readonly addedHeaders?: readonly string[];
}

/** Health of upstreams on this node. */
export interface HealthAccess {
  /** Undefined while the node does not know the upstream (any more). */
  ofUpstream(upstreamId: string): Promise<UpstreamHealth | undefined>;
  /** Every upstream, for metrics. */
  ofAll(): Promise<readonly UpstreamHealth[]>;
  /**
   * Sets the state of a target's addresses, or of one (`ip:port`), and clears its counters. `no_checker`: the
   * upstream has no health checks (400); `unknown`: there is no such upstream, target or address on the node (404).
   */
  set(
    upstreamId: string,
    targetId: string,
    address: string | undefined,
    healthy: boolean,
  ): Promise<'set' | 'no_checker' | 'unknown'>;
}

/** Everything the Admin API needs of the rest of the gateway. */
export interface AdminParts {
  readonly store: Store;
  /** The plugins that are enabled, by name. */
  readonly plugins: ReadonlyMap<string, AnyPlugin>;
  readonly publisher: Publisher;
  /** Puts a question to every worker; those that do not answer are left out. */
  readonly ask: (question: WorkerQuestion) => Promise<unknown[]>;
  readonly node: () => NodeFacts;
  readonly health: HealthAccess;
  readonly metrics: MetricsLedger;
  readonly settings: AdminSettings;
  readonly log: Logger;
  /** Ids, times and secrets of new entities; from the system unless given. */
  readonly generators?: Generators;
}
