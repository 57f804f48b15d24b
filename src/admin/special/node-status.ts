import { isObject } from '../../schema/value.ts';
import type { WorkerStatus } from '../../threads/messages.ts';
import type { AdminParts } from '../parts.ts';

/** The node's share of `/status` and `/metrics`: sums over the workers, those that are gone included. */
export interface NodeStatus {
  readonly workers: readonly WorkerStatus[];
  readonly connections: {
    readonly accepted: number;
    readonly handled: number;
    readonly active: number;
    readonly reading: number;
    readonly writing: number;
    readonly waiting: number;
  };
  readonly totalRequests: number;
  readonly databaseReachable: boolean;
}

export async function nodeStatus(parts: Pick<AdminParts, 'ask' | 'store' | 'metrics'>): Promise<NodeStatus> {
  const [answers, databaseReachable] = await Promise.all([
    parts.ask({ kind: 'status' }),
    parts.store.reachable().catch(() => false),
  ]);
  const workers = answers.filter(isWorkerStatus);
  const sum = (of: (worker: WorkerStatus) => number) => workers.reduce((total, worker) => total + of(worker), 0);
  const accepted = sum((worker) => worker.connectionsAccepted) + parts.metrics.total('wire', 1, true);
  return {
    workers,
    connections: {
      accepted,
      // Whatever is accepted is served; there is no limit at which connections are dropped.
      handled: accepted,
      active: sum((worker) => worker.connectionsActive),
      reading: sum((worker) => worker.connectionsReading),
      writing: sum((worker) => worker.connectionsWriting),
      waiting: sum((worker) => worker.connectionsWaiting),
    },
    totalRequests: sum((worker) => worker.requestsTotal) + parts.metrics.total('requests', 0, true),
    databaseReachable,
  };
}

const numbers = [
  'worker',
  'connectionsActive',
  'connectionsReading',
  'connectionsWriting',
  'connectionsWaiting',
  'connectionsAccepted',
  'requestsTotal',
  'heapUsedBytes',
  'revision',
] as const satisfies readonly (keyof WorkerStatus)[];

function isWorkerStatus(answer: unknown): answer is WorkerStatus {
  return isObject(answer) && numbers.every((name) => typeof answer[name] === 'number');
}
