import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort, sallyport, temporaryPrefix, withoutSettings } from '../support/gateway.ts';
import { eventually } from '../support/wire.ts';

/** Ports that pages may name. Each page gets free ones in their place, so that nothing else is in the way. */
const gatewayPorts = ['8000', '8443', '8001', '8444', '8100'];
const upstreamPorts = ['9001', '9002', '9003'];
const pagePorts = new Set([...gatewayPorts, ...upstreamPorts]);

const blockMsMax = 60_000;
const startMsMax = 30_000;

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Where a reader of one page works: an empty folder that is also the home, bash, curl, `node` and `sallyport` on the
 * path. The ports of the text become free ports in commands, and are the text's own again in what is printed.
 */
export class Terminal {
  readonly folder = temporaryPrefix();
  readonly #real: ReadonlyMap<string, string>;
  readonly #shown: ReadonlyMap<string, string>;
  readonly #running: { child: ChildProcess; ended: Promise<unknown>; output: () => string }[] = [];

  constructor(real: ReadonlyMap<string, string>) {
    this.#real = real;
    this.#shown = new Map([...real].map(([text, port]) => [port, text]));
    const bin = join(this.folder, '.bin');
    mkdirSync(bin);
    symlinkSync(sallyport, join(bin, 'sallyport'));
    symlinkSync(process.execPath, join(bin, 'node'));
    // What curl prints on a screen it also prints into a pipe, but for its progress.
    writeFileSync(join(this.folder, '.curlrc'), 'noproxy = "*"\nsilent\nshow-error\n');
  }

  /** What stands for a port of the text. */
  realPort(port: string): string | undefined {
    return this.#real.get(port);
  }

  /** Runs commands to their end, as pasted into bash. */
  async run(script: string): Promise<Ran> {
    const child = this.#spawn(script);
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk;
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk;
    });
    const timer = setTimeout(() => killGroup(child, 'SIGKILL'), blockMsMax);
    const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
    clearTimeout(timer);
    return { status, stdout: swapped(stdout, this.#shown), stderr: swapped(stderr, this.#shown) };
  }

  /** Leaves commands running, once every port they name has a listener, and the gateway is ready if it is started. */
  async leaveRunning(script: string): Promise<void> {
    const child = this.#spawn(script);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        output += chunk;
      });
    }
    const ended = new Promise((resolve) => child.once('close', resolve));
    this.#running.push({ child, ended, output: () => output });
    const startsGateway = /\bsallyport start\b/.test(script);
    const listens = startsGateway ? ['8000', '8001'] : [...portsIn(script)];
    const isUp = async () => {
      if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}:\n${script}\n${output}`);
      for (const port of listens) if (!(await isListening(Number(this.#real.get(port))))) return false;
      if (!startsGateway) return true;
      // By this file commands find the gateway.
      if (!existsSync(join(this.folder, '.local/state/sallyport/sallyport.pid'))) return false;
      return isReady(Number(this.#real.get('8001')));
    };
    await eventually(`up: ${script}`, isUp, startMsMax);
  }

  /** What the commands in the background printed. */
  get log(): string {
    return this.#running.map(({ output }) => output()).join('');
  }

  async close(): Promise<void> {
    for (const { child } of this.#running) killGroup(child, 'SIGTERM');
    await Promise.all(this.#running.map(({ ended }) => ended));
  }

  #spawn(script: string): ChildProcess {
    const { XDG_STATE_HOME: _, ...env } = withoutSettings(process.env);
    const child = spawn('bash', ['-c', swapped(script, this.#real)], {
      cwd: this.folder,
      detached: true,
      env: {
        ...env,
        HOME: this.folder,
        CURL_HOME: this.folder,
        PATH: `${join(this.folder, '.bin')}:${process.env['PATH'] ?? ''}`,
        SALLYPORT_PROXY_LISTEN: `127.0.0.1:${this.realPort('8000')}, 127.0.0.1:${this.realPort('8443')} ssl`,
        SALLYPORT_ADMIN_LISTEN: `127.0.0.1:${this.realPort('8001')}, 127.0.0.1:${this.realPort('8444')} ssl`,
        SALLYPORT_NGINX_WORKER_PROCESSES: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    started.add(child);
    child.once('close', () => started.delete(child));
    return child;
  }
}

const started = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of started) killGroup(child, 'SIGKILL');
});

/** A terminal with free ports of its own; one beside another reaches the gateway that was started there. */
export async function openTerminal(beside?: Terminal): Promise<Terminal> {
  const real = new Map<string, string>();
  for (const port of pagePorts) {
    const shared = gatewayPorts.includes(port) ? beside?.realPort(port) : undefined;
    let free = shared ?? String(await freePort());
    while ([...real.values()].includes(free)) free = String(await freePort());
    real.set(port, free);
  }
  return new Terminal(real);
}

function portsIn(text: string): Set<string> {
  return new Set(
    [...text.matchAll(/(?<![\w.-])\d{4}(?![\w-])/g)].map(([port]) => port).filter((port) => pagePorts.has(port)),
  );
}

function swapped(text: string, ports: ReadonlyMap<string, string>): string {
  return text.replace(/(?<![\w.-])\d{4,5}(?![\w-])/g, (number) => ports.get(number) ?? number);
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone.
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function isReady(adminPort: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${adminPort}/status`);
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false;
  }
}
