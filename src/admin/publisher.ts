import type { ConfigChange } from '../entities/index.ts';
import type { AnyPlugin } from '../pdk/index.ts';
import { compileSnapshot, type SnapshotHolder } from '../snapshot/index.ts';
import type { WorkerFleet } from '../threads/worker-fleet.ts';
import type { Publisher } from './parts.ts';

export interface PublisherParts {
  /** The control thread's own snapshot, against which changes are checked. */
  readonly snapshot: SnapshotHolder;
  readonly plugins: ReadonlyMap<string, AnyPlugin>;
  readonly fleet: Pick<WorkerFleet, 'publish'>;
}

/**
 * Checks changes by compiling them and hands them to the workers. Whatever must not happen between the check of a
 * change and its publication, such as the base of a new worker, goes through `inTurn` too.
 */
export function createPublisher({ snapshot, plugins, fleet }: PublisherParts): Publisher {
  let last: Promise<unknown> = Promise.resolve();
  return {
    inTurn: (work) => {
      const mine = last.then(work, work);
      // The next one waits for the end of this one, however it ends.
      last = mine.catch(() => undefined);
      return mine;
    },
    check: async (change: ConfigChange) => {
      const outcome = await compileSnapshot(snapshot.current, change, { plugins });
      if (outcome.kind === 'faults') return outcome;
      return { kind: 'ok', commit: () => snapshot.swap(outcome.snapshot) };
    },
    publish: (change) => fleet.publish(change),
  };
}
