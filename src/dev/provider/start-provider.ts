import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isLoopbackHost } from '../loopback.ts';
import { DevStartError } from '../start-error.ts';
import type { ProviderApi, ProviderClient, ProviderMessage, StartMessage } from './types.ts';

/** A provider running in a process of its own. */
export interface LocalProvider {
  /** Compared byte for byte with `iss`. Auth0 mode ends it with a slash, the default mode does not. */
  readonly issuer: string;
  readonly port: number;
  /** Base of the control API, without a slash at the end. */
  readonly controlUrl: string;
  /** As they were at the start; the first client is the prepared one. */
  readonly clients: readonly [ProviderClient, ...ProviderClient[]];
  readonly apis: readonly ProviderApi[];
  readonly processId: number;
  /** Resolves when the process has ended, with its last lines on standard error. */
  readonly exited: Promise<{ readonly expected: boolean; readonly lastLines: string }>;
  stop(): Promise<void>;
}

export interface LocalProviderOptions {
  /** Where keys, clients and APIs are kept. The default mode may go without. */
  readonly stateDir: string;
  /** 0 (the default) takes any free port; the issuer changes with it. */
  readonly port?: number;
  /** A loopback address; 127.0.0.1 unless given. */
  readonly host?: string;
}

/** Generous, since a loaded machine may be slow; an ordinary start takes less than half a second. */
const startTimeoutMs = 20_000;
const stopTimeoutMs = 2_000;
const lastLinesCharactersMax = 4_000;

/**
 * Starts the local OpenID provider in Auth0 mode and resolves when it listens. It ends with this process,
 * however that ends. Throws DevStartError: `port_busy`, `not_loopback`, `production` (refused under
 * NODE_ENV=production), `state_unusable`, `start_failed`.
 */
export function startLocalProvider(options: LocalProviderOptions): Promise<LocalProvider> {
  return start({ kind: 'start', mode: 'auth0', ...withDefaults(options) });
}

/** The same package without the Auth0 adaptation: a stock OpenID provider for tests. Same errors. */
export function startDefaultProvider(options: Partial<LocalProviderOptions> = {}): Promise<LocalProvider> {
  return start({ kind: 'start', mode: 'default', ...withDefaults(options) });
}

function withDefaults(options: Partial<LocalProviderOptions>): Pick<StartMessage, 'stateDir' | 'port' | 'host'> {
  return { stateDir: options.stateDir ?? null, port: options.port ?? 0, host: options.host ?? '127.0.0.1' };
}

async function start(message: StartMessage): Promise<LocalProvider> {
  if (!isLoopbackHost(message.host)) {
    throw new DevStartError(
      'not_loopback',
      `The local OpenID provider listens on this machine only; ${message.host} is not a loopback address.`,
    );
  }
  if (process.env['NODE_ENV'] === 'production') {
    throw new DevStartError(
      'production',
      'The local OpenID provider lets anyone log in and refuses to start under NODE_ENV=production. Use "sallyport start" with a real provider.',
    );
  }
  const child = spawnProvider();
  const lastLines = collectLastLines(child);
  const end = { expected: false };
  const exited = new Promise<{ expected: boolean; lastLines: string }>((resolve) => {
    child.once('exit', () => resolve({ expected: end.expected, lastLines: lastLines() }));
  });
  const stop = async () => {
    end.expected = true;
    await stopProcess(child, exited);
  };
  try {
    const ready = await askToStart(child, message, lastLines);
    const [first, ...others] = ready.clients;
    if (first === undefined) throw new DevStartError('start_failed', 'The local OpenID provider has no client.');
    return {
      issuer: ready.issuer,
      port: ready.port,
      controlUrl: new URL('/control', ready.issuer).href,
      clients: [first, ...others],
      apis: ready.apis,
      processId: child.pid ?? 0,
      exited,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function spawnProvider(): ChildProcess {
  // The file beside this one, in TypeScript when run from a checkout and compiled when packaged.
  const file = fileURLToPath(new URL(`./main${extname(import.meta.url)}`, import.meta.url));
  const passedOn = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'SystemRoot', 'NODE_ENV', 'NODE_COMPILE_CACHE'];
  const env: Record<string, string> = {};
  for (const name of passedOn) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return fork(file, [], { execPath: process.execPath, execArgv: [], env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
}

function collectLastLines(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-lastLinesCharactersMax);
  });
  return () => text.trim();
}

function askToStart(
  child: ChildProcess,
  message: StartMessage,
  lastLines: () => string,
): Promise<Extract<ProviderMessage, { kind: 'ready' }>> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(new DevStartError('start_failed', reason));
    const timer = setTimeout(
      () => fail(`The local OpenID provider did not answer within ${startTimeoutMs / 1000} s. ${lastLines()}`),
      startTimeoutMs,
    );
    child.once('error', (error) => fail(`The local OpenID provider could not be started: ${error.message}`));
    child.once('exit', (code) => fail(`The local OpenID provider ended with code ${code}. ${lastLines()}`));
    child.once('message', (raw) => {
      clearTimeout(timer);
      const answer = raw as ProviderMessage;
      if (answer.kind === 'ready') resolve(answer);
      else reject(new DevStartError(answer.code, answer.message));
    });
    child.once('exit', () => clearTimeout(timer));
    child.once('error', () => clearTimeout(timer));
    child.send(message, (error) => {
      if (error !== null) fail(`The local OpenID provider could not be reached: ${error.message}`);
    });
  });
}

async function stopProcess(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  if (child.connected) child.disconnect();
  await exited;
  clearTimeout(timer);
}
