import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Sweeper, type Timed } from './sweeper.ts';

const never = Number.POSITIVE_INFINITY;

/** Notes when it was asked; `next` tells what it answers. */
class Probe implements Timed {
  readonly askedAt: number[] = [];
  readonly #next: (now: number) => number;

  constructor(next: (now: number) => number) {
    this.#next = next;
  }

  check(now: number): number {
    this.askedAt.push(now);
    return this.#next(now);
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function eventually(condition: () => boolean): Promise<void> {
  for (const until = performance.now() + 5000; !condition() && performance.now() < until; ) await sleep(5);
}

describe('the sweep over deadlines', () => {
  it('comes when the earliest one is due, and not before', async () => {
    const probe = new Probe(() => never);
    const sweeper = new Sweeper(new Set([probe]));
    const start = performance.now();
    sweeper.note(start + 5000);
    sweeper.note(start + 30);
    sweeper.note(start + 60);
    await eventually(() => probe.askedAt.length > 0);
    assert.equal(probe.askedAt.length, 1);
    assert.ok((probe.askedAt[0] ?? 0) >= start + 30);
    sweeper.stop();
  });

  it('comes again for what members answer', async () => {
    const probe = new Probe((now) => (probe.askedAt.length < 3 ? now + 15 : never));
    const sweeper = new Sweeper(new Set([probe]));
    sweeper.note(performance.now() + 5);
    await eventually(() => probe.askedAt.length === 3);
    assert.equal(probe.askedAt.length, 3);
    sweeper.stop();
  });

  it('keeps deadlines that are noted while it runs', async () => {
    const probe: Probe = new Probe((now) => {
      if (probe.askedAt.length === 1) sweeper.note(now + 20);
      return never;
    });
    const sweeper = new Sweeper(new Set([probe]));
    sweeper.note(performance.now() + 5);
    await eventually(() => probe.askedAt.length === 2);
    assert.equal(probe.askedAt.length, 2);
    sweeper.stop();
  });

  it('can wait longer than a timer can', async () => {
    const probe = new Probe(() => never);
    const sweeper = new Sweeper(new Set([probe]));
    sweeper.note(performance.now() + 2 ** 40);
    await sleep(20);
    assert.equal(probe.askedAt.length, 0);
    sweeper.stop();
  });
});
