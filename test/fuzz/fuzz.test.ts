import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runTarget } from './run-target.ts';
import { fuzzTargets } from './targets.ts';

/** FUZZ_SECONDS for each target; FUZZ_SEED repeats a failure. */
const seconds = Number(process.env['FUZZ_SECONDS'] ?? 2);
const firstSeed = Number(process.env['FUZZ_SEED'] ?? 1);
const inputsMin = 300;

describe("input of strangers, made by seeds: nothing throws, hangs, blames us or is laxer than the grammar's letter", () => {
  for (const target of fuzzTargets) {
    test(`${target.name} hold to it`, (context) => {
      const outcome = runTarget(target, firstSeed, seconds * 1000, inputsMin);
      context.diagnostic(`${outcome.inputs} inputs, the slowest took ${outcome.slowestMs.toFixed(1)} ms`);
      assert.equal(outcome.failure, undefined);
    });
  }
});
