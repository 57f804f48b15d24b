import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFormPairs, percentDecode } from './form-pairs.ts';

function pairs(text: string) {
  const parsed = parseFormPairs(text, 10);
  return parsed.kind === 'pairs' ? parsed.pairs : parsed.kind;
}

test('names and values are decoded, empty pairs are skipped', () => {
  assert.deepEqual(pairs('a=1&&b+c=%20x+y&=v&'), [
    ['a', '1'],
    ['b c', ' x y'],
    ['', 'v'],
  ]);
});

test('a name without = is true, a value keeps its further =', () => {
  assert.deepEqual(pairs('a&b=c=d&e='), [
    ['a', true],
    ['b', 'c=d'],
    ['e', ''],
  ]);
});

test('a percent sign without two digits stands for itself', () => {
  assert.deepEqual(pairs('a=100%&b=%zz&c=%4'), [
    ['a', '100%'],
    ['b', '%zz'],
    ['c', '%4'],
  ]);
});

test('bytes that are not UTF-8 make the form malformed', () => {
  assert.equal(pairs('a=%ff'), 'malformed');
  assert.equal(pairs('%c3=1'), 'malformed');
  assert.deepEqual(pairs('a=%C3%A9%f0%9f%98%80'), [['a', 'é😀']]);
});

test('the bound on pairs is kept', () => {
  assert.equal(pairs('a=1&'.repeat(11)), 'too_many');
  assert.equal(pairs('a=1&'.repeat(10)).length, 10);
});

test('decoding happens once', () => {
  assert.equal(percentDecode('%2525'), '%25');
  assert.equal(percentDecode('é%00'), 'é\u0000');
});
