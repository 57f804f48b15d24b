import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** What a gateway holds at one moment. */
export interface Sample {
  readonly atSeconds: number;
  readonly residentMb: number;
  readonly descriptors: number;
  readonly sockets: number;
  /** Timers of all threads that keep an event loop alive. */
  readonly timers: number;
  /** Everything that keeps an event loop of it alive, timers included. */
  readonly handles: number;
}

/** A thread that is gone leaves its last report behind. */
const reportValidMs = 30_000;

/**
 * @param probes folder that the probe writes to
 */
export function sampleOf(pid: number, probes: string, atSeconds: number): Sample {
  const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  const descriptors = readdirSync(`/proc/${pid}/fd`);
  const { timers, handles } = handlesOf(probes);
  return {
    atSeconds: Math.round(atSeconds),
    residentMb: Math.round(Number(resident) / 1024),
    descriptors: descriptors.length,
    sockets: descriptors.filter((name) => isSocket(`/proc/${pid}/fd/${name}`)).length,
    timers,
    handles,
  };
}

function isSocket(path: string): boolean {
  try {
    return readlinkSync(path).startsWith('socket:');
  } catch {
    // Closed in the meantime.
    return false;
  }
}

function handlesOf(probes: string): { timers: number; handles: number } {
  let timers = 0;
  let handles = 0;
  for (const name of readdirSync(probes)) {
    if (!name.endsWith('.json')) continue;
    const report: unknown = JSON.parse(readFileSync(join(probes, name), 'utf8'));
    if (!isReport(report) || Date.now() - report.at > reportValidMs) continue;
    for (const [kind, count] of Object.entries(report.counts)) {
      handles += count;
      if (kind === 'Timeout' || kind === 'Immediate') timers += count;
    }
  }
  return { timers, handles };
}

function isReport(value: unknown): value is { at: number; counts: Record<string, number> } {
  return typeof value === 'object' && value !== null && 'at' in value && 'counts' in value;
}
