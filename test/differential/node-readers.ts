import { createServer, type IncomingMessage, request } from 'node:http';
import { Duplex } from 'node:stream';
import type { StrictField } from '../support/strict-grammar.ts';

/** Messages as node:http reads them, over connections that only exist in memory. */

class Wire extends Duplex {
  readonly requests: NodeRequest[] = [];
  refused = false;

  override _read(): void {
    // The test pushes.
  }

  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done();
  }
}

export interface NodeRequest {
  readonly method: string;
  readonly target: string;
  readonly fields: readonly StrictField[];
  readonly body: string;
}

export interface NodeReading {
  /** Those that came whole. */
  readonly requests: readonly NodeRequest[];
  readonly refused: boolean;
}

const server = createServer({ requireHostHeader: false, maxHeaderSize: 64 * 1024, keepAliveTimeout: 0 });

server.on('request', (message: IncomingMessage, response) => {
  const wire = wireOf(message);
  const pieces: Buffer[] = [];
  message.on('data', (piece: Buffer) => pieces.push(piece));
  message.on('error', () => undefined);
  message.on('end', () => {
    const { method = '', url = '' } = message;
    wire?.requests.push({ method, target: url, fields: fieldsOf(message), body: textOf(pieces) });
    response.end();
  });
});
for (const event of ['checkContinue', 'checkExpectation'])
  server.on(event, (message, response) => server.emit('request', message, response));
server.on('clientError', (_error, socket) => {
  if (socket instanceof Wire) socket.refused = true;
});
for (const event of ['upgrade', 'connect'])
  server.on(event, (_request, socket) => {
    if (socket instanceof Wire) socket.refused = true;
  });

function wireOf(message: IncomingMessage): Wire | undefined {
  const socket: unknown = message.socket;
  return socket instanceof Wire ? socket : undefined;
}

/** Requests as node:http reads them from these bytes. */
export async function readByNodeServer(bytes: Buffer): Promise<NodeReading> {
  const wire = new Wire();
  wire.on('error', () => undefined);
  server.emit('connection', wire);
  wire.push(bytes);
  let before = -1;
  // A memory connection is quiet when a few turns bring nothing new.
  for (let quiet = 0; quiet < 3; quiet += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (wire.requests.length !== before) quiet = 0;
    before = wire.requests.length;
  }
  wire.destroy();
  return { requests: wire.requests, refused: wire.refused };
}

export interface NodeAnswer {
  readonly kind: 'whole' | 'refused' | 'cut';
  readonly status: number;
  readonly fields: readonly StrictField[];
  readonly body: string;
}

/** An answer as the client of node:http reads it from these bytes and the end behind them. */
export function readByNodeClient(method: string, bytes: Buffer): Promise<NodeAnswer> {
  return new Promise((resolve) => {
    const wire = new Wire();
    const refused: NodeAnswer = { kind: 'refused', status: 0, fields: [], body: '' };
    const sent = request({ method, path: '/', createConnection: () => wire, maxHeaderSize: 64 * 1024 });
    let begun = false;
    sent.on('error', () => {
      if (!begun) resolve(refused);
    });
    sent.on('close', () => {
      if (!begun) resolve(refused);
    });
    sent.on('upgrade', () => resolve(refused));
    sent.on('response', (answer) => {
      begun = true;
      const pieces: Buffer[] = [];
      const settle = (kind: NodeAnswer['kind']) => {
        resolve({ kind, status: answer.statusCode ?? 0, fields: fieldsOf(answer), body: textOf(pieces) });
      };
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('error', () => settle('cut'));
      answer.on('end', () => settle(answer.complete ? 'whole' : 'cut'));
    });
    sent.end();
    setImmediate(() => {
      wire.push(bytes);
      wire.push(null);
    });
  });
}

function fieldsOf({ rawHeaders }: IncomingMessage): StrictField[] {
  const fields: StrictField[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) fields.push([rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '']);
  return fields;
}

function textOf(pieces: readonly Buffer[]): string {
  return Buffer.concat(pieces).toString('latin1');
}
