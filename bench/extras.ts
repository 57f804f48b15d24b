import { join } from 'node:path';
import { runCommand } from '../scripts/steps/command.ts';
import { packageRoot } from '../src/base/paths.ts';

/** A measurement that is a program of its own: it prints what it found and ends with 0 when its target is met. */
export interface Extra {
  readonly title: string;
  readonly script: string;
  /** Its size in a full run, and in a quick one. */
  readonly size: number;
  readonly quickSize: number;
}

export interface ExtraResult {
  readonly title: string;
  readonly met: boolean;
  /** What it printed. */
  readonly lines: readonly string[];
}

export const extras: readonly Extra[] = [
  { title: '10,000 idle connections', script: 'idle-connections.ts', size: 10_000, quickSize: 500 },
  { title: '1 GB streamed each way', script: 'streaming.ts', size: 1000, quickSize: 20 },
  { title: 'p99 while configuration changes', script: 'changes.ts', size: 5, quickSize: 1 },
  { title: 'changes among 10,000 routes', script: 'changes-at-scale.ts', size: 10_000, quickSize: 300 },
];

/** Runs them one after the other on the compiled build, alone on the machine. */
export async function runExtras(quick: boolean, say: (line: string) => void): Promise<ExtraResult[]> {
  const results: ExtraResult[] = [];
  for (const { title, script, size, quickSize } of extras) {
    const path = join(packageRoot(), 'bench', script);
    const { code, stdout, stderr } = await runCommand('node', [path, String(quick ? quickSize : size)]);
    const lines = `${stdout}${code === 0 ? '' : stderr}`.trim().split('\n');
    say(`${title}: ${lines.at(-1)}`);
    results.push({ title, met: code === 0, lines });
  }
  return results;
}
