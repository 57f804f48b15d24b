import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Consumer, Upsert } from '../entities/index.ts';
import { ConsumerIndex } from './consumer-index.ts';
import { aChange, aConsumer, aRoute, upsertRoutes } from './test-support.ts';

function upserts(...consumers: readonly Consumer[]): Upsert[] {
  return consumers.map((entity) => ({ kind: 'consumers', entity }));
}

function indexOf(...consumers: readonly Consumer[]): ConsumerIndex {
  const index = new ConsumerIndex();
  index.apply(aChange(upserts(...consumers)));
  return index;
}

test('a consumer is found by each of its names', () => {
  const ann = aConsumer({ id: '1', username: 'Ann', custom_id: 'a-1' });
  const index = indexOf(ann, aConsumer({ id: '2', custom_id: 'b-2' }));
  assert.equal(index.byId('1'), ann);
  assert.equal(index.byUsername('Ann'), ann);
  assert.equal(index.byUsername('ann'), undefined);
  assert.equal(index.byUsernameIgnoringCase('aNN'), ann);
  assert.equal(index.byCustomId('a-1'), ann);
  assert.equal(index.byCustomId('b-2')?.id, '2');
  assert.equal(index.size, 2);
});

test('a renamed consumer is no longer found by its old names', () => {
  const index = indexOf(aConsumer({ id: '1', username: 'old', custom_id: 'o' }));
  index.apply(aChange(upserts(aConsumer({ id: '1', username: 'new' }))));
  assert.equal(index.byUsername('old'), undefined);
  assert.equal(index.byUsernameIgnoringCase('OLD'), undefined);
  assert.equal(index.byCustomId('o'), undefined);
  assert.equal(index.byUsername('new')?.id, '1');
  assert.equal(index.size, 1);
});

test('two consumers may swap names in one change', () => {
  const index = indexOf(aConsumer({ id: '1', username: 'x' }), aConsumer({ id: '2', username: 'y' }));
  index.apply(aChange(upserts(aConsumer({ id: '1', username: 'y' }), aConsumer({ id: '2', username: 'x' }))));
  assert.deepEqual([index.byUsername('x')?.id, index.byUsername('y')?.id], ['2', '1']);
  assert.deepEqual([index.byUsernameIgnoringCase('X')?.id, index.byUsernameIgnoringCase('Y')?.id], ['2', '1']);
});

test('a name passes to another consumer when its holder is deleted in the same change', () => {
  const index = indexOf(aConsumer({ id: '1', username: 'x' }));
  index.apply(aChange(upserts(aConsumer({ id: '2', username: 'x' })), [{ kind: 'consumers', id: '1' }]));
  assert.equal(index.byUsername('x')?.id, '2');
  assert.equal(index.size, 1);
});

test('of names that differ in case only the oldest consumer answers, until it goes', () => {
  const index = indexOf(
    aConsumer({ id: '1', username: 'BOB', created_at: 2 }),
    aConsumer({ id: '2', username: 'bob', created_at: 1 }),
  );
  assert.equal(index.byUsernameIgnoringCase('Bob')?.id, '2');
  index.apply(aChange([], [{ kind: 'consumers', id: '2' }]));
  assert.equal(index.byUsernameIgnoringCase('Bob')?.id, '1');
  assert.equal(index.byUsername('bob'), undefined);
});

test('other kinds and unknown ids are left alone', () => {
  const index = indexOf(aConsumer({ id: '1', username: 'x' }));
  index.apply(
    aChange(upsertRoutes(aRoute({ id: '1' })), [
      { kind: 'routes', id: '1' },
      { kind: 'consumers', id: '9' },
    ]),
  );
  assert.equal(index.byId('1')?.username, 'x');
  assert.equal(index.size, 1);
});
