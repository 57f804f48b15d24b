import { connect, type Socket } from 'node:net';
import type { EchoAnswer } from '../../src/dev/echo.ts';

export interface WireRequest {
  readonly method?: string;
  /** Sent as they are: any spelling, duplicates included. */
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string | Buffer;
  /** Left out where the test frames the message itself. */
  readonly contentLength?: boolean;
}

export interface WireAnswer {
  readonly status: number;
  /** Lower-cased names; a repeated field is joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** `message` of an error body. */
  readonly message: string | undefined;
  readonly requestId: string;
  /** What reached the echo upstream; undefined when it did not answer. */
  readonly echoed: EchoAnswer | undefined;
}

const timeoutMs = 30_000;

/** One HTTP/1.1 request on a connection of its own, byte for byte as given: what no HTTP client would send can be sent. */
export async function send(url: string, request: WireRequest = {}): Promise<WireAnswer> {
  const { hostname, port, host, pathname, search } = new URL(url);
  const body = request.body === undefined ? undefined : Buffer.from(request.body);
  const given = request.headers ?? [];
  const names = new Set(given.map(([name]) => name.toLowerCase()));
  const lines = [`${request.method ?? (body === undefined ? 'GET' : 'POST')} ${pathname}${search} HTTP/1.1`];
  if (!names.has('host')) lines.push(`Host: ${host}`);
  for (const [name, value] of given) lines.push(`${name}: ${value}`);
  if (!names.has('connection')) lines.push('Connection: close');
  if (body !== undefined && request.contentLength !== false) lines.push(`Content-Length: ${body.length}`);
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  const bytes = await exchange({ host: hostname, port: Number(port) }, Buffer.concat([head, body ?? Buffer.alloc(0)]));
  return parseAnswer(bytes);
}

/** Writes and reads until one whole answer is there or the other side is done. */
export function exchange(to: { host: string; port: number }, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(to);
    const chunks: Buffer[] = [];
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(Buffer.concat(chunks));
    };
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no complete answer within ${timeoutMs} ms: ${Buffer.concat(chunks).toString('latin1')}`));
    }, timeoutMs);
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (isComplete(Buffer.concat(chunks))) finish();
    });
    socket.on('end', finish);
    socket.on('error', (error) => {
      if (chunks.length > 0) return finish();
      clearTimeout(timer);
      reject(error);
    });
    socket.write(bytes);
  });
}

/** Whether a whole answer with a known length is there. */
export function isComplete(bytes: Buffer): boolean {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return false;
  const head = bytes.toString('latin1', 0, headEnd);
  if (/^HTTP\/1\.1 1\d\d /.test(head)) return isComplete(bytes.subarray(headEnd + 4));
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  return length !== undefined && bytes.length >= headEnd + 4 + Number(length);
}

export function parseAnswer(bytes: Buffer): WireAnswer {
  const headEnd = bytes.indexOf('\r\n\r\n');
  const [statusLine = '', ...fields] = bytes
    .toString('latin1', 0, headEnd === -1 ? bytes.length : headEnd)
    .split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1] ?? 0);
  if (status >= 100 && status < 200 && headEnd !== -1) return parseAnswer(bytes.subarray(headEnd + 4));
  const headers: Record<string, string> = {};
  for (const field of fields) {
    const colon = field.indexOf(':');
    const name = field.slice(0, colon).toLowerCase();
    const value = field.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  const raw = headEnd === -1 ? Buffer.alloc(0) : bytes.subarray(headEnd + 4);
  const text = (/chunked/i.test(headers['transfer-encoding'] ?? '') ? unchunk(raw) : raw).toString('utf8');
  const json = parseJson(text);
  return {
    status,
    headers,
    text,
    message: typeof json?.['message'] === 'string' ? json['message'] : undefined,
    requestId: headers['x-kong-request-id'] ?? '',
    echoed: json !== undefined && 'body_bytes' in json ? (json as unknown as EchoAnswer) : undefined,
  };
}

function unchunk(raw: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = raw.indexOf('\r\n', at);
    const size = lineEnd === -1 ? 0 : Number.parseInt(raw.toString('latin1', at, lineEnd), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(raw.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}

function parseJson(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

export function basic(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
}

export function bearer(token: string): [string, string] {
  return ['Authorization', `Bearer ${token}`];
}

export function form(fields: Readonly<Record<string, string>>): { body: string; headers: [string, string][] } {
  return {
    body: new URLSearchParams(fields).toString(),
    headers: [['Content-Type', 'application/x-www-form-urlencoded']],
  };
}

export function json(value: unknown): { body: string; headers: [string, string][] } {
  return { body: JSON.stringify(value), headers: [['Content-Type', 'application/json']] };
}

/** Resolves when nothing accepts connections at this port any more. */
export async function isClosed(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}

/** Tries until `condition` holds; says what it waited for when it never does. */
export async function eventually(
  what: string,
  condition: () => Promise<boolean> | boolean,
  withinMs = 5000,
): Promise<number> {
  const startedAt = performance.now();
  while (performance.now() - startedAt < withinMs) {
    if (await condition()) return performance.now() - startedAt;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`not within ${withinMs} ms: ${what}`);
}
