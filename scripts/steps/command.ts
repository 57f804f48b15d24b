import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { packageRoot } from '../../src/base/paths.ts';
import type { Step } from './run-steps.ts';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface CommandOutcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end with its output collected. `node` and everything that asks for it on the
 * PATH is the Node that runs this script, so that a system with an older one is no exception.
 */
export function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandOutcome> {
  const path = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`;
  const child = spawn(program === 'node' ? process.execPath : program, args, {
    cwd: options.cwd ?? packageRoot(),
    env: { ...process.env, PATH: path, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** A step that is one program and succeeds with exit code 0. */
export function commandStep(name: string, program: string, args: readonly string[]): Step {
  return {
    name,
    async run() {
      const { code, stdout, stderr } = await runCommand(program, args);
      return { ok: code === 0, output: stdout + stderr, passed: 0, failed: code === 0 ? 0 : 1 };
    },
  };
}
