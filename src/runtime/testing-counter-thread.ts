import { workerData } from 'node:worker_threads';
import { SharedCounterTable } from './shared-counters.ts';

/** One thread of the test of shared counters: counts every key of every window, all threads in step. */
interface Plan {
  readonly threads: number;
  readonly windows: number;
  readonly keys: number;
  readonly adds: number;
  readonly memory: SharedArrayBuffer;
  readonly seen: Int32Array;
  /** How many threads have arrived, and which window is under way. */
  readonly barrier: Int32Array;
}

const { threads, windows, keys, adds, memory, seen, barrier } = workerData as Plan;
let window = 0;
const table = new SharedCounterTable(memory, () => window * 1000);
for (; window < windows; window += 1) {
  arrive();
  for (let add = 0; add < adds; add += 1) {
    for (let key = 0; key < keys; key += 1) {
      const count = table.add(`${window}-${key}`, window * 1000, 1000, 1) ?? 0;
      Atomics.add(seen, (window * keys + key) * (threads * adds + 1) + count, 1);
    }
  }
}

/** Waits until every thread is here. */
function arrive(): void {
  if (Atomics.add(barrier, 0, 1) + 1 === threads * (window + 1)) {
    Atomics.store(barrier, 1, window + 1);
    Atomics.notify(barrier, 1);
  }
  while (Atomics.load(barrier, 1) <= window) Atomics.wait(barrier, 1, window, 1000);
}
