import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { siblingModule } from '../base/paths.ts';
import { counterMemory, SharedCounterTable } from './shared-counters.ts';

const minute = 60_000;

function table(counters: number): { table: SharedCounterTable; clock: { ms: number } } {
  const clock = { ms: 0 };
  return { table: new SharedCounterTable(counterMemory(counters), () => clock.ms), clock };
}

test('a counter counts for its key and its window', () => {
  const { table: counters } = table(1000);
  assert.equal(counters.add('a', 0, minute, 1), 1);
  assert.equal(counters.add('a', 0, minute, 2), 3);
  assert.equal(counters.add('b', 0, minute, 1), 1);
  assert.equal(counters.add('a', 0, 3_600_000, 1), 1);
  assert.equal(counters.add('a', minute, minute, 1), 1);
  assert.equal(counters.add('a', minute, minute, 1), 2);
});

test('what was counted can be taken back, in its own window only and never below zero', () => {
  const { table: counters } = table(1000);
  counters.add('a', 0, minute, 5);
  assert.equal(counters.add('a', 0, minute, -2), 3);
  assert.equal(counters.add('a', 0, minute, -9), 0);
  assert.equal(counters.add('unknown', 0, minute, -1), 0);
  counters.add('a', minute, minute, 4);
  assert.equal(counters.add('a', 0, minute, -1), 4);
  assert.equal(counters.add('a', minute, minute, 0), 4);
});

test('two tables on one memory are one', () => {
  const memory = counterMemory(100);
  const one = new SharedCounterTable(memory, () => 0);
  const other = new SharedCounterTable(memory, () => 0);
  assert.equal(one.add('a', 0, minute, 1), 1);
  assert.equal(other.add('a', 0, minute, 1), 2);
});

test('windows that are over make room', () => {
  const { table: counters, clock } = table(16);
  for (let key = 0; key < 16; key += 1) assert.equal(counters.add(`old-${key}`, 0, minute, 1), 1);
  assert.equal(counters.add('new', 0, minute, 1), undefined);
  clock.ms = minute;
  for (let key = 0; key < 16; key += 1) assert.equal(counters.add(`new-${key}`, minute, minute, 1), 1);
  for (let key = 0; key < 16; key += 1) assert.equal(counters.add(`new-${key}`, minute, minute, 1), 2);
  assert.equal(counters.add('one more', minute, minute, 1), undefined);
});

test('a full table displaces what has counted least, never what is near its limit', () => {
  const { table: counters } = table(16);
  for (let key = 0; key < 16; key += 1) counters.add(`key-${key}`, 0, minute, 100 - key);
  for (let flood = 0; flood < 500; flood += 1) {
    assert.equal(counters.addDisplacing(`flood-${flood}`, 0, minute, 1), 1);
  }
  for (let key = 0; key < 15; key += 1) assert.equal(counters.add(`key-${key}`, 0, minute, 1), 101 - key);
});

test('counts do not run over', () => {
  const { table: counters } = table(16);
  counters.add('a', 0, minute, 0xffff_fffe);
  assert.equal(counters.add('a', 0, minute, 1), 0xffff_ffff);
  assert.equal(counters.add('a', 0, minute, 1), 0xffff_ffff);
  assert.equal(counters.add('b', 0, minute, 1), 1);
});

/**
 * Threads that count the same keys at the same time. Each answer a thread gets is marked in `seen`: were one count
 * lost or one counter kept twice, some answer would be given twice.
 */
async function hammer(plan: {
  readonly threads: number;
  readonly counters: number;
  readonly windows: number;
  readonly keys: number;
  readonly adds: number;
}): Promise<Int32Array> {
  const perKey = plan.threads * plan.adds;
  const seen = new Int32Array(new SharedArrayBuffer(4 * plan.windows * plan.keys * (perKey + 1)));
  const barrier = new Int32Array(new SharedArrayBuffer(8));
  const memory = counterMemory(plan.counters);
  const entry = siblingModule(import.meta.url, './testing-counter-thread');
  await Promise.all(
    Array.from({ length: plan.threads }, () => {
      const worker = new Worker(entry, { workerData: { ...plan, memory, seen, barrier } });
      return new Promise<void>((resolve, reject) => {
        worker.once('error', reject);
        worker.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`exit ${code}`))));
      });
    }),
  );
  return seen;
}

for (const [what, plan] of [
  ['many keys with room for all', { threads: 3, counters: 4096, windows: 4, keys: 200, adds: 20 }],
  ['keys that take over each other', { threads: 3, counters: 16, windows: 300, keys: 12, adds: 4 }],
  ['one key that everybody counts', { threads: 4, counters: 64, windows: 3, keys: 1, adds: 3000 }],
] as const) {
  test(`threads lose no count and count none twice: ${what}`, { timeout: 60_000 }, async () => {
    const seen = await hammer(plan);
    const perKey = plan.threads * plan.adds;
    const wrong: string[] = [];
    for (let counter = 0; counter < plan.windows * plan.keys; counter += 1) {
      for (let count = 0; count <= perKey; count += 1) {
        const times = seen[counter * (perKey + 1) + count];
        if (times !== (count === 0 ? 0 : 1)) wrong.push(`counter ${counter}: ${count} was answered ${times} times`);
      }
    }
    assert.deepEqual(wrong.slice(0, 10), []);
  });
}
