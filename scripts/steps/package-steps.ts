import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageVersion } from '../../src/base/paths.ts';
import { type CommandOutcome, commandStep, runCommand } from './command.ts';
import { testStep } from './node-tests.ts';
import type { Step, StepOutcome } from './run-steps.ts';

/**
 * Builds and packs the package, installs it into an empty folder as a user would, and lets the guide's
 * test run against that: what works only in a checkout shows here. The tests find the program through
 * TEST_SALLYPORT_BIN (not SALLYPORT_…, where every unknown name stops the gateway's start).
 */
export function packageSteps(): Step[] {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-pack-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, 'node_modules', '.bin', 'sallyport');
  return [
    commandStep('build', 'node', ['scripts/build.ts']),
    { name: 'pack and install', run: () => packAndInstall(folder) },
    { name: 'packed: --help', run: () => answers(program, '--help', /^Usage: sallyport /m, folder) },
    { name: 'packed: version', run: () => answers(program, 'version', new RegExp(escaped(packageVersion())), folder) },
    testStep('packed: the guide', ['test/guide/*.test.ts'], {
      concurrency: 1,
      env: { TEST_SALLYPORT_BIN: program },
    }),
  ];
}

async function packAndInstall(folder: string): Promise<StepOutcome> {
  // The step before has built; prepack would do it again.
  const packed = await runCommand('npm', ['pack', '--ignore-scripts', '--pack-destination', folder]);
  if (packed.code !== 0) return outcomeOf(packed, false);
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (archive === undefined) return outcomeOf(packed, false);
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
  const args = ['install', '--no-audit', '--no-fund', '--prefer-offline', `./${archive}`];
  const installed = await runCommand('npm', args, { cwd: folder });
  return outcomeOf(installed, installed.code === 0);
}

async function answers(program: string, argument: string, expected: RegExp, cwd: string): Promise<StepOutcome> {
  const answer = await runCommand(program, [argument], { cwd });
  return outcomeOf(answer, answer.code === 0 && expected.test(answer.stdout));
}

function outcomeOf({ code, stdout, stderr }: CommandOutcome, ok: boolean): StepOutcome {
  return { ok, output: `exit code ${code}\n${stdout}${stderr}`, passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
}

function escaped(text: string): string {
  return text.replace(/[.+]/g, '\\$&');
}
