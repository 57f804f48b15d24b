import type { Fault, Infer, RecordField } from '../schema/index.ts';
import type { AccessContext, AccessResult, LogContext, ResponseContext, RewriteContext } from './contexts.ts';
import { type CheckSpec, type CheckView, checksMax } from './decision.ts';

/** The plugin entry a configuration belongs to. */
export interface PluginInstance {
  readonly id: string;
  readonly name: string;
}

export interface PluginDefinition<ConfigRecord extends RecordField, Prepared> {
  readonly name: string;
  /** Shown on `GET /`. */
  readonly version: string;
  /** Higher runs earlier; unique among plugins. */
  readonly priority: number;
  /** Whether an instance may be bound to one consumer. */
  readonly consumerScope: boolean;
  readonly config: ConfigRecord;
  /** TLS clients of the routes it applies to are asked for a certificate, which they need not show. */
  readonly requestsClientCertificate?: boolean;
  /**
   * Faults across fields; field rules live in the schema. Paths are within the configuration; a fault of the
   * `entity` without a path is one of the whole entry.
   */
  check?(config: Infer<ConfigRecord>): Fault[];
  /** Once per configuration change: whatever a request should not work out again. No network, no clock. */
  prepare(config: Infer<ConfigRecord>, instance: PluginInstance): Prepared;
  /** Headers this configuration may set upstream; client copies are stripped on every path. Lower case. */
  ownedRequestHeaders?(prepared: Prepared): readonly string[];
  /** Names of headers and arguments in which this configuration looks for credentials; logs leave their values out. */
  credentialNames?(prepared: Prepared): readonly string[];
  /** In the order they are made; at most `checksMax`. */
  readonly checks: readonly CheckSpec[];
  /** `seen` and `expected` of a passed check, worked out when a record is read; undefined: nothing to show. */
  describeCheck?(check: number, facts: unknown, prepared: Prepared): CheckView | undefined;
  /** Instances bound to nothing, before the route is known; an answer ends the request. */
  rewrite?(context: RewriteContext, prepared: Prepared): AccessResult | Promise<AccessResult>;
  /** Returns synchronously unless it must wait. */
  access?(context: AccessContext, prepared: Prepared): AccessResult | Promise<AccessResult>;
  /**
   * On every answer, of the upstream and of the gateway; also when an earlier plugin answered and this one's
   * access phase never ran.
   */
  headerFilter?(context: ResponseContext, prepared: Prepared): void;
  /** Once for every request, when it is over. */
  log?(context: LogContext, prepared: Prepared): void;
}

/** A definition with its types forgotten, as the chain holds it. */
export type AnyPlugin = PluginDefinition<RecordField, unknown>;

/** Declares a plugin; types of the configuration flow into its phases. */
export function definePlugin<ConfigRecord extends RecordField, Prepared>(
  definition: PluginDefinition<ConfigRecord, Prepared>,
): PluginDefinition<ConfigRecord, Prepared> {
  if (definition.checks.length > checksMax)
    throw new Error(`plugin ${definition.name} has more than ${checksMax} checks`);
  return Object.freeze(definition);
}
