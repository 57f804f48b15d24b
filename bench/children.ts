import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { onCores } from './machine.ts';

export interface ChildOptions {
  readonly cores: string | undefined;
  /** The whole environment besides PATH, HOME, LANG and TZ, so that no setting of the caller leaks in. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface Child {
  readonly name: string;
  readonly processId: number;
  /** Undefined while it runs; afterwards why it ended, with its last output. */
  ended(): string | undefined;
  stop(): Promise<void>;
}

const stopTimeoutMs = 15_000;
const keptOutputCharacters = 4000;

/** Every process of a run, so that none outlives it. */
export class Children {
  readonly #running = new Set<ChildProcess>();

  constructor() {
    process.once('exit', () => {
      for (const child of this.#running) child.kill('SIGKILL');
    });
  }

  start(name: string, program: string, args: readonly string[], options: ChildOptions): Child {
    const [command, commandArgs] = onCores(options.cores, program, args);
    const child = spawn(command, commandArgs, {
      cwd: options.cwd,
      env: { ...plainEnvironment(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#running.add(child);
    let output = '';
    const keep = (text: string) => {
      output = (output + text).slice(-keptOutputCharacters);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    let end: string | undefined;
    const gone = new Promise<void>((resolve) => {
      const finish = (reason: string) => {
        end ??= `${name} ended (${reason})\n${output.trim()}`;
        this.#running.delete(child);
        resolve();
      };
      child.once('error', (error) => finish(error.message));
      child.once('close', (code, signal) => finish(`code ${code ?? signal}`));
    });
    return { name, processId: child.pid ?? 0, ended: () => end, stop: () => stopChild(child, gone) };
  }
}

async function stopChild(child: ChildProcess, gone: Promise<void>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await gone;
  clearTimeout(timer);
}

function plainEnvironment(): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ['PATH', 'HOME', 'LANG', 'TZ']) {
    const value = process.env[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

/** So many ports of 127.0.0.1 that nothing listens on. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listenAnywhere()));
  return Promise.all(
    servers.map(({ server, port }) => new Promise<number>((resolve) => server.close(() => resolve(port)))),
  );
}

function listenAnywhere(): Promise<{ server: ReturnType<typeof createServer>; port: number }> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({ server, port: typeof address === 'object' && address !== null ? address.port : 0 });
    });
  });
}

/** Waits until `probe` says yes. Throws with the child's last output when it ends before, or takes too long. */
export async function untilReady(child: Child, timeoutMs: number, probe: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await probe())) {
    const end = child.ended();
    if (end !== undefined) throw new Error(end);
    if (performance.now() > deadline) throw new Error(`${child.name} was not ready within ${timeoutMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
}
