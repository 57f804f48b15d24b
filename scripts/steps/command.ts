import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { packageRoot } from '../../src/base/paths.ts';
import type { Step } from './run-steps.ts';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** After this long the program and all it started are ended, and the code is null. */
  readonly timeoutMs?: number;
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
    // A group of its own, so that what it started can be ended with it.
    detached: true,
  });
  const endGroup = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // The group has ended already, which is what was wanted.
    }
  };
  const timer = setTimeout(endGroup, options.timeoutMs ?? 600_000);
  groups.add(endGroup);
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
    child.on('close', (code) => {
      clearTimeout(timer);
      groups.delete(endGroup);
      resolve({ code, stdout, stderr });
    });
  });
}

const groups = new Set<() => void>();

// Groups of their own do not get the terminal's Ctrl-C; whatever ends this script ends them.
process.on('exit', () => {
  for (const endGroup of groups) endGroup();
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

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
