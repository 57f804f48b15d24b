import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AdminClient } from '../support/admin-client.ts';
import { freePort, startSallyport, type TestGateway } from '../support/gateway.ts';
import { exchange, parseAnswer, send, type WireAnswer, type WireRequest } from '../support/wire.ts';

export type Pairs = readonly (readonly [string, string])[];

/** A request as the upstream got it. */
export interface Seen {
  readonly url: string;
  /** Names lower-cased; every field in order. */
  readonly fields: Pairs;
  /** Values of one name, joined by ` | ` so that two fields never look like one. */
  header(lower: string): string | undefined;
}

export interface Asked {
  readonly answer: WireAnswer;
  readonly seen: Seen | undefined;
}

export interface Question extends WireRequest {
  /** What the upstream answers in place of an empty 200. */
  readonly reply?: { readonly status?: number; readonly headers?: Pairs; readonly body?: string };
}

/** A gateway with settings of its own in front of an upstream that writes down what it gets and answers as told. */
export class HeaderScene {
  readonly gateway: TestGateway;
  readonly admin: AdminClient;
  readonly upstreamPort: number;
  readonly tlsPort: number;
  readonly #server: Server;
  readonly #seen: Map<string, Seen>;
  #next = 0;

  constructor(parts: { gateway: TestGateway; server: Server; seen: Map<string, Seen>; tlsPort: number }) {
    this.gateway = parts.gateway;
    this.admin = new AdminClient(parts.gateway.adminUrl);
    this.tlsPort = parts.tlsPort;
    this.#server = parts.server;
    this.upstreamPort = (parts.server.address() as AddressInfo).port;
    this.#seen = parts.seen;
  }

  get proxyPort(): number {
    return Number(new URL(this.gateway.proxyUrl).port);
  }

  /** One request through the gateway. `Host` is `gw.test` unless given. */
  ask(path: string, question: Question = {}): Promise<Asked> {
    return this.askAt(this.proxyPort, path, question);
  }

  /** The same at another port. */
  async askAt(port: number | Promise<number>, path: string, question: Question = {}): Promise<Asked> {
    this.#next += 1;
    const id = `case-${this.#next}`;
    const { reply, headers = [], ...request } = question;
    const answer = await send(`http://127.0.0.1:${await port}${path}`, {
      ...request,
      headers: [...this.#fieldsOf(id, headers, reply), ...headers],
    });
    return { answer, seen: this.#seen.get(id) };
  }

  /** A head as it is written here, line ends included, without the empty line. */
  async askRaw(head: string): Promise<Asked> {
    this.#next += 1;
    const id = `case-${this.#next}`;
    const bytes = Buffer.from(`${head}X-Case: ${id}\r\n\r\n`, 'latin1');
    const answer = parseAnswer(await exchange({ host: '127.0.0.1', port: this.proxyPort }, bytes));
    return { answer, seen: this.#seen.get(id) };
  }

  #fieldsOf(id: string, headers: Pairs, reply: Question['reply']): Pairs {
    const fields: [string, string][] = [['X-Case', id]];
    if (!headers.some(([name]) => name.toLowerCase() === 'host')) fields.unshift(['Host', 'gw.test']);
    if (reply !== undefined) fields.push(['X-Reply', Buffer.from(JSON.stringify(reply)).toString('base64')]);
    return fields;
  }

  /** Adds a service to the upstream with one route; `more` goes into the route, `service` into the service. */
  async route(name: string, more: Record<string, unknown> = {}, service: Record<string, unknown> = {}): Promise<void> {
    await this.admin.must('POST', '/services', {
      name,
      url: `http://127.0.0.1:${this.upstreamPort}`,
      ...service,
    });
    await this.admin.must('POST', `/services/${name}/routes`, { name, paths: [`/${name}`], ...more });
  }

  /** Lines of the access log so far, parsed. */
  lines(): Record<string, unknown>[] {
    return this.gateway
      .accessLog()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async stop(): Promise<void> {
    await this.gateway.stop();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export async function startHeaderScene(workers: number, env: Record<string, string> = {}): Promise<HeaderScene> {
  const seen = new Map<string, Seen>();
  const server = await startUpstream(seen);
  const [proxyPort, tlsPort] = [await freePort(), await freePort()];
  const gateway = await startSallyport({
    workers,
    proxyPort,
    env: { SALLYPORT_PROXY_LISTEN: `127.0.0.1:${proxyPort}, 127.0.0.1:${tlsPort} ssl`, ...env },
  });
  return new HeaderScene({ gateway, server, seen, tlsPort });
}

async function startUpstream(seen: Map<string, Seen>): Promise<Server> {
  const server = createServer({ joinDuplicateHeaders: false }, (request, response) => {
    const fields: [string, string][] = [];
    for (let at = 0; at + 1 < request.rawHeaders.length; at += 2) {
      fields.push([(request.rawHeaders[at] ?? '').toLowerCase(), request.rawHeaders[at + 1] ?? '']);
    }
    const header = (lower: string) => {
      const values = fields.filter(([name]) => name === lower).map(([, value]) => value);
      return values.length === 0 ? undefined : values.join(' | ');
    };
    seen.set(header('x-case') ?? '', { url: request.url ?? '', fields, header });
    request.resume();
    if (request.url?.startsWith('/never') === true) return;
    const text = Buffer.from(header('x-reply') ?? '', 'base64').toString('utf8');
    const reply = (text === '' ? {} : JSON.parse(text)) as NonNullable<Question['reply']>;
    response.sendDate = false;
    const flat = (reply.headers ?? []).flat();
    response.writeHead(reply.status ?? 200, flat);
    response.end(reply.body ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
