import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { wrkPath } from './machine.ts';

/** What wrk sends; `drive.lua` explains the kinds. */
export type Drive = { readonly kind: 'plain' } | { readonly kind: 'header' | 'path' | 'fresh'; readonly file: string };

export interface Load {
  readonly port: number;
  readonly path: string;
  /** HTTPS; wrk does not look at the certificate. */
  readonly secure?: boolean;
  readonly drive: Drive;
  readonly seconds: number;
  readonly connections: number;
}

/** What one wrk run saw. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
}

/** One thread of wrk over keep-alive connections. Throws when any answer is not 2xx or 3xx or any connection breaks. */
export async function runWrk({ port, path, secure = false, drive, seconds, connections }: Load): Promise<LoadResult> {
  const script = join(import.meta.dirname, 'drive.lua');
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '5s', '-s', script];
  args.push(`${secure ? 'https' : 'http'}://127.0.0.1:${port}${path}`, '--', drive.kind);
  if (drive.kind !== 'plain') args.push(drive.file);
  const output = await collect(args, (seconds + 20) * 1000);
  const line = /^RESULT (\{.*\})$/m.exec(output)?.[1];
  if (line === undefined) throw new Error(`wrk gave no result:\n${output.slice(-2000)}`);
  const result = JSON.parse(line) as LoadResult & { refused: number; broken: number };
  if (result.refused > 0 || result.broken > 0 || result.requests === 0) {
    throw new Error(
      `${path}: ${result.refused} of ${result.requests} requests were refused, ${result.broken} connections broke`,
    );
  }
  return result;
}

function collect(args: readonly string[], timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(wrkPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    let output = '';
    const keep = (text: string) => {
      output += text;
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new Error(`wrk ended with ${code ?? signal}:\n${output.slice(-2000)}`));
    });
  });
}
