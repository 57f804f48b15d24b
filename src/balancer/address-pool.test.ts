import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BalancingAlgorithm } from '../base/balancing.ts';
import { AddressCells, createAddressCells } from './address-cells.ts';
import { AddressPool, isUsable, type PoolAddress } from './address-pool.ts';
import { createPoolCells, PoolCells } from './pool-cells.ts';
import { cheapRandom } from './random.ts';

interface TestAddress extends PoolAddress {
  readonly name: string;
  readonly cells: AddressCells;
}

function address(name: string, weight = 100): TestAddress {
  return { name, ringName: name, weight, cells: new AddressCells(createAddressCells(1)) };
}

function pool(
  algorithm: BalancingAlgorithm,
  addresses: readonly TestAddress[],
  threshold = 0,
): { pool: AddressPool<TestAddress>; flip: (target: TestAddress, healthy: boolean) => void; clock: { ms: number } } {
  const cells = new PoolCells(createPoolCells(0));
  const clock = { ms: 1000 };
  return {
    pool: new AddressPool({
      addresses,
      algorithm,
      slots: 1000,
      threshold,
      cells,
      random: cheapRandom(7),
      now: () => clock.ms,
    }),
    flip: (target, healthy) => {
      target.cells.set(healthy);
      cells.bump();
    },
    clock,
  };
}

