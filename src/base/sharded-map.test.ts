import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ShardedMap } from './sharded-map.ts';

function filled(count: number): ShardedMap<number> {
  const draft = ShardedMap.empty<number>().edit();
  for (let index = 0; index < count; index += 1) draft.set(`key-${index}`, index);
  return draft.done();
}

test('what a draft set is found in its result, whatever the size', () => {
  for (const count of [0, 1, 127, 128, 129, 130, 5000]) {
    const map = filled(count);
    assert.equal(map.size, count);
    for (let index = 0; index < count; index += 1) assert.equal(map.get(`key-${index}`), index);
    assert.equal(map.get('missing'), undefined);
    assert.equal([...map.values()].length, count);
    assert.equal(new Map(map.entries()).size, count);
  }
});

test('drafts never change the map they came from', () => {
  for (const count of [10, 128, 5000]) {
    const map = filled(count);
    const draft = map.edit();
    for (let index = 0; index < count; index += 2) draft.delete(`key-${index}`);
    for (let index = 0; index < 300; index += 1) draft.set(`new-${index}`, index);
    draft.set('key-1', -1);
    const changed = draft.done();
    assert.equal(map.size, count);
    assert.equal(map.get('key-1'), 1);
    assert.equal(map.get('key-0'), 0);
    assert.equal(map.get('new-0'), undefined);
    assert.equal(changed.get('key-1'), -1);
    assert.equal(changed.has('key-0'), false);
    assert.equal(changed.size, count - Math.ceil(count / 2) + 300);
  }
});

test('a draft that goes on after done leaves the result alone', () => {
  const draft = filled(1000).edit();
  draft.set('a', 1);
  const first = draft.done();
  draft.set('a', 2);
  draft.delete('key-5');
  const second = draft.done();
  assert.deepEqual([first.get('a'), first.get('key-5')], [1, 5]);
  assert.deepEqual([second.get('a'), second.get('key-5')], [2, undefined]);
});

test('a draft without a change gives back its source', () => {
  const map = filled(1000);
  const draft = map.edit();
  assert.equal(draft.delete('missing'), false);
  assert.equal(draft.done(), map);
});

test('a draft reads its own changes and counts them', () => {
  const draft = filled(3).edit();
  draft.set('key-0', 9);
  assert.equal(draft.delete('key-1'), true);
  assert.equal(draft.delete('key-1'), false);
  assert.deepEqual([draft.get('key-0'), draft.get('key-1'), draft.get('key-2'), draft.size], [9, undefined, 2, 2]);
});

test('a random history of edits agrees with an ordinary map', () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  let map = ShardedMap.empty<number>();
  const model = new Map<string, number>();
  for (let round = 0; round < 60; round += 1) {
    const before = new Map(map.entries());
    const source = map;
    const draft = map.edit();
    for (let step = 0; step < 40; step += 1) {
      const key = `${'shared-part/'.repeat(random(4))}${random(600)}`;
      if (random(3) === 0) assert.equal(draft.delete(key), model.delete(key));
      else {
        draft.set(key, step);
        model.set(key, step);
      }
    }
    map = draft.done();
    assert.equal(map.size, model.size);
    assert.deepEqual(new Map([...map.entries()].sort()), new Map([...model.entries()].sort()));
    assert.deepEqual(new Map(source.entries()), before);
  }
});
