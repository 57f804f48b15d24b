import { limits } from '../base/limits.ts';

/**
 * Indexes of weights in turn: each stands in it in proportion to its weight, spread evenly, so that any stretch of
 * the wheel is as fair as it can be. The same weights give the same wheel in every thread. Weights of 0 are left
 * out; a wheel that would be too long is scaled down, where every index keeps at least one place.
 */
export function buildWheel(weights: readonly number[]): Uint16Array | Uint32Array {
  const divisor = weights.reduce((sum, weight) => commonDivisor(sum, weight), 0);
  if (divisor === 0) return new Uint16Array(0);
  let places = weights.map((weight) => weight / divisor);
  const total = sumOf(places);
  if (total > limits.balancerWheelSlotsMax) {
    const scale = limits.balancerWheelSlotsMax / total;
    places = places.map((count) => (count === 0 ? 0 : Math.max(1, Math.round(count * scale))));
  }
  const turns: { index: number; at: number }[] = [];
  for (const [index, count] of places.entries()) {
    for (let turn = 0; turn < count; turn += 1) turns.push({ index, at: (turn + 0.5) / count });
  }
  turns.sort((left, right) => left.at - right.at || left.index - right.index);
  const wheel = weights.length <= 0xffff ? new Uint16Array(turns.length) : new Uint32Array(turns.length);
  for (const [place, turn] of turns.entries()) wheel[place] = turn.index;
  return wheel;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function commonDivisor(left: number, right: number): number {
  return right === 0 ? left : commonDivisor(right, left % right);
}
