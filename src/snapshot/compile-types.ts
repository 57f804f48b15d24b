import type { EntityKind } from '../entities/index.ts';
import type { AnyPlugin } from '../pdk/index.ts';
import type { Snapshot } from './snapshot.ts';

export interface CompileEnvironment {
  /** Plugins this gateway knows, by name. */
  readonly plugins: ReadonlyMap<string, AnyPlugin>;
  /** Whether certificates of upstreams are checked where a service leaves it open; off unless given, as in Kong. */
  readonly tlsVerifyDefault?: boolean;
}

export interface CompileOptions {
  /** Work between two yields, in milliseconds; 2 unless given. */
  readonly sliceMs?: number;
  /** Lets requests be served; the next turn of the event loop unless given. */
  readonly yieldNow?: () => Promise<void>;
}

/** An entity that cannot run. */
export interface CompileFault {
  readonly kind: EntityKind;
  readonly id: string;
  readonly name: string | null;
  /** What is wrong, for operators. */
  readonly message: string;
}

export type CompileOutcome =
  | { readonly kind: 'ok'; readonly snapshot: Snapshot }
  | { readonly kind: 'faults'; readonly faults: readonly CompileFault[] };
