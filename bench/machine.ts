import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';

export const nginxPath = '/usr/sbin/nginx';
export const wrkPath = '/usr/bin/wrk';
const tasksetPath = '/usr/bin/taskset';

/** One line that says what to install, or undefined when everything needed is there. */
export function missingPrograms(): string | undefined {
  const missing = [
    { path: nginxPath, package: 'nginx-light' },
    { path: wrkPath, package: 'wrk' },
  ].filter(({ path }) => !existsSync(path));
  if (missing.length === 0) return undefined;
  const packages = missing.map((program) => program.package).join(' ');
  return `The benchmark needs ${missing.map(({ path }) => path).join(' and ')}: apt-get install ${packages}`;
}

/** What the figures depend on. No host name, no paths. */
export interface MachineFacts {
  readonly cpuModel: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly kernel: string;
  readonly node: string;
  readonly nginx: string;
  readonly wrk: string;
}

export function machineFacts(): MachineFacts {
  return {
    cpuModel: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    kernel: `${process.platform} ${release().split('-')[0]}`,
    node: process.version,
    nginx: /nginx\/([\d.]+)/.exec(versionText(nginxPath, '-v'))?.[1] ?? 'unknown',
    wrk: /wrk (?:debian\/)?([\d.]+)/.exec(versionText(wrkPath, '-v'))?.[1] ?? 'unknown',
  };
}

/** nginx prints its version to standard error, and wrk ends with status 1 after it. */
function versionText(program: string, flag: string): string {
  try {
    return execFileSync('sh', ['-c', `"$0" ${flag} 2>&1 || true`, program], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

/** Which cores the measured process and everything else run on; undefined lists leave it to the kernel. */
export interface CorePlan {
  readonly measured: string | undefined;
  /** For the gateway with two workers. */
  readonly measuredTwo: string | undefined;
  readonly others: string | undefined;
  /** Every core, for what this process starts after it has moved itself away. */
  readonly all: string | undefined;
  readonly text: string;
  /** True when two workers have a core each that nothing else uses. */
  readonly twoWorkersFree: boolean;
}

/**
 * The measured process gets a core of its own, so that wrk and the upstream neither take its time nor
 * throw its caches away.
 */
export function planCores(cores = availableParallelism(), pinning = existsSync(tasksetPath)): CorePlan {
  if (!pinning || cores < 2) {
    const none = {
      measured: undefined,
      measuredTwo: undefined,
      others: undefined,
      all: undefined,
      twoWorkersFree: false,
    };
    return { ...none, text: 'nothing is pinned to a core' };
  }
  const others = cores === 2 ? '1' : `${cores >= 4 ? 2 : 1}-${cores - 1}`;
  return {
    measured: '0',
    measuredTwo: '0-1',
    others,
    all: `0-${cores - 1}`,
    twoWorkersFree: cores >= 4,
    text: `measured process on core 0 (with two workers: 0-1); wrk, upstream and provider on ${others}`,
  };
}

/** `program args` as it is to be spawned to run on the given cores; the process id stays the program's. */
export function onCores(cores: string | undefined, program: string, args: readonly string[]): [string, string[]] {
  return cores === undefined ? [program, [...args]] : [tasksetPath, ['-c', cores, program, ...args]];
}

/** Moves this process, with every thread and every later child, to the given cores. */
export function moveSelf(cores: string | undefined): void {
  if (cores !== undefined) {
    execFileSync(tasksetPath, ['-a', '-c', '-p', cores, String(process.pid)], { stdio: 'ignore' });
  }
}
