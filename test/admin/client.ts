import { randomUUID } from 'node:crypto';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The JSON body; undefined when there is none. */
  readonly json: unknown;
}

export type Headers = Readonly<Record<string, string | string[]>>;

/** An object goes as JSON, a string as a form. */
export type Body = string | object | undefined;

/** Speaks to an Admin API; unlike `fetch` it can say anything in Host and Origin. */
export class Client {
  readonly #base: () => string;

  constructor(base: () => string) {
    this.#base = base;
  }

  call(method: string, path: string, body?: Body, headers: Headers = {}): Promise<Answer> {
    const bytes = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const type = typeof body === 'string' ? 'application/x-www-form-urlencoded' : 'application/json';
    return this.raw(method, path, bytes, { ...(bytes !== undefined && { 'content-type': type }), ...headers });
  }

  /** Sends exactly these headers and bytes. */
  raw(method: string, path: string, bytes: string | Uint8Array | undefined, headers: Headers): Promise<Answer> {
    const { hostname, port } = new URL(this.#base());
    const length = bytes === undefined ? {} : { 'content-length': String(Buffer.byteLength(bytes)) };
    return new Promise((resolve, reject) => {
      const sent = request({ host: hostname, port, method, path, headers: { ...length, ...headers } }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parse(text) });
        });
      });
      sent.on('error', reject);
      sent.end(bytes);
    });
  }

  get(path: string, headers?: Headers): Promise<Answer> {
    return this.call('GET', path, undefined, headers);
  }
  post(path: string, body?: Body, headers?: Headers): Promise<Answer> {
    return this.call('POST', path, body, headers);
  }
  put(path: string, body?: Body): Promise<Answer> {
    return this.call('PUT', path, body);
  }
  patch(path: string, body?: Body): Promise<Answer> {
    return this.call('PATCH', path, body);
  }
  delete(path: string): Promise<Answer> {
    return this.call('DELETE', path);
  }

  /** Creates what a test builds on; the answer must be a success. */
  async make(path: string, body: Body): Promise<Row> {
    const answer = await this.post(path, body);
    if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.status} ${answer.text}`);
    return row(answer.json);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export type Row = Readonly<Record<string, unknown>> & { readonly id: string };

/** An entity out of an answer. */
export function row(json: unknown): Row {
  if (typeof json !== 'object' || json === null || !('id' in json) || typeof json.id !== 'string') {
    throw new Error(`not an entity: ${JSON.stringify(json)}`);
  }
  return { ...json, id: json.id };
}

/** A field of a JSON answer by a dotted path; undefined when it is not there. */
export function field(json: unknown, path: string): unknown {
  let value = json;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, name);
  }
  return value;
}

/** The rows of a list. */
export function rows(json: unknown): Row[] {
  const data = field(json, 'data');
  if (!Array.isArray(data)) throw new Error(`not a list: ${JSON.stringify(json)}`);
  return data.map(row);
}

/** A name no other test uses. */
export function fresh(prefix = 'x'): string {
  return `${prefix}-${randomUUID().slice(0, 13)}`;
}

export const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Sends the text as it is and resolves with everything that comes until the connection ends. */
export function sendText(baseUrl: string, text: string): Promise<string> {
  const { hostname, port } = new URL(baseUrl);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(text));
    let received = '';
    socket.setEncoding('utf8');
    socket.setTimeout(5000, () => socket.destroy());
    socket.on('data', (chunk: string) => {
      received += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(received));
  });
}
