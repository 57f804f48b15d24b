import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../src/base/paths.ts';

/** The part of V8's `.cpuprofile` that is read here. Times are microseconds of the monotonic clock. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly positionTicks?: readonly { readonly line: number; readonly ticks: number }[];
  }[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface SelfTime {
  readonly name: string;
  readonly micros: number;
}

/** Where one thread's time went between two moments. */
export interface ThreadProfile {
  readonly thread: string;
  readonly busyMicros: number;
  readonly functions: readonly SelfTime[];
  /** V8 names the line of an inlined function with the file of the one it was inlined into. */
  readonly lines: readonly SelfTime[];
}

/** Reads every profile of the folder and keeps what lies between two `process.hrtime` moments, busiest thread first. */
export function readProfiles(folder: string, fromMicros: number, toMicros: number): ThreadProfile[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'));
  if (names.length === 0) throw new Error('the gateway wrote no profile');
  return names
    .map((name) => {
      const profile = JSON.parse(readFileSync(join(folder, name), 'utf8')) as CpuProfile;
      // CPU.<date>.<time>.<process>.<thread>.<number>.cpuprofile
      return summarise(`thread ${name.split('.')[4] ?? '?'}`, profile, fromMicros, toMicros);
    })
    .sort((a, b) => b.busyMicros - a.busyMicros);
}

function summarise(thread: string, profile: CpuProfile, fromMicros: number, toMicros: number): ThreadProfile {
  const selfById = new Map<number, number>();
  let at = profile.startTime;
  for (const [index, id] of profile.samples.entries()) {
    at += profile.timeDeltas[index] ?? 0;
    // A sample stands for the time until the next one.
    const lasted = profile.timeDeltas[index + 1] ?? 0;
    if (at >= fromMicros && at < toMicros) selfById.set(id, (selfById.get(id) ?? 0) + Math.max(0, lasted));
  }
  const functions = new Map<string, number>();
  const lines = new Map<string, number>();
  let busyMicros = 0;
  for (const { id, callFrame, positionTicks = [] } of profile.nodes) {
    const self = selfById.get(id) ?? 0;
    if (self === 0 || callFrame.functionName === '(idle)') continue;
    busyMicros += self;
    const file = shortFile(callFrame.url);
    const name = callFrame.functionName === '' ? '(anonymous)' : callFrame.functionName;
    add(functions, file === '' ? name : `${name} ${file}:${callFrame.lineNumber + 1}`, self);
    if (file === '') continue;
    const ticks = positionTicks.reduce((sum, position) => sum + position.ticks, 0);
    for (const position of positionTicks) add(lines, `${file}:${position.line}`, (self * position.ticks) / ticks);
  }
  return { thread, busyMicros, functions: sorted(functions), lines: sorted(lines) };
}

function add(totals: Map<string, number>, name: string, micros: number): void {
  totals.set(name, (totals.get(name) ?? 0) + micros);
}

function sorted(totals: ReadonlyMap<string, number>): SelfTime[] {
  return [...totals].map(([name, micros]) => ({ name, micros })).sort((a, b) => b.micros - a.micros);
}

function shortFile(url: string): string {
  if (!url.startsWith('file:')) return url;
  const path = fileURLToPath(url);
  const root = `${packageRoot()}/`;
  return path.startsWith(root) ? path.slice(root.length) : path;
}
