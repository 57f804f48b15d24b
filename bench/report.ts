import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../src/base/paths.ts';
import type { ExtraResult } from './extras.ts';
import type { MachineFacts } from './machine.ts';
import type { ScenarioResult } from './rounds.ts';
import type { StartTimes } from './start-times.ts';
import type { Verdict } from './targets.ts';

/** Everything a run found; this is the JSON file. */
export interface BenchReport {
  /** Changes when the form of this record does. */
  readonly format: 1;
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly commit: string;
  /** Files that are shipped differ from the commit. */
  readonly uncommittedChanges: boolean;
  readonly machine: MachineFacts;
  readonly setup: {
    readonly cores: string;
    readonly rounds: number;
    readonly windowSeconds: number;
    readonly connections: number;
    readonly accessLog: string;
  };
  readonly scenarios: readonly ScenarioResult[];
  readonly starts: StartTimes | undefined;
  readonly extras: readonly ExtraResult[];
  readonly verdicts: readonly Verdict[];
}

/** Short commit of the checkout, and whether what is shipped differs from it. */
export function checkoutState(): Pick<BenchReport, 'commit' | 'uncommittedChanges'> {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: packageRoot(), encoding: 'utf8' }).trim();
  try {
    const changed = git('status', '--porcelain', '--', 'src', 'bin', 'package.json', 'package-lock.json');
    return { commit: git('rev-parse', '--short', 'HEAD'), uncommittedChanges: changed !== '' };
  } catch {
    return { commit: 'unknown', uncommittedChanges: true };
  }
}

/** Writes `<date>-<commit>.json` and `.md`; returns their paths without ending. */
export function writeReport(report: BenchReport, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${report.at.slice(0, 10)}-${report.commit}`);
  writeFileSync(`${path}.json`, `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(`${path}.md`, markdownOf(report));
  return path;
}

export function markdownOf(report: BenchReport): string {
  const { machine, setup } = report;
  const changes = report.uncommittedChanges ? ' with uncommitted changes' : '';
  return `# Benchmark of ${report.at.slice(0, 10)}, commit ${report.commit}${changes}

${machine.cpuModel}, ${machine.cores} cores, ${machine.memoryGigabytes} GB; ${machine.kernel}, Node ${machine.node}, nginx ${machine.nginx}, wrk ${machine.wrk}.
${setup.rounds} interleaved rounds of ${setup.windowSeconds} s windows, ${setup.connections} connections; ${setup.cores}; access log: ${setup.accessLog}.

## Targets

${table(['what', 'figure', 'floor', 'moonshot', 'outcome'], report.verdicts.map(verdictRow))}

## Scenarios

Medians over the rounds. CPU is user and system time of all threads of the measured process, per request;
in brackets the least and the most of a round. Latency is that of a saturated server.

${table(scenarioHead, report.scenarios.map(scenarioRow))}
${startsText(report.starts)}${extrasText(report.extras)}`;
}

function verdictRow({ name, unit, figure, floor, moonshot, outcome, atLeast }: Verdict): string[] {
  const sign = atLeast === true ? '≥' : '≤';
  const digits = unit === 'ms' ? 0 : 2;
  return [
    name,
    figure === undefined ? '–' : `${figure.toFixed(digits)} ${unit}`,
    unit === 'per client' ? `= ${floor}` : `${sign} ${floor}`,
    moonshot === undefined ? '' : `${sign} ${moonshot}`,
    outcome,
  ];
}

const scenarioHead = [
  'scenario',
  'CPU µs',
  'user + system',
  'requests/s',
  'p50 ms',
  'p99 ms',
  'RSS MB',
  'provider calls (token, discovery, JWKS)',
];

function scenarioRow({ title, windows, median, residentBytes, providerCalls }: ScenarioResult): string[] {
  const costs = windows.map((window) => window.cpuMicros);
  return [
    title,
    `${median.cpuMicros.toFixed(1)} (${Math.min(...costs).toFixed(1)}–${Math.max(...costs).toFixed(1)})`,
    `${median.userMicros.toFixed(1)} + ${median.systemMicros.toFixed(1)}`,
    String(Math.round(median.requestsPerSecond)),
    (median.p50Micros / 1000).toFixed(2),
    (median.p99Micros / 1000).toFixed(2),
    String(Math.round(residentBytes / 1e6)),
    `${providerCalls.token}, ${providerCalls.discovery}, ${providerCalls.jwks}`,
  ];
}

function startsText(starts: StartTimes | undefined): string {
  if (starts === undefined) return '';
  const list = (values: readonly number[]) => values.map((value) => value.toFixed(0)).join(', ');
  return `
## Start to ready

From the spawn to the first 200 of \`GET /status\`, milliseconds.

${table(
  ['start', 'median', 'runs'],
  [
    ['empty SQLite database', starts.medians.emptyDatabaseMs.toFixed(0), list(starts.emptyDatabaseMs)],
    ['declarative file with 10,000 routes', starts.medians.manyRoutesMs.toFixed(0), list(starts.manyRoutesMs)],
  ],
)}
`;
}

function extrasText(extras: readonly ExtraResult[]): string {
  if (extras.length === 0) return '';
  const parts = extras.map(
    ({ title, met, lines }) =>
      `### ${title}: ${met ? 'met' : 'not met'}\n\n${lines.map((line) => `- ${line}`).join('\n')}\n`,
  );
  return `\n## Programs of their own\n\n${parts.join('\n')}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
