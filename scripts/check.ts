import { globSync } from 'node:fs';
import { packageRoot } from '../src/base/paths.ts';
import { testStep } from './steps/node-tests.ts';
import { packageSteps } from './steps/package-steps.ts';
import { runSteps, type Step } from './steps/run-steps.ts';
import { testSteps } from './steps/test-steps.ts';

// `npm run check`: everything that CI runs. With --after-test only what `npm test` leaves out.
const afterTest = process.argv.includes('--after-test');
const inTestSteps = new Set(['tidy', 'guide']);

/** One step per folder of test/, so that a new suite runs without being listed anywhere. */
function suiteSteps(): Step[] {
  const files = globSync('test/**/*.test.ts', { cwd: packageRoot() });
  const suites = [...new Set(files.map((file) => file.split('/')[1] ?? ''))].sort();
  return suites
    .filter((suite) => !inTestSteps.has(suite))
    .map((suite) => testStep(`suite ${suite}`, [`test/${suite}/**/*.test.ts`], { timeoutMs: 480_000 }));
}

await runSteps([...(afterTest ? [] : testSteps), ...suiteSteps(), ...packageSteps()]);
