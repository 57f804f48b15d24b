import { parseArgs } from 'node:util';

/** What a run was asked to do. */
export interface BenchOptions {
  readonly quick: boolean;
  /** Prefixes of scenario names; empty means all. */
  readonly scenarios: readonly string[];
  /** Name of the one scenario to profile; undefined measures. */
  readonly profile: string | undefined;
  readonly rounds: number;
  readonly windowSeconds: number;
  readonly connections: number;
  readonly build: boolean;
  /** Idle connections, streaming and latency under change: only them, with the rest, or not at all. */
  readonly extras: 'only' | 'too' | 'none';
  /** Where the results go; undefined only prints them. */
  readonly resultsDir: string | undefined;
}

export const helpText = `npm run bench -- [options]

Measures the compiled build on 127.0.0.1: CPU per request of the whole gateway process, requests per
second, latency, memory and calls to the provider, with nginx as a plain proxy in the same rounds.
Needs Debian's nginx and wrk. A full run takes about ten minutes; results go to bench/results/.

  --quick            short rounds, for a first look; prints, and writes nothing unless --out is given
  --scenario NAME    only scenarios whose name starts with NAME (repeatable); nginx-2b and s0-2b always
                     run along, since the others are compared with them; prints only, like --quick
  --profile [NAME]   no measurement: one scenario (s0-2b unless named) under V8's CPU profiler, and the
                     functions and lines that took the time
  --rounds N         interleaved rounds (5)
  --seconds N        length of one window (5)
  --connections N    keep-alive connections of wrk (32)
  --extras           only what has programs of its own: idle connections, streaming, latency while
                     configuration changes; a full run measures them too
  --out DIR          write the results there
  --no-build         measure dist/ as it is
  --list             names of the scenarios
  --help             this text
`;

/** A command line that cannot be carried out; the message says why. */
export class OptionError extends Error {}

/** Reads the command line. Throws OptionError. `help` and `list` are answered by the caller. */
export function readOptions(args: readonly string[], defaultResultsDir: string): BenchOptions | 'help' | 'list' {
  const values = parse(args);
  if (values.help === true) return 'help';
  if (values.list === true) return 'list';
  const quick = values.quick === true;
  const scenarios = values.scenario ?? [];
  const complete = !quick && scenarios.length === 0;
  return {
    quick,
    scenarios,
    profile: values.profile,
    rounds: wholeNumber('--rounds', values.rounds, quick ? 2 : 5, 50),
    windowSeconds: wholeNumber('--seconds', values.seconds, quick ? 1 : 5, 60),
    connections: wholeNumber('--connections', values.connections, 32, 1000),
    build: values['no-build'] !== true,
    extras: values.extras === true ? 'only' : complete ? 'too' : 'none',
    resultsDir: values.out ?? (complete ? defaultResultsDir : undefined),
  };
}

function parse(args: readonly string[]) {
  // A name may follow --profile or not, which the parser has no form for.
  const at = args.indexOf('--profile');
  const next = at === -1 ? undefined : args[at + 1];
  const bare = at !== -1 && (next === undefined || next.startsWith('-'));
  const complete = bare ? [...args.slice(0, at + 1), 's0-2b', ...args.slice(at + 1)] : [...args];
  try {
    return parseArgs({
      args: complete,
      options: {
        quick: { type: 'boolean' },
        scenario: { type: 'string', multiple: true },
        profile: { type: 'string' },
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        connections: { type: 'string' },
        out: { type: 'string' },
        'no-build': { type: 'boolean' },
        extras: { type: 'boolean' },
        list: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new OptionError(error instanceof Error ? error.message : 'the options cannot be read');
  }
}

function wholeNumber(name: string, text: string | undefined, otherwise: number, max: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new OptionError(`${name}: expected a whole number from 1 to ${max}`);
}
