import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NameDirectory, type NameLifetimes } from './name-directory.ts';
import type { Resolution } from './resolver.ts';

const found = (ip: string, ttlSeconds = 10): Resolution => ({
  kind: 'found',
  addresses: [{ ip, port: undefined, weight: 1, srvName: undefined }],
  ttlSeconds,
  from: 'A',
});
const notFound: Resolution = { kind: 'not_found', detail: 'no such name' };
const failed: Resolution = { kind: 'error', detail: 'server failure' };

/** A directory on a clock of its own; what a name resolves to is set, and every question noted. */
function directory(lifetimes: Partial<NameLifetimes> = {}, entriesMax = 100) {
  const clock = { ms: 0 };
  const timers = new Set<{ at: number; callback: () => void }>();
  const answers = new Map<string, Resolution>();
  const asked: string[] = [];
  const told: string[] = [];
  const names = new NameDirectory({
    resolve: async (name) => {
      asked.push(name);
      return answers.get(name) ?? notFound;
    },
    lifetimes: { validSeconds: undefined, staleSeconds: 3600, notFoundSeconds: 30, errorSeconds: 1, ...lifetimes },
    entriesMax,
    now: () => clock.ms,
    delay: (callback, delayMs) => {
      const timer = { at: clock.ms + delayMs, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    onAnswer: (name) => told.push(name),
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const pass = async (ms: number) => {
    const until = clock.ms + ms;
    for (;;) {
      await settle();
      const [next] = [...timers].filter(({ at }) => at <= until).sort((left, right) => left.at - right.at);
      if (next === undefined) break;
      timers.delete(next);
      clock.ms = next.at;
      next.callback();
    }
    clock.ms = until;
    await settle();
  };
  return { names, answers, asked, told, pass, timers };
}

test('a name is looked up once for all who ask, and again when its TTL is over', async () => {
  const { names, answers, asked, told, pass } = directory();
  answers.set('a', found('10.0.0.1'));
  names.want('a');
  names.want('a');
  assert.equal(names.lookUp('a'), undefined);
  await pass(0);
  names.want('a');
  await pass(9999);
  names.want('a');
  assert.deepEqual(asked, ['a']);
  assert.equal(told.length, 3, 'everybody who asks is told');
  await pass(1);
  names.want('a');
  await pass(0);
  assert.deepEqual(asked, ['a', 'a']);
});

test('an answer serves stale while it is looked up again, and no longer than that is allowed', async () => {
  const { names, answers, pass } = directory({ staleSeconds: 100 });
  answers.set('a', found('10.0.0.1'));
  names.want('a');
  await pass(20_000);
  assert.deepEqual(names.recordOf('a'), {
    kind: 'found',
    addresses: [{ ip: '10.0.0.1', port: undefined, weight: 1, srvName: undefined }],
    freshMs: 0,
    usableMs: 90_000,
  });
  await pass(90_000);
  assert.equal(names.lookUp('a'), undefined);
});

test('while name servers fail the last answer stays, until it is too old', async () => {
  const { names, answers, asked, pass } = directory({ staleSeconds: 60, errorSeconds: 5 });
  answers.set('a', found('10.0.0.1'));
  names.watch('a');
  await pass(0);
  answers.set('a', failed);
  await pass(50_000);
  assert.equal(names.lookUp('a')?.kind, 'found');
  assert.ok(asked.length >= 8 && asked.length <= 11, `asked ${asked.length} times`);
  await pass(30_000);
  assert.equal(names.lookUp('a')?.kind, 'error');
  answers.set('a', found('10.0.0.2'));
  await pass(5000);
  assert.equal(names.lookUp('a')?.kind, 'found');
});

test('a name that is gone is gone at once', async () => {
  const { names, answers, pass } = directory();
  answers.set('a', found('10.0.0.1'));
  names.watch('a');
  await pass(0);
  answers.set('a', notFound);
  await pass(10_000);
  assert.equal(names.lookUp('a')?.kind, 'not_found');
  assert.deepEqual(names.recordOf('a'), {
    kind: 'failed',
    fault: 'not_found',
    detail: 'no such name',
    usableMs: 30_000,
  });
});

test('what is not there is not asked for again before its time', async () => {
  const { names, answers, asked, pass } = directory({ notFoundSeconds: 30, errorSeconds: 2 });
  names.want('a');
  await pass(29_999);
  names.want('a');
  await pass(0);
  assert.equal(asked.length, 1);
  await pass(1);
  names.want('a');
  await pass(0);
  assert.equal(asked.length, 2);
  answers.set('b', failed);
  names.want('b');
  await pass(1999);
  names.want('b');
  await pass(1);
  names.want('b');
  await pass(0);
  assert.equal(asked.length, 4);
});

test('dns_valid_ttl takes the place of every TTL', async () => {
  const { names, answers, asked, pass } = directory({ validSeconds: 100 });
  answers.set('a', found('10.0.0.1', 1));
  names.want('a');
  await pass(99_999);
  names.want('a');
  await pass(0);
  assert.equal(asked.length, 1);
  await pass(1);
  names.want('a');
  await pass(0);
  assert.equal(asked.length, 2);
});

test('a TTL of 0 is a second', async () => {
  const { names, answers, asked, pass } = directory();
  answers.set('a', found('10.0.0.1', 0));
  names.watch('a');
  await pass(10_500);
  assert.ok(asked.length === 11, `asked ${asked.length} times`);
});

test('a watched name is kept fresh until nobody watches it any more', async () => {
  const { names, answers, asked, told, pass, timers } = directory();
  answers.set('a', found('10.0.0.1'));
  names.watch('a');
  names.watch('a');
  await pass(35_000);
  assert.equal(asked.length, 4);
  assert.equal(told.length, 4);
  names.unwatch('a');
  await pass(10_000);
  assert.equal(asked.length, 5);
  names.unwatch('a');
  await pass(100_000);
  assert.equal(asked.length, 5);
  assert.equal(timers.size, 0);
});

test('names longest unused are forgotten first, watched ones never', async () => {
  const { names, answers, pass } = directory({}, 3);
  for (const name of ['watched', 'old', 'used', 'new']) answers.set(name, found('10.0.0.1', 1000));
  names.watch('watched');
  for (const name of ['old', 'used']) names.want(name);
  await pass(0);
  names.want('used');
  names.want('old');
  names.want('used');
  names.want('new');
  await pass(0);
  assert.equal(names.size, 3);
  assert.deepEqual([...names.names()].sort(), ['new', 'used', 'watched']);
});

test('a closed directory asks nobody', async () => {
  const { names, asked, pass } = directory();
  names.watch('a');
  await pass(0);
  names.close();
  names.want('b');
  await pass(100_000);
  assert.deepEqual(asked, ['a']);
});
