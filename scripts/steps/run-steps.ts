/** What a step found. Steps without tests of their own count nothing when they pass and one failure when they fail. */
export interface StepOutcome {
  readonly ok: boolean;
  /** Printed when the step failed. */
  readonly output: string;
  readonly passed: number;
  readonly failed: number;
}

export interface Step {
  readonly name: string;
  run(): Promise<StepOutcome>;
}

/**
 * Runs steps in order, one line each with its time, and stops at the first that fails, with its
 * output. The last line is always `N passed, N failed`. Sets the exit code.
 */
export async function runSteps(steps: readonly Step[]): Promise<void> {
  let passed = 0;
  let failed = 0;
  for (const step of steps) {
    process.stdout.write(`${step.name.padEnd(22)} `);
    const startedAt = performance.now();
    const outcome = await step.run().catch(
      (error: unknown): StepOutcome => ({
        ok: false,
        output: error instanceof Error ? (error.stack ?? error.message) : String(error),
        passed: 0,
        failed: 1,
      }),
    );
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    const counted = outcome.passed + outcome.failed > 0 ? `  ${outcome.passed} passed, ${outcome.failed} failed` : '';
    process.stdout.write(`${outcome.ok ? 'ok    ' : 'FAILED'} ${seconds.padStart(6)} s${counted}\n`);
    passed += outcome.passed;
    failed += outcome.ok ? 0 : Math.max(1, outcome.failed);
    if (!outcome.ok) {
      process.stdout.write(`\n${outcome.output.trim()}\n\n`);
      process.exitCode = 1;
      break;
    }
  }
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
}
