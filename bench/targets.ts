import { median, type ScenarioResult, type Window } from './rounds.ts';
import type { StartTimes } from './start-times.ts';

/** A figure beside what it should be. `figure` is undefined when this run did not measure it. */
export interface Verdict {
  readonly name: string;
  readonly unit: '× nginx' | 'µs more than S0' | 'ms' | '× S0, 1 worker' | 'per client';
  readonly figure: number | undefined;
  readonly floor: number;
  readonly moonshot: number | undefined;
  /** Where more is better. */
  readonly atLeast?: true;
  readonly outcome: 'moonshot' | 'met' | 'not met' | 'not measured';
}

export interface Measured {
  readonly scenarios: readonly ScenarioResult[];
  readonly starts: StartTimes | undefined;
  /** Throughput of two workers says something only with a core for each. */
  readonly twoWorkersFree: boolean;
}

/** The targets of the design decisions, in their order, judged by medians over the rounds. */
export function judge({ scenarios, starts, twoWorkersFree }: Measured): Verdict[] {
  const windows = (name: string) => scenarios.find((result) => result.name === name)?.windows;
  const compare = (name: string, base: string, how: (own: Window, other: Window) => number) =>
    compareRounds(windows(name), windows(base), how);
  const ratio = (own: Window, other: Window) => own.cpuMicros / other.cpuMicros;
  const difference = (own: Window, other: Window) => own.cpuMicros - other.cpuMicros;
  const faster = (own: Window, other: Window) => own.requestsPerSecond / other.requestsPerSecond;
  const more = (title: string, name: string, floor: number, moonshot: number) =>
    verdict(title, 'µs more than S0', compare(name, 's0-2b', difference), floor, moonshot);
  const perClient = (name: string, clients: number) => {
    const calls = scenarios.find((result) => result.name === name)?.providerCalls.token;
    return calls === undefined ? undefined : calls / clients;
  };
  return [
    verdict('S0 plain proxy, 2 B', '× nginx', compare('s0-2b', 'nginx-2b', ratio), 1.6, 1.25),
    verdict('S0 plain proxy, 10 KB', '× nginx', compare('s0-10k', 'nginx-10k', ratio), 1.6, 1.25),
    more('S1 bearer, 1 token', 's1-1', 5, 2.5),
    more('S1 bearer, 1,000 tokens', 's1-1000', 5, 2.5),
    more('S2 client credentials, 1 client', 's2', 5, 2.5),
    more('S3 client credentials, 1,000 clients', 's3', 5, 2.5),
    verdict('S2 token requests', 'per client', perClient('s2', 1), 1, undefined),
    verdict('S3 token requests', 'per client', perClient('s3', 1000), 1, undefined),
    more('S4 10,000 routes, 10,000 paths', 's4', 2, 0.5),
    more('S4 10,000 routes, fresh paths', 's4-fresh', 2, 0.5),
    // What the client does to choose paths costs the gateway batches; the same paths through one route show how much.
    verdict('S4 beside the same paths on one route', 'µs more than S0', compare('s4', 's0-paths', difference), 2, 0.5),
    verdict(
      'S4 fresh beside the same on one route',
      'µs more than S0',
      compare('s4-fresh', 's0-fresh', difference),
      2,
      0.5,
    ),
    verdict('S4 start with 10,000 routes', 'ms', starts?.medians.manyRoutesMs, 2000, 1000),
    verdict('TLS 1.3 keep-alive, 2 B', '× nginx', compare('tls-s0-2b', 'nginx-tls', ratio), 1.8, 1.5),
    verdict('2 workers, cost', '× S0, 1 worker', compare('w2-s0-2b', 's0-2b', ratio), 1.15, undefined),
    {
      ...verdict(
        '2 workers, throughput',
        '× S0, 1 worker',
        twoWorkersFree ? compare('w2-s0-2b', 's0-2b', faster) : undefined,
        1.7,
        undefined,
        true,
      ),
      atLeast: true,
    },
    verdict('start on an empty database', 'ms', starts?.medians.emptyDatabaseMs, 500, 250),
  ];
}

/** Median over the rounds of what `how` says of the two windows of the same round. */
function compareRounds(
  own: readonly Window[] | undefined,
  other: readonly Window[] | undefined,
  how: (own: Window, other: Window) => number,
): number | undefined {
  if (own === undefined || other === undefined) return undefined;
  const values = own.flatMap((window, round) => {
    const same = other[round];
    return same === undefined ? [] : [how(window, same)];
  });
  return values.length === 0 ? undefined : median(values);
}

function verdict(
  name: string,
  unit: Verdict['unit'],
  figure: number | undefined,
  floor: number,
  moonshot: number | undefined,
  atLeast = false,
): Verdict {
  const good = (bound: number) => figure !== undefined && (atLeast ? figure >= bound : figure <= bound);
  let outcome: Verdict['outcome'] = 'not met';
  if (figure === undefined) outcome = 'not measured';
  else if (moonshot !== undefined && good(moonshot)) outcome = 'moonshot';
  else if (good(floor)) outcome = 'met';
  return { name, unit, figure, floor, moonshot, outcome };
}
