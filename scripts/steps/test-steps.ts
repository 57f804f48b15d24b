import { commandStep } from './command.ts';
import { testStep } from './node-tests.ts';
import type { Step } from './run-steps.ts';

/** What `npm test` runs: quick things first, so that a slip shows within seconds. */
export const testSteps: readonly Step[] = [
  commandStep('types', 'node', ['node_modules/typescript/bin/tsc', '-p', '.']),
  commandStep('lint and format', 'node', [
    'node_modules/@biomejs/biome/bin/biome',
    'check',
    '--colors=off',
    '--error-on-warnings',
    '.',
  ]),
  testStep('house rules', ['test/tidy/*.test.ts']),
  commandStep('reference pages', 'node', ['scripts/docs.ts', '--check']),
  testStep('unit tests', ['src/**/*.test.ts']),
  testStep('the guide', ['test/guide/*.test.ts'], { concurrency: 1 }),
];
