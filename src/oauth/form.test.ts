import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../base/limits.ts';
import { buildForm, formEncode, parseForm } from './form.ts';

test('a form is built like URLSearchParams builds it, for every character', () => {
  const all = Array.from({ length: 0x250 }, (_, code) => String.fromCharCode(code)).join('');
  const pairs: [string, string][] = [
    ['a', all],
    ['é 漢🎈', ''],
    ['a', '\ud800 lone'],
  ];
  assert.equal(buildForm(pairs), new URLSearchParams(pairs).toString());
  assert.equal(buildForm([]), '');
  assert.equal(formEncode('plain-1._*'), 'plain-1._*');
});

test('what is built is read back', () => {
  const pairs: [string, string][] = [
    ['a', 'b c+d&e=f%'],
    ['a', ''],
    ['', 'x'],
    ['漢', '🎈\r\n'],
  ];
  assert.deepEqual(parseForm(buildForm(pairs)), pairs);
});

test('empty pieces are ignored and a name without = has an empty value', () => {
  assert.deepEqual(parseForm(''), []);
  assert.deepEqual(parseForm('&&a&b=&=c&d=e=f&'), [
    ['a', ''],
    ['b', ''],
    ['', 'c'],
    ['d', 'e=f'],
  ]);
});

test('a broken escape, bytes that are not UTF-8 and too many pairs have no reading', () => {
  for (const text of ['a=%', 'a=%4', 'a=%zz', '%f=1', 'a=%ff', 'a=%c0%af', 'a=%ed%a0%80']) {
    assert.equal(parseForm(text), undefined, text);
  }
  assert.equal(parseForm('a&'.repeat(limits.formPairsMax))?.length, limits.formPairsMax);
  assert.equal(parseForm('a&'.repeat(limits.formPairsMax + 1)), undefined);
});
