import { createServer, type Server, type Socket } from 'node:net';
import { readStrictRequest, type StrictRequest } from './strict-grammar.ts';

/** One connection that the gateway opened. */
export interface RecordedConnection {
  readonly index: number;
  readonly socket: Socket;
  /** Every byte received on it, as latin1. */
  text: string;
  /** Where the request begins that is not answered yet. */
  at: number;
  /** Requests that came whole. */
  requests: number;
  closed: boolean;
}

export type RawAnswer = string | ((connection: RecordedConnection, request: StrictRequest) => void);

export const okAnswer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** An upstream that keeps the very bytes it gets and answers with bytes that the test gives, good or bad. */
export class RecordingUpstream {
  readonly connections: RecordedConnection[] = [];
  /** What reached it and is no strict request. */
  readonly faults: string[] = [];
  /** For the next requests. */
  answer: RawAnswer = okAnswer;
  readonly #server: Server;
  #taken = new Map<RecordedConnection, number>();

  constructor() {
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => this.#accept(socket));
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The bytes that came since this was last called, connection by connection. */
  take(): string {
    let text = '';
    for (const connection of this.connections) {
      text += connection.text.slice(this.#taken.get(connection) ?? 0);
      this.#taken.set(connection, connection.text.length);
    }
    return text;
  }

  /** Closes what is open, so that the next request comes on a new connection. */
  closeConnections(): void {
    for (const { socket } of this.connections) socket.destroy();
  }

  async stop(): Promise<void> {
    this.closeConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(socket: Socket): void {
    const connection = { index: this.connections.length, socket, text: '', at: 0, requests: 0, closed: false };
    this.connections.push(connection);
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      connection.closed = true;
    });
    socket.on('data', (bytes) => {
      connection.text += bytes.toString('latin1');
      this.#answerWhole(connection);
    });
  }

  #answerWhole(connection: RecordedConnection): void {
    for (;;) {
      const reading = readStrictRequest(connection.text.slice(connection.at));
      if (reading.kind === 'invalid') this.faults.push(`${reading.why}: ${JSON.stringify(connection.text)}`);
      if (reading.kind !== 'whole') return;
      connection.at += reading.message.end;
      connection.requests += 1;
      if (typeof this.answer === 'function') this.answer(connection, reading.message);
      else connection.socket.write(this.answer, 'latin1');
    }
  }
}
