import { readFileSync } from 'node:fs';

/** CPU time of processes, in microseconds. */
export interface CpuTime {
  readonly userMicros: number;
  readonly systemMicros: number;
}

/** Linux reports it in ticks of 1/100 s whatever the kernel's own rate is. */
const microsPerTick = 10_000;

/** User and system time of all threads of these processes since their start, ended threads included. */
export function cpuTimeOf(processIds: readonly number[]): CpuTime {
  let user = 0;
  let system = 0;
  for (const id of processIds) {
    // The second field is the program's name in parentheses and may hold spaces.
    const stat = readFileSync(`/proc/${id}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    user += Number(fields[11]);
    system += Number(fields[12]);
  }
  return { userMicros: user * microsPerTick, systemMicros: system * microsPerTick };
}

/** Resident memory of these processes, bytes. Pages that they share count once for each. */
export function residentBytesOf(processIds: readonly number[]): number {
  let kilobytes = 0;
  for (const id of processIds) {
    const status = readFileSync(`/proc/${id}/status`, 'latin1');
    kilobytes += Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
  }
  return kilobytes * 1024;
}

/** The process and its children, such as nginx's master and workers. */
export function withChildren(processId: number): number[] {
  const children = readFileSync(`/proc/${processId}/task/${processId}/children`, 'latin1').trim();
  return [processId, ...(children === '' ? [] : children.split(' ').map(Number))];
}
