import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a running gateway leaves in its state folder for commands: who it is, and how its last reload went. */
export interface ReloadReport {
  /** `Date.now()` when the reload began. */
  readonly startedAt: number;
  readonly outcome: 'done' | 'refused';
  /** What to tell the person who asked, one sentence each; no secret. */
  readonly lines: readonly string[];
}

const pidFile = (prefix: string) => join(prefix, 'sallyport.pid');
const reportFile = (prefix: string) => join(prefix, 'reload.json');

/** Writes the process id, as one line. */
export function writePid(prefix: string, pid: number): void {
  replaceFile(pidFile(prefix), `${pid}\n`);
}

/** Removes the process id, unless another process has written its own meanwhile. */
export function removePid(prefix: string, pid: number): void {
  if (readPid(prefix) === pid) rmSync(pidFile(prefix), { force: true });
}

/** The process that runs with this state folder; undefined when none does. */
export function runningPid(prefix: string): number | undefined {
  const pid = readPid(prefix);
  return pid !== undefined && isAlive(pid) && !isYounger(pid, pidFile(prefix)) ? pid : undefined;
}

export function writeReport(prefix: string, report: ReloadReport): void {
  replaceFile(reportFile(prefix), `${JSON.stringify(report)}\n`);
}

/** The report of the first reload known to have begun at that time or later. */
export function readReport(prefix: string, since: number): ReloadReport | undefined {
  try {
    const report = JSON.parse(readFileSync(reportFile(prefix), 'utf8')) as ReloadReport;
    return report.startedAt >= since ? report : undefined;
  } catch {
    return undefined;
  }
}

function readPid(prefix: string): number | undefined {
  try {
    const text = readFileSync(pidFile(prefix), 'utf8').trim();
    return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Kernel ticks per second that `/proc` counts in, on every platform that Node runs on. */
const ticksPerSecond = 100;

/**
 * Whether the process began after the file was written: then the gateway is gone and somebody else has its number,
 * to whom a signal could be deadly. Told from /proc; elsewhere it is taken for the gateway.
 */
function isYounger(pid: number, path: string): boolean {
  try {
    const bootedAt = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]);
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    // Field 22 of proc(5), counted from the one after the name in brackets.
    const startedAt = (bootedAt + Number(fields[19]) / ticksPerSecond) * 1000;
    // The time of boot is known to the second only.
    return startedAt > statSync(path).mtimeMs + 2000;
  } catch {
    return false;
  }
}

/** Readers see the old text or the new one, never a half. */
function replaceFile(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, path);
}
