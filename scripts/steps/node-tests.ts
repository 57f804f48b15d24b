import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../src/base/paths.ts';
import { type CommandOptions, runCommand } from './command.ts';
import { totalsMark } from './failure-reporter.ts';
import type { Step, StepOutcome } from './run-steps.ts';

export interface TestStepOptions extends CommandOptions {
  /** Files at one time; two at most, the machines have two cores. */
  readonly concurrency?: 1 | 2;
  /** For the step as a whole; a file that keeps its process alive after its tests runs into it. */
  readonly timeoutMs?: number;
}

/** For one test; a wait that is longer is a hang. */
const testTimeoutMs = 120_000;

const reporter = fileURLToPath(new URL('./failure-reporter.ts', import.meta.url));

/** Runs the test files of some globs with node:test. Finding none, or one left out, is a failure. */
export function testStep(name: string, globs: readonly string[], options: TestStepOptions = {}): Step {
  return {
    name,
    async run() {
      const files = globs.flatMap((glob) => globSync(glob, { cwd: packageRoot() })).sort();
      if (files.length === 0) return failure(`no test file matches ${globs.join(', ')}`);
      const timeoutMs = options.timeoutMs ?? 240_000;
      const { stdout, stderr, code } = await runCommand(
        'node',
        [
          '--test',
          `--test-concurrency=${options.concurrency ?? 2}`,
          `--test-timeout=${testTimeoutMs}`,
          `--test-reporter=${reporter}`,
          '--test-reporter-destination=stdout',
          ...files,
        ],
        { ...options, timeoutMs },
      );
      return judge(stdout, stderr, code, timeoutMs);
    },
  };
}

function judge(stdout: string, stderr: string, code: number | null, timeoutMs: number): StepOutcome {
  const mark = stdout.lastIndexOf(totalsMark);
  const counts = mark === -1 ? undefined : countsOf(stdout.slice(mark + totalsMark.length));
  if (counts === undefined) {
    const how = code === null ? `was ended after ${timeoutMs / 1000} s` : `ended with exit code ${code}`;
    return failure(`node --test ${how} and gave no totals\n${stdout}${stderr}`);
  }
  const failed = counts.failed + counts.leftOut;
  const output = `${stdout.slice(0, mark)}${counts.leftOut > 0 ? `${counts.leftOut} tests were left out\n` : ''}${stderr}`;
  return { ok: code === 0 && failed === 0, output, passed: counts.passed, failed };
}

function countsOf(text: string): { passed: number; failed: number; leftOut: number } | undefined {
  const counts: unknown = JSON.parse(text);
  if (typeof counts !== 'object' || counts === null) return undefined;
  const number = (name: string) => Number(Reflect.get(counts, name) ?? 0);
  return {
    passed: number('passed'),
    failed: number('failed') + number('cancelled'),
    leftOut: number('skipped') + number('todo'),
  };
}

function failure(output: string): StepOutcome {
  return { ok: false, output, passed: 0, failed: 1 };
}
