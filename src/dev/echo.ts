import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { limits } from '../base/limits.ts';
import { listen } from './listen.ts';

/** An upstream that answers what it received. */
export interface EchoUpstream {
  readonly port: number;
  /** Without a slash at the end. */
  readonly url: string;
  /** Requests answered or being answered since the start. */
  readonly requests: number;
  stop(): Promise<void>;
}

/**
 * What the echo answers: `url` is the request target byte for byte; a repeated argument or header is a list,
 * in the order received; `body` is text of at most `limits.devBodyBytesMax`, `body_bytes` its whole size.
 */
export interface EchoAnswer {
  readonly method: string;
  readonly url: string;
  readonly path: string;
  readonly args: Record<string, string | string[]>;
  readonly headers: Record<string, string | string[]>;
  readonly body: string;
  readonly body_bytes: number;
}

/** Starts the echo upstream in this process. Throws DevStartError `port_busy` or `start_failed`. */
export async function startEcho(options: { port?: number; host?: string } = {}): Promise<EchoUpstream> {
  const host = options.host ?? '127.0.0.1';
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    answer(request, response).catch(() => response.destroy());
  });
  const port = await listen(server, host, options.port ?? 0);
  return {
    port,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    get requests() {
      return requests;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { text, bodyBytes } = await readText(request);
  const url = request.url ?? '/';
  const [path = '/', query = ''] = splitOnce(url, '?');
  const seen: EchoAnswer = {
    method: request.method ?? 'GET',
    url,
    path,
    args: group(new URLSearchParams(query)),
    headers: group(headerPairs(request.rawHeaders)),
    body: text,
    body_bytes: bodyBytes,
  };
  const bytes = Buffer.from(`${JSON.stringify(seen, null, 2)}\n`);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length });
  response.end(bytes);
}

async function readText(request: IncomingMessage): Promise<{ text: string; bodyBytes: number }> {
  const chunks: Buffer[] = [];
  let bodyBytes = 0;
  let keptBytes = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    bodyBytes += chunk.length;
    const kept = chunk.subarray(0, limits.devBodyBytesMax - keptBytes);
    keptBytes += kept.length;
    if (kept.length > 0) chunks.push(kept);
  }
  return { text: Buffer.concat(chunks, keptBytes).toString('utf8'), bodyBytes };
}

function* headerPairs(rawHeaders: readonly string[]): Generator<readonly [string, string]> {
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    yield [(rawHeaders[at] ?? '').toLowerCase(), rawHeaders[at + 1] ?? ''];
  }
}

/** One value stays a text, several become a list. Built by entries, so that no name can reach a prototype. */
function group(pairs: Iterable<readonly [string, string]>): Record<string, string | string[]> {
  const grouped = new Map<string, string | string[]>();
  for (const [name, value] of pairs) {
    const before = grouped.get(name);
    if (before === undefined) grouped.set(name, value);
    else if (typeof before === 'string') grouped.set(name, [before, value]);
    else before.push(value);
  }
  return Object.fromEntries(grouped);
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
