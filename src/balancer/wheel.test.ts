import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../base/limits.ts';
import { buildWheel } from './wheel.ts';

function sharesOf(wheel: ArrayLike<number>): number[] {
  const shares: number[] = [];
  for (const index of Array.from(wheel)) shares[index] = (shares[index] ?? 0) + 1;
  return shares;
}

test('a wheel has as many places as the weights without their common divisor', () => {
  assert.deepEqual(sharesOf(buildWheel([100, 200, 300])), [1, 2, 3]);
  assert.deepEqual([...buildWheel([100, 100, 100])], [0, 1, 2]);
  assert.deepEqual(sharesOf(buildWheel([7, 5])), [7, 5]);
});

test('a weight of 0 has no place, and nothing but zeros makes an empty wheel', () => {
  assert.deepEqual([...buildWheel([0, 10, 20])].sort(), [1, 2, 2]);
  assert.equal(buildWheel([0, 0]).length, 0);
  assert.equal(buildWheel([]).length, 0);
});

test('any stretch of the wheel is fair to within one place', () => {
  const weights = [1, 3, 7, 20];
  const wheel = [...buildWheel(weights)];
  const total = 31;
  for (let length = 1; length <= total; length += 1) {
    for (let start = 0; start < total; start += 1) {
      const seen = [0, 0, 0, 0];
      for (let step = 0; step < length; step += 1) {
        const index = wheel[(start + step) % total] ?? 0;
        seen[index] = (seen[index] ?? 0) + 1;
      }
      for (const [index, weight] of weights.entries()) {
        const fair = (length * weight) / total;
        assert.ok(Math.abs((seen[index] ?? 0) - fair) <= 2, `${start}+${length}: ${seen} for ${weights}`);
      }
    }
  }
});

test('a wheel that would be too long is scaled down, and nobody falls off it', () => {
  const wheel = buildWheel([65_535, 65_534, 1]);
  assert.ok(wheel.length <= limits.balancerWheelSlotsMax + 3);
  const [first = 0, second = 0, third = 0] = sharesOf(wheel);
  assert.ok(Math.abs(first - second) <= 1);
  assert.equal(third, 1);
});