function tally(made: AddressPool<TestAddress>, picks: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let index = 0; index < picks; index += 1) {
    const name = made.pick(index * 7919)?.name ?? 'none';
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

const algorithms = ['round-robin', 'consistent-hashing', 'least-connections', 'latency'] as const;

describe('every algorithm', () => {
  for (const algorithm of algorithms) {
    test(`${algorithm} leaves unhealthy addresses out and takes them in again`, () => {
      const [a, b, c] = [address('a'), address('b'), address('c')];
      const { pool: made, flip } = pool(algorithm, [a, b, c]);
      flip(b, false);
      assert.equal(tally(made, 300)['b'], undefined);
      flip(b, true);
      assert.ok((tally(made, 300)['b'] ?? 0) > 0);
    });

    test(`${algorithm} has nothing to give when all are unhealthy`, () => {
      const [a, b] = [address('a'), address('b')];
      const { pool: made, flip } = pool(algorithm, [a, b]);
      flip(a, false);
      flip(b, false);
      assert.equal(made.pick(1), undefined);
      assert.equal(pool(algorithm, []).pool.pick(1), undefined);
    });

    test(`${algorithm} avoids what was tried as long as there is something else`, () => {
      const all = [address('a'), address('b'), address('c')];
      const { pool: made } = pool(algorithm, all);
      for (let round = 0; round < 20; round += 1) {
        const tried: TestAddress[] = [];
        for (let step = 0; step < 3; step += 1) {
          const picked = made.pick(round * 31, tried);
          assert.ok(picked !== undefined && !tried.includes(picked));
          tried.push(picked);
        }
        assert.ok(made.pick(round * 31, tried) !== undefined, 'after all were tried any of them will do');
      }
    });

    test(`${algorithm} gives the only address, unless it is unhealthy`, () => {
      const only = address('a');
      const { pool: made, flip } = pool(algorithm, [only]);
      assert.equal(made.pick(3), only);
      assert.equal(made.pick(3, [only]), only);
      flip(only, false);
      assert.equal(made.pick(3), undefined);
    });
  }
});

describe('round robin', () => {
  test('gives every address its exact share', () => {
    const { pool: made } = pool('round-robin', [address('a', 10), address('b', 20), address('c', 70)]);
    assert.deepEqual(tally(made, 1000), { a: 100, b: 200, c: 700 });
  });

  test('spreads the share of an unhealthy address over the others, not onto its neighbour', () => {
    const all = ['a', 'b', 'c', 'd'].map((name) => address(name));
    const { pool: made, flip } = pool('round-robin', all);
    const [, b] = all;
    if (b !== undefined) flip(b, false);
    const counts = tally(made, 3000);
    for (const name of ['a', 'c', 'd']) assert.ok(Math.abs((counts[name] ?? 0) - 1000) <= 1, JSON.stringify(counts));
  });

  test('of two threads takes turns', () => {
    const memory = createPoolCells(0);
    const all = ['a', 'b'].map((name) => address(name));
    const threads = [0, 1].map(
      () =>
        new AddressPool({
          addresses: all,
          algorithm: 'round-robin',
          slots: 10,
          threshold: 0,
          cells: new PoolCells(memory),
          random: cheapRandom(1),
          now: () => 0,
        }),
    );
    const names = Array.from({ length: 8 }, (_, index) => threads[index % 3 === 0 ? 0 : 1]?.pick(0)?.name);
    assert.deepEqual(names, ['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b']);
  });

  test('goes on when the shared position wraps', () => {
    const cells = new PoolCells(createPoolCells(0x7fffffff));
    const all = ['a', 'b'].map((name) => address(name));
    const made = new AddressPool({
      addresses: all,
      algorithm: 'round-robin',
      slots: 10,
      threshold: 0,
      cells,
      random: cheapRandom(1),
      now: () => 0,
    });
    assert.deepEqual(tally(made, 10), { a: 5, b: 5 });
  });
});

test('consistent hashing gives the same address for the same hash', () => {
  const { pool: made } = pool(
    'consistent-hashing',
    ['a', 'b', 'c'].map((name) => address(name)),
  );
  for (let hash = 0; hash < 1000; hash += 13) assert.equal(made.pick(hash), made.pick(hash));
  assert.equal(Object.keys(tally(made, 1000)).length, 3);
});

describe('least connections', () => {
  test('goes where least is under way for the weight', () => {
    const [a, b] = [address('a', 100), address('b', 300)];
    const { pool: made } = pool('least-connections', [a, b]);
    for (let index = 0; index < 80; index += 1) made.pick(0)?.cells.take(0);
    assert.deepEqual([a.cells.connections, b.cells.connections], [20, 60]);
    for (let index = 0; index < 20; index += 1) a.cells.release(0);
    for (let index = 0; index < 10; index += 1) assert.equal(made.pick(0), a);
  });

  test('takes turns among equals', () => {
    const { pool: made } = pool(
      'least-connections',
      ['a', 'b', 'c'].map((name) => address(name)),
    );
    assert.deepEqual(tally(made, 300), { a: 100, b: 100, c: 100 });
  });
});

test('latency sends most requests where answers come sooner, and none starve', () => {
  const [slow, fast] = [address('slow'), address('fast')];
  const { pool: made, clock } = pool('latency', [slow, fast]);
  slow.cells.noteLatency(400, false, clock.ms);
  fast.cells.noteLatency(5, false, clock.ms);
  assert.deepEqual(tally(made, 100), { fast: 100 });
  clock.ms += 60_000;
  assert.ok((tally(made, 1000)['slow'] ?? 0) >= 0);
  for (let index = 0; index < 500; index += 1) fast.cells.take(0);
  assert.equal(made.pick(0), slow, 'one that has much to do is not fast');
});

test('an upstream is unusable when at most the threshold of its weight is left', () => {
  const [a, b] = [address('a', 50), address('b', 50)];
  const { pool: made, flip } = pool('round-robin', [a, b], 50);
  assert.equal(made.usable, true);
  flip(a, false);
  assert.equal(made.usable, false);
  assert.equal(made.pick(0), undefined);
  flip(a, true);
  assert.equal(made.usable, true);
  assert.deepEqual(
    [isUsable(0, 100, 0), isUsable(1, 100, 0), isUsable(51, 100, 50), isUsable(50, 100, 50), isUsable(0, 0, 0)],
    [false, true, true, false, false],
  );
});
