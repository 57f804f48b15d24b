import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../base/limits.ts';
import { claimAt, claimWords, compileRequirement, meets, satisfies } from './claims.ts';

const claims = JSON.parse(
  '{"scope":"a b","realm_access":{"roles":["x","y"]},"list":[{"id":1},[["deep"]]],"__proto__":{"admin":"yes"},"a.b":1,"7":"seven","n":null}',
);

test('a path leads from the outside in', () => {
  assert.equal(claimAt(claims, ['scope']), 'a b');
  assert.deepEqual(claimAt(claims, ['realm_access', 'roles']), ['x', 'y']);
  assert.equal(claimAt(claims, ['a.b']), 1);
  assert.equal(claimAt(claims, ['n']), null);
  assert.equal(claimAt(claims, ['7']), 'seven');
});

test('array parts count from 1', () => {
  assert.equal(claimAt(claims, ['realm_access', 'roles', '1']), 'x');
  assert.equal(claimAt(claims, ['realm_access', 'roles', '2']), 'y');
  assert.equal(claimAt(claims, ['list', '1', 'id']), 1);
  assert.equal(claimAt(claims, ['list', '2', '1', '1']), 'deep');
  for (const part of ['0', '3', '-1', '01', '1.0', '1e0', ' 1', '', 'length', 'map', '99999999999999999999']) {
    assert.equal(claimAt(claims, ['realm_access', 'roles', part]), undefined, part);
  }
});

test('only own members are found', () => {
  for (const part of ['constructor', 'toString', 'hasOwnProperty', '__defineGetter__', 'admin']) {
    assert.equal(claimAt(claims, [part]), undefined, part);
  }
  assert.deepEqual(claimAt(claims, ['__proto__']), { admin: 'yes' });
  assert.equal(claimAt({}, ['__proto__']), undefined);
  assert.equal(claimAt(claims, ['scope', 'length']), undefined);
  assert.equal(claimAt(claims, ['scope', '1']), undefined);
});

test('missing steps, empty paths and values that are no objects find nothing', () => {
  assert.equal(claimAt(claims, []), undefined);
  assert.equal(claimAt(claims, ['nope', 'roles']), undefined);
  assert.equal(claimAt(claims, ['n', 'x']), undefined);
  for (const value of [undefined, null, 1, 'text', true]) assert.equal(claimAt(value, ['a']), undefined);
});

test('words come from a spaced string, an array or a single value', () => {
  assert.deepEqual(claimWords('a b'), ['a', 'b']);
  assert.deepEqual(claimWords('  a   b '), ['a', 'b']);
  assert.deepEqual(claimWords('a\tb'), ['a\tb']);
  assert.deepEqual(claimWords(['a', 'b c', '', 3, true, null, {}, ['d']]), ['a', 'b c', '3', 'true']);
  assert.deepEqual(claimWords(7), ['7']);
  for (const value of ['', ' ', [], undefined, null, {}, { a: 1 }]) assert.deepEqual(claimWords(value), []);
});

test('the number of words is bounded', () => {
  assert.equal(claimWords('a '.repeat(10_000)).length, limits.claimWordsMax);
  assert.equal(claimWords(Array(10_000).fill('a')).length, limits.claimWordsMax);
});

test('entries are alternatives, the words of one entry are all needed', () => {
  assert.equal(satisfies(['openid email'], ['openid', 'email']), true);
  assert.equal(satisfies(['openid email'], ['openid']), false);
  assert.equal(satisfies(['openid', 'email'], ['email']), true);
  assert.equal(satisfies(['a b', 'c'], ['b', 'c']), true);
  assert.equal(satisfies(['a b', 'c'], ['b']), false);
  assert.equal(satisfies(['A'], ['a']), false);
  assert.equal(satisfies(['read'], ['reader']), false);
  assert.equal(satisfies(['a'], []), false);
});

test('nothing required is satisfied, but a blank entry never is', () => {
  assert.equal(satisfies([], []), true);
  assert.equal(compileRequirement([]), undefined);
  assert.equal(compileRequirement(null), undefined);
  assert.equal(compileRequirement(undefined), undefined);
  assert.equal(satisfies([''], ['a']), false);
  assert.equal(satisfies([' ', ''], []), false);
  assert.equal(satisfies(['', 'a'], ['a']), true);
  assert.equal(satisfies(['', 'a'], ['b']), false);
});

test('a compiled requirement decides like the uncompiled one and names its entries', () => {
  const requirement = compileRequirement(['a b', 'c']);
  assert.ok(requirement);
  assert.equal(meets(requirement, ['b', 'a']), true);
  assert.equal(meets(requirement, ['a']), false);
  assert.equal(requirement.text, 'a b or c');
});
