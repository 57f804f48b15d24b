import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What a backend does with requests; probes of health checks are those for `/healthz`. */
export type Mood =
  | { readonly kind: 'fine' }
  | { readonly kind: 'status'; readonly status: number }
  /** Takes the request and never answers. */
  | { readonly kind: 'silent' }
  /** Reads the whole request, then cuts the connection. */
  | { readonly kind: 'cut' }
  | { readonly kind: 'slow'; readonly delayMs: number };

export interface BackendRequest {
  readonly method: string;
  readonly url: string;
  readonly host: string | undefined;
  readonly body: string;
}

/** A server that tells its name in `X-Backend` and writes down what it got. */
export class Backend {
  readonly name: string;
  mood: Mood = { kind: 'fine' };
  /** Status for probes. */
  health = 200;
  readonly requests: BackendRequest[] = [];
  readonly probes: IncomingMessage[] = [];
  port = 0;
  readonly #open = new Set<Socket>();
  #server: Server | undefined;

  constructor(name: string) {
    this.name = name;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get target(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** At the port it had before, or any free one. */
  async start(): Promise<this> {
    const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => this.#take(request, response));
    server.on('connection', (socket) => {
      this.#open.add(socket);
      socket.on('close', () => this.#open.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
    return this;
  }

  /** From then on connections are refused. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    if (request.url === '/healthz') {
      this.probes.push(request);
      response.writeHead(this.health).end();
      return;
    }
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const body = Buffer.concat(pieces).toString('utf8');
      const { method = '', url = '', headers } = request;
      this.requests.push({ method, url, host: headers.host, body });
      this.#answer(request, response);
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { mood } = this;
    const answer = (status: number) => response.writeHead(status, { 'X-Backend': this.name }).end(this.name);
    switch (mood.kind) {
      case 'fine':
        answer(200);
        return;
      case 'status':
        answer(mood.status);
        return;
      case 'silent':
        return;
      case 'cut':
        request.socket.destroy();
        return;
      case 'slow':
        setTimeout(() => answer(200), mood.delayMs);
        return;
    }
  }
}
