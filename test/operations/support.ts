import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type GatewayOptions,
  sallyport,
  startSallyport,
  type TestGateway,
  temporaryPrefix,
  withoutSettings,
} from '../support/gateway.ts';

export interface CommandOutcome {
  readonly status: number | null;
  readonly output: string;
}

/** One command line of sallyport, with nothing in its environment but what is given. */
export function runSallyport(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandOutcome> {
  return new Promise((resolve) => {
    const child = spawn(sallyport, args, { env: { ...withoutSettings(process.env), ...env } });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk;
    });
    child.once('close', (status) => resolve({ status, output }));
  });
}

/** A gateway with a settings file that can be rewritten, and the command that has it read anew. */
export interface ConfiguredGateway {
  readonly gateway: TestGateway;
  readonly prefix: string;
  /** Replaces the settings file. */
  write(lines: Readonly<Record<string, string | number>>): void;
  reload(): Promise<CommandOutcome>;
}

export async function startConfigured(
  settings: Readonly<Record<string, string | number>>,
  options: GatewayOptions = {},
): Promise<ConfiguredGateway> {
  const prefix = options.prefix ?? temporaryPrefix();
  const file = join(prefix, 'sallyport.conf');
  const write = (lines: Readonly<Record<string, string | number>>) =>
    writeFileSync(
      file,
      Object.entries(lines)
        .map(([name, value]) => `${name} = ${value}\n`)
        .join(''),
    );
  write(settings);
  const gateway = await startSallyport({ ...options, prefix, args: ['-c', file] });
  return { gateway, prefix, write, reload: () => runSallyport(['reload', '--prefix', prefix]) };
}

/** The value of the one line of `/metrics` that begins with the name and has all of the labels; 0 when there is none. */
export async function metricOf(
  baseUrl: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const text = await (await fetch(`${baseUrl}/metrics`)).text();
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const lines = text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => wanted.every((label) => line.includes(label)));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}
