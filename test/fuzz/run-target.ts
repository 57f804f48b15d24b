import { Seeded } from '../support/seeded.ts';
import type { FuzzTarget } from './target.ts';

export interface FuzzOutcome {
  readonly name: string;
  readonly inputs: number;
  /** Of the slowest input. */
  readonly slowestMs: number;
  readonly failure: string | undefined;
}

/** An input that takes longer is a hang: the slowest honest one takes a few milliseconds on a busy machine. */
const hangMs = 2000;

/** Runs a target with one seed after the other, from `firstSeed` on, and stops at the first failure. */
export function runTarget(target: FuzzTarget, firstSeed: number, durationMs: number, inputsMin: number): FuzzOutcome {
  const until = performance.now() + durationMs;
  let slowestMs = 0;
  let inputs = 0;
  let failure: string | undefined;
  for (let seed = firstSeed; failure === undefined; seed += 1) {
    const startedAt = performance.now();
    if (startedAt >= until && inputs >= inputsMin) break;
    try {
      target.run(new Seeded(seed));
    } catch (error) {
      failure = `seed ${seed}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    }
    const tookMs = performance.now() - startedAt;
    slowestMs = Math.max(slowestMs, tookMs);
    if (tookMs > hangMs) failure ??= `seed ${seed} took ${Math.round(tookMs)} ms`;
    inputs += 1;
  }
  return { name: target.name, inputs, slowestMs, failure };
}
