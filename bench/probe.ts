import { type Agent, request } from 'node:http';
import { request as secureRequest } from 'node:https';

export interface Probed {
  readonly status: number;
  readonly body: string;
}

const timeoutMs = 15_000;

/** One GET to 127.0.0.1. Throws when nothing answers. */
export function get(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  agent?: Agent,
  secure = false,
): Promise<Probed> {
  return new Promise((resolve, reject) => {
    const sent = (secure ? secureRequest : request)(
      {
        host: '127.0.0.1',
        port,
        path,
        headers,
        agent: agent ?? false,
        timeout: timeoutMs,
        // Every measured server shows the run's own certificate.
        ...(secure ? { rejectUnauthorized: false } : {}),
      },
      (answer) => {
        let body = '';
        answer.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
        answer.on('error', reject);
      },
    );
    sent.on('timeout', () => sent.destroy(new Error(`port ${port} did not answer within ${timeoutMs / 1000} s`)));
    sent.on('error', reject);
    sent.end();
  });
}

/** True when a GET is answered with 200. */
export async function answers(port: number, path: string): Promise<boolean> {
  try {
    return (await get(port, path)).status === 200;
  } catch {
    return false;
  }
}

/** Runs `job` for every item, so many at a time. */
export async function inParallel<T>(
  items: readonly T[],
  atOnce: number,
  job: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const run = async (): Promise<void> => {
    while (next < items.length) {
      const item = items[next++];
      if (item !== undefined) await job(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, run));
}
