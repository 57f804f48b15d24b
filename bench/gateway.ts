import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../src/base/paths.ts';
import { type Child, type Children, freePorts, untilReady } from './children.ts';
import { answers } from './probe.ts';
import type { TlsFiles } from './tls.ts';

export interface GatewayInput {
  /** Unique within the run: names the state folder. */
  readonly name: string;
  readonly folder: string;
  /** Undefined starts on an empty SQLite database. */
  readonly declarative: string | undefined;
  readonly workers: number;
  readonly cores: string | undefined;
  /** HTTPS on a second port when given. */
  readonly tls?: TlsFiles;
  /** From sources, so that a profile names their lines; otherwise the compiled build. */
  readonly profileDir?: string;
  /** From sources instead of the compiled build, without a profile. */
  readonly sources?: boolean;
}

export interface Gateway {
  readonly port: number;
  readonly tlsPort: number;
  readonly adminPort: number;
  readonly processIds: readonly number[];
  readonly accessLog: string;
  /** From the spawn to the first 200 of `GET /status`. */
  readonly readyMs: number;
  readonly child: Child;
}

const startTimeoutMs = 60_000;
const profileIntervalMicros = 500;

/** `sallyport start` as a process of its own, ready when `GET /status` of the Admin API answers 200. */
export async function startGateway(children: Children, input: GatewayInput): Promise<Gateway> {
  const [port = 0, adminPort = 0, tlsPort = 0] = await freePorts(3);
  const prefix = join(input.folder, input.name);
  mkdirSync(prefix, { mode: 0o700, recursive: true });
  const accessLog = join(prefix, 'access.log');
  const env = {
    SALLYPORT_PREFIX: prefix,
    SALLYPORT_PROXY_LISTEN: listenText(port, input.tls === undefined ? undefined : tlsPort),
    ...(input.tls === undefined ? {} : { SALLYPORT_SSL_CERT: input.tls.cert, SALLYPORT_SSL_CERT_KEY: input.tls.key }),
    SALLYPORT_ADMIN_LISTEN: `127.0.0.1:${adminPort}`,
    SALLYPORT_NGINX_WORKER_PROCESSES: String(input.workers),
    SALLYPORT_PROXY_ACCESS_LOG: accessLog,
    ...(input.declarative === undefined
      ? { SALLYPORT_DATABASE: 'sqlite' }
      : { SALLYPORT_DATABASE: 'off', SALLYPORT_DECLARATIVE_CONFIG: input.declarative }),
  };
  const began = performance.now();
  const child = children.start(
    `gateway ${input.name}`,
    process.execPath,
    nodeArguments(input.profileDir, input.sources === true),
    {
      cores: input.cores,
      env,
      cwd: input.folder,
    },
  );
  await untilReady(child, startTimeoutMs, () => answers(adminPort, '/status'));
  return {
    port,
    tlsPort,
    adminPort,
    processIds: [child.processId],
    accessLog,
    readyMs: performance.now() - began,
    child,
  };
}

function listenText(port: number, tlsPort: number | undefined): string {
  const plain = `127.0.0.1:${port}`;
  return tlsPort === undefined ? plain : `${plain}, 127.0.0.1:${tlsPort} ssl`;
}

function nodeArguments(profileDir: string | undefined, sources: boolean): string[] {
  if (sources) return [join(packageRoot(), 'src', 'main.ts'), 'start'];
  if (profileDir === undefined) return [join(packageRoot(), 'dist', 'main.js'), 'start'];
  const profiler = ['--cpu-prof', `--cpu-prof-dir=${profileDir}`, `--cpu-prof-interval=${profileIntervalMicros}`];
  return [...profiler, join(packageRoot(), 'src', 'main.ts'), 'start'];
}
