import type { Logger } from '../../base/log.ts';
import type { ConfigChange } from '../../entities/index.ts';
import type { WorkerBalancer } from '../../runtime/worker-balancer.ts';
import { type CompileEnvironment, compileSnapshot } from '../../snapshot/compile.ts';
import type { ConsumerIndex } from '../../snapshot/consumer-index.ts';
import type { CredentialIndex } from '../../snapshot/credential-index.ts';
import type { SnapshotHolder } from '../../snapshot/holder.ts';
import type { ControlToWorker, WorkerToControl } from '../../threads/messages.ts';

export interface ConfigurationParts {
  readonly holder: SnapshotHolder;
  readonly consumers: ConsumerIndex;
  readonly credentials: CredentialIndex;
  readonly balancer: Pick<WorkerBalancer, 'knows' | 'ready'>;
  readonly environment: CompileEnvironment;
  readonly log: Logger;
  readonly tell: (message: WorkerToControl) => void;
}

/** The configuration of a worker: compiles what control publishes, one change after the other, and puts it in force. */
export class WorkerConfiguration {
  readonly #parts: ConfigurationParts;
  #base: ConfigChange['upserts'][number][] = [];
  #queue: Promise<void> = Promise.resolve();

  constructor(parts: ConfigurationParts) {
    this.#parts = parts;
  }

  /** A part of the first configuration; `then` runs when all of it is in force, before that is acknowledged. */
  takeBase({ change, last }: Extract<ControlToWorker, { kind: 'base' }>, then: () => Promise<void>): void {
    this.#base.push(...change.upserts);
    if (!last) return;
    const base = { revision: change.revision, upserts: this.#base, deletes: [] };
    this.#base = [];
    this.apply(base, async () => {
      await this.#parts.balancer.ready;
      await then();
    });
  }

  /** Changes are compiled in the order in which they were published. */
  apply(change: ConfigChange, then?: () => Promise<void>): void {
    this.#queue = this.#queue.then(async () => {
      const isCompiled = await this.#compile(change);
      await then?.();
      if (isCompiled) this.#parts.tell({ kind: 'acknowledged', revision: change.revision });
    });
    this.#queue.catch((error: unknown) => {
      throw error;
    });
  }

  async #compile(change: ConfigChange): Promise<boolean> {
    const { holder, consumers, credentials, balancer, environment, log, tell } = this.#parts;
    await balancer.knows(change.upserts.flatMap(({ kind, entity }) => (kind === 'upstreams' ? entity.id : [])));
    const outcome = await compileSnapshot(holder.current, change, environment);
    if (outcome.kind === 'faults') {
      const reasons = outcome.faults.map((fault) => `${fault.kind} ${fault.name ?? fault.id}: ${fault.message}`);
      const reason = reasons.join('; ');
      log.error('worker.snapshot.compile_fail', { revision: change.revision, reason });
      tell({ kind: 'compile_failed', revision: change.revision, reason });
      return false;
    }
    consumers.apply(change);
    credentials.apply(change);
    holder.swap(outcome.snapshot);
    return true;
  }
}
