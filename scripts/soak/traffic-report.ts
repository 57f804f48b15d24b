import type { Sample } from './samples.ts';
import type { TrafficRun } from './traffic.ts';

/** A part of the report, and whether every bound in it was kept. */
export interface Section {
  readonly good: boolean;
  readonly lines: readonly string[];
}

interface Row {
  readonly what: string;
  readonly figure: string;
  readonly bound: string;
  readonly good: boolean;
}

const failuresShown = 10;
/** Smaller differences between two p99 are noise of the machine. */
const latencySlackMs = 2;

export function trafficSection(run: TrafficRun): Section {
  const rows = [...requestRows(run), ...growthRows(run), ...latencyRows(run)];
  const failed = run.failures.slice(0, failuresShown);
  return {
    good: rows.every(({ good }) => good),
    lines: [
      `## Traffic: ${run.minutes} minutes, ${run.workers} workers`,
      '',
      '| what | figure | bound | kept |',
      '|---|---|---|---|',
      ...rows.map(({ what, figure, bound, good }) => `| ${what} | ${figure} | ${bound} | ${good ? 'yes' : '**no**'} |`),
      '',
      ...failed.map(({ load, phase, what }) => `- failed (${load}, ${phase}): ${what.replaceAll('\n', ' ')}`),
    ],
  };
}

function requestRows({ answered, failures, changed, changes, rotations }: TrafficRun): Row[] {
  return [
    { what: 'requests answered', figure: String(answered), bound: '', good: answered > 0 },
    { what: 'requests failed', figure: String(failures.length), bound: '0', good: failures.length === 0 },
    { what: 'configuration changes', figure: String(changed), bound: `${changes}`, good: changed >= changes },
    { what: 'key rotations, each with 3 s of a failing provider', figure: String(rotations), bound: '', good: true },
  ];
}

/** Start is the first tenth behind the warm-up of a tenth; end is the last tenth. */
function growthRows({ samples }: TrafficRun): Row[] {
  const tenth = Math.max(1, Math.floor(samples.length / 10));
  const early = samples.slice(tenth, 2 * tenth + 1);
  const late = samples.slice(-tenth - 1);
  const row = (
    what: string,
    of: (sample: Sample) => number,
    bound: string,
    keeps: (a: number, b: number) => boolean,
  ) => {
    const start = median(early.map(of));
    const end = median(late.map(of));
    return { what, figure: `${start} → ${end}`, bound, good: keeps(start, end) };
  };
  const constant = (start: number, end: number) => end <= start * 1.1 + 8;
  return [
    row(
      'resident memory, MB, start → end',
      (one) => one.residentMb,
      '+10 %',
      (start, end) => end <= start * 1.1,
    ),
    row('open sockets, start → end', (one) => one.sockets, 'constant (±10 % and 8)', constant),
    row('open descriptors, start → end', (one) => one.descriptors, 'constant (±10 % and 8)', constant),
    row('timers that keep a thread alive, start → end', (one) => one.timers, 'constant (±10 % and 8)', constant),
    row('all that keeps a thread alive, start → end', (one) => one.handles, 'constant (±10 % and 8)', constant),
  ];
}

function latencyRows({ latencies }: TrafficRun): Row[] {
  const rest = percentile(latencies.rest, 0.99);
  const changing = percentile(latencies.changing, 0.99);
  const good = latencies.changing.length === 0 || changing <= Math.max(rest * 1.5, rest + latencySlackMs);
  return [
    {
      what: `p50 at rest / while changing, ms (${latencies.rest.length} / ${latencies.changing.length} requests)`,
      figure: `${ms(percentile(latencies.rest, 0.5))} / ${ms(percentile(latencies.changing, 0.5))}`,
      bound: '',
      good: true,
    },
    {
      what: 'p99 at rest / while changing, ms',
      figure: `${ms(rest)} / ${ms(changing)} (${(changing / rest).toFixed(2)} ×)`,
      bound: `1.5 × or +${latencySlackMs} ms`,
      good,
    },
  ];
}

function ms(value: number): string {
  return value.toFixed(2);
}

function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}
