import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A gateway as a user runs it: a process of its own, started from the command line. */
export interface TestGateway {
  readonly proxyUrl: string;
  readonly adminUrl: string;
  readonly prefix: string;
  readonly process: ChildProcess;
  /** What it wrote to stderr so far: the process log. */
  log(): string;
  /** Lines of the access log. */
  accessLog(): string;
  /** The same in pieces that overlap by more than a line's secret is long, for logs longer than a text can be. */
  accessLogPieces(): Iterable<string>;
  /** SIGTERM, resolves with the exit status. */
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

export interface GatewayOptions {
  readonly workers?: number;
  /** Keep using a state folder of an earlier gateway. */
  readonly prefix?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly proxyPort?: number;
  readonly adminPort?: number;
  /** Of the command line, after `start`. */
  readonly args?: readonly string[];
}

/** The command under test: a checkout's own launcher, or the one of an installed package. */
export const sallyport = process.env['TEST_SALLYPORT_BIN'] ?? new URL('../../bin/sallyport', import.meta.url).pathname;

const made: string[] = [];
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const prefix of made) rmSync(prefix, { recursive: true, force: true });
});

/** A state folder that goes away with the test process. */
export function temporaryPrefix(): string {
  const prefix = mkdtempSync(join(tmpdir(), 'sallyport-test-'));
  made.push(prefix);
  return prefix;
}

export async function startSallyport(options: GatewayOptions = {}): Promise<TestGateway> {
  const prefix = options.prefix ?? temporaryPrefix();
  const proxyPort = options.proxyPort ?? (await freePort());
  const adminPort = options.adminPort ?? (await freePort());
  const child = spawn(sallyport, ['start', ...(options.args ?? [])], {
    env: {
      ...withoutSettings(process.env),
      SALLYPORT_PREFIX: prefix,
      SALLYPORT_PROXY_LISTEN: `127.0.0.1:${proxyPort}`,
      SALLYPORT_ADMIN_LISTEN: `127.0.0.1:${adminPort}`,
      SALLYPORT_PROXY_ACCESS_LOG: join(prefix, 'access.log'),
      SALLYPORT_PROXY_ERROR_LOG: '/dev/stderr',
      SALLYPORT_NGINX_WORKER_PROCESSES: String(options.workers ?? 1),
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  running.add(child);
  const ended = new Promise<number | null>((resolve) => child.once('exit', (status) => resolve(status)));
  child.once('exit', () => running.delete(child));
  const adminUrl = `http://127.0.0.1:${adminPort}`;
  const gateway: TestGateway = {
    proxyUrl: `http://127.0.0.1:${proxyPort}`,
    adminUrl,
    prefix,
    process: child,
    log: () => output,
    accessLog: () => readFileSync(join(prefix, 'access.log'), 'utf8'),
    accessLogPieces: () => piecesOf(join(prefix, 'access.log')),
    async stop() {
      child.kill('SIGTERM');
      return ended;
    },
    async kill() {
      if (child.exitCode === null) child.kill('SIGKILL');
      await ended;
    },
  };
  const ready = await Promise.race([untilReady(adminUrl), ended.then(() => false)]);
  if (!ready) {
    child.kill('SIGKILL');
    throw new Error(`the gateway did not become ready:\n${output}`);
  }
  return gateway;
}

/** Settings of the machine that runs the tests must not reach the gateway under test. */
export function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(KONG|SALLYPORT)_/.test(name) && name !== 'NODE_ENV'),
  );
}

async function untilReady(adminUrl: string): Promise<boolean> {
  const giveUp = Date.now() + 20_000;
  while (Date.now() < giveUp) {
    try {
      const answer = await fetch(`${adminUrl}/status`);
      await answer.arrayBuffer();
      if (answer.status === 200) return true;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

/**
 * A port that nobody listens on, below the range from which systems take ports for outgoing connections: those
 * of a test running beside this one cannot take it before it is used.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(12_000, 32_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

const pieceBytes = 32 * 1024 * 1024;
const overlapBytes = 64 * 1024;

function* piecesOf(path: string): Generator<string> {
  const file = openSync(path, 'r');
  const buffer = Buffer.alloc(pieceBytes);
  try {
    for (let at = 0; ; at += pieceBytes - overlapBytes) {
      const length = readSync(file, buffer, 0, pieceBytes, at);
      yield buffer.toString('utf8', 0, length);
      if (length < pieceBytes) return;
    }
  } finally {
    closeSync(file);
  }
}
