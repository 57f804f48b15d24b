import { spawn } from 'node:child_process';
import { AdminClient } from '../support/admin-client.ts';
import { freePort, startSallyport, type TestGateway } from '../support/gateway.ts';

/** A gateway with a plain and a TLS listener, and services and routes at its command. */
export interface ProtocolPlace {
  readonly gateway: TestGateway;
  readonly admin: AdminClient;
  readonly port: number;
  readonly tlsPort: number;
  /** A route to `url` under a path of its own; what of the service is set beside. */
  route(
    url: string,
    service?: Readonly<Record<string, unknown>>,
    route?: Readonly<Record<string, unknown>>,
  ): Promise<string>;
  stop(): Promise<void>;
}

export async function startProtocolPlace(
  workers: number,
  env: Readonly<Record<string, string>> = {},
): Promise<ProtocolPlace> {
  const [port, tlsPort] = [await freePort(), await freePort()];
  const gateway = await startSallyport({
    workers,
    proxyPort: port,
    env: { SALLYPORT_PROXY_LISTEN: `127.0.0.1:${port}, 127.0.0.1:${tlsPort} ssl`, ...env },
  });
  const admin = new AdminClient(gateway.adminUrl);
  let next = 0;
  return {
    gateway,
    admin,
    port,
    tlsPort,
    async route(url, service = {}, route = {}) {
      next += 1;
      const path = `/p${next}/`;
      const made = await admin.must('POST', '/services', { name: `s${next}`, url, ...service });
      await admin.must('POST', `/services/${made?.['id']}/routes`, { paths: [path], ...route });
      return path;
    },
    stop: async () => void (await gateway.stop()),
  };
}

export interface ProgramResult {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs a program to its end; undefined when it is not installed. */
export function runProgram(name: string, args: readonly string[], input?: string): Promise<ProgramResult | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(name, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.on('data', (bytes: Buffer) => {
      output += bytes.toString('latin1');
    });
    child.stderr.on('data', (bytes: Buffer) => {
      errors += bytes.toString('latin1');
    });
    child.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ENOENT' ? resolve(undefined) : reject(error),
    );
    child.stdin.on('error', () => undefined);
    child.once('close', (status) => resolve({ status, output, errors }));
    child.stdin.end(input ?? '');
  });
}
