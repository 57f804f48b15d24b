import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SnapshotHolder } from '../snapshot/index.ts';
import { createPublisher } from './publisher.ts';

function publisher(snapshot = new SnapshotHolder()) {
  return createPublisher({ snapshot, plugins: new Map(), fleet: { publish: async () => {} } });
}

test('work given in turn runs one after the other, in the order given', async () => {
  const { inTurn } = publisher();
  const order: string[] = [];
  const work = (name: string) => async () => {
    order.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 2));
    order.push(`${name} ends`);
    return name;
  };
  assert.deepEqual(await Promise.all([inTurn(work('a')), inTurn(work('b'))]), ['a', 'b']);
  assert.deepEqual(order, ['a begins', 'a ends', 'b begins', 'b ends']);
});

test('work that fails does not hold up the next', async () => {
  const { inTurn } = publisher();
  const failed = inTurn(() => Promise.reject(new Error('no')));
  const next = inTurn(async () => 'done');
  await assert.rejects(failed, /no/);
  assert.equal(await next, 'done');
});

test('a check changes nothing until it is committed', async () => {
  const snapshot = new SnapshotHolder();
  const before = snapshot.current;
  const checked = await publisher(snapshot).check({ revision: 7, upserts: [], deletes: [] });
  assert.equal(checked.kind, 'ok');
  assert.equal(snapshot.current, before);
  if (checked.kind === 'ok') checked.commit();
  assert.equal(snapshot.current.revision, 7);
});
