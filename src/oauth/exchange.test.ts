import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../base/limits.ts';
import { responseHeader, retryAfterSeconds } from './exchange.ts';
import { answer } from './test-tokens.ts';

const at = Date.parse('Mon, 23 Nov 2026 10:00:00 GMT');
const wait = (value: string, nowMs = at) => retryAfterSeconds(answer('', 503, [['retry-after', value]], at), nowMs);

test('delta-seconds count from the answer, not from now', () => {
  assert.equal(wait('120'), 120);
  assert.equal(wait(' 120 '), 120);
  assert.equal(wait('120', at + 100_500), 20);
  assert.equal(wait('120', at + 500_000), 0);
});

test('an HTTP date counts until that moment', () => {
  assert.equal(wait('Mon, 23 Nov 2026 10:01:30 GMT'), 90);
  assert.equal(wait('Mon, 23 Nov 2026 09:00:00 GMT'), 0);
});

test('the wait is bounded', () => {
  assert.equal(wait('9999999999'), limits.providerRetryAfterSecondsMax);
  assert.equal(wait('Fri, 31 Dec 9999 23:59:59 GMT'), limits.providerRetryAfterSecondsMax);
});

test('anything else is no Retry-After', () => {
  const odd = ['', '-1', '1.5', '1e3', '99999999999', 'soon', '2026-11-23', 'Mon, 99 Nov 2026 99:99:99 GMT', '0x10'];
  for (const value of [...odd, 'Monday, 23-Nov-26 10:00:00 GMT']) assert.equal(wait(value), undefined, value);
  assert.equal(retryAfterSeconds(answer('', 503), at), undefined);
  assert.equal(retryAfterSeconds({ kind: 'failed', fault: 'reset', detail: '', at }, at), undefined);
});

test('the first field of a name counts', () => {
  const outcome = answer('', 200, [
    ['a', '1'],
    ['a', '2'],
  ]);
  assert.equal(responseHeader(outcome, 'a'), '1');
  assert.equal(responseHeader(outcome, 'b'), undefined);
});
