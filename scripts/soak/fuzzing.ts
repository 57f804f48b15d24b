import { randomInt } from 'node:crypto';
import { runTarget } from '../../test/fuzz/run-target.ts';
import { fuzzTargets } from '../../test/fuzz/targets.ts';
import type { Section } from './traffic-report.ts';

/** Runs every fuzz target for its share of the time, from a seed that no run before had. */
export function fuzzSection(minutes: number): Section {
  const firstSeed = randomInt(1, 2 ** 30);
  const shareMs = (minutes * 60_000) / fuzzTargets.length;
  const outcomes = fuzzTargets.map((target) => {
    const outcome = runTarget(target, firstSeed, shareMs, 1);
    process.stdout.write(
      `fuzz ${outcome.name}: ${outcome.inputs} inputs${outcome.failure === undefined ? '' : ', FAILED'}\n`,
    );
    return outcome;
  });
  const failures = outcomes.filter(({ failure }) => failure !== undefined);
  const inputs = outcomes.reduce((sum, outcome) => sum + outcome.inputs, 0);
  return {
    good: failures.length === 0,
    lines: [
      `## Fuzzing: ${minutes} minutes, ${inputs} inputs from seed ${firstSeed}`,
      '',
      '| input | inputs | slowest, ms | held |',
      '|---|---|---|---|',
      ...outcomes.map(
        ({ name, inputs: count, slowestMs, failure }) =>
          `| ${name} | ${count} | ${slowestMs.toFixed(1)} | ${failure === undefined ? 'yes' : '**no**'} |`,
      ),
      '',
      ...failures.map(({ name, failure }) => `- ${name}, FUZZ_SEED to repeat it: ${failure?.split('\n')[0]}`),
    ],
  };
}
