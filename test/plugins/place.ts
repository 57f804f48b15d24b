import assert from 'node:assert/strict';
import { type EchoUpstream, startEcho } from '../../src/dev/echo.ts';
import type { DecisionRecord } from '../../src/pdk/index.ts';
import { AdminClient } from '../support/admin-client.ts';
import { type GatewayOptions, startSallyport, type TestGateway } from '../support/gateway.ts';
import { send, type WireAnswer, type WireRequest } from '../support/wire.ts';

type Config = Readonly<Record<string, unknown>>;

/** A service with one route to the echo. */
export interface Spot {
  readonly service: { readonly id: string };
  readonly route: { readonly id: string };
  readonly path: string;
  ask(request?: WireRequest & { readonly suffix?: string }): Promise<WireAnswer>;
}

/** A consumer with a key. */
export interface Caller {
  readonly id: string;
  readonly username: string;
  readonly key: string;
  /** The header with the key. */
  readonly header: readonly [string, string];
}

/** A gateway and an echo upstream, both real, and short words for what tests of plugins do all the time. */
export class Place {
  readonly gateway: TestGateway;
  readonly echo: EchoUpstream;
  readonly admin: AdminClient;
  #next = 0;

  constructor(gateway: TestGateway, echo: EchoUpstream) {
    this.gateway = gateway;
    this.echo = echo;
    this.admin = new AdminClient(gateway.adminUrl);
  }

  async spot(url = this.echo.url): Promise<Spot> {
    this.#next += 1;
    const path = `/at-${this.#next}`;
    const service = await this.admin.must('POST', '/services', { name: `service-${this.#next}`, url, retries: 0 });
    const route = await this.admin.must('POST', '/routes', {
      name: `route-${this.#next}`,
      paths: [path],
      service: { id: service?.['id'] },
    });
    return {
      service: { id: String(service?.['id']) },
      route: { id: String(route?.['id']) },
      path,
      ask: ({ suffix = '', ...request } = {}) => send(`${this.gateway.proxyUrl}${path}${suffix}`, request),
    };
  }

  /** Adds a plugin; `where` has references such as `route` and other members of the entry. Gives its id. */
  async plug(name: string, config: Config, where: Config = {}): Promise<string> {
    return String((await this.admin.must('POST', '/plugins', { name, config, ...where }))?.['id']);
  }

  async unplug(id: string): Promise<void> {
    await this.admin.must('DELETE', `/plugins/${id}`);
  }

  async caller(groups: readonly string[] = []): Promise<Caller> {
    this.#next += 1;
    const username = `caller-${this.#next}`;
    const key = `key-of-caller-${this.#next}`;
    const consumer = await this.admin.must('POST', '/consumers', { username });
    await this.admin.must('POST', `/consumers/${username}/key-auth`, { key });
    for (const group of groups) await this.admin.must('POST', `/consumers/${username}/acls`, { group });
    return { id: String(consumer?.['id']), username, key, header: ['apikey', key] };
  }

  async decision({ requestId }: WireAnswer): Promise<DecisionRecord> {
    const answer = await this.admin.get(`/decisions/${requestId}`);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body as unknown as DecisionRecord;
  }

  /** Stops both; no log may hold a key. */
  async stop(): Promise<void> {
    const status = await this.gateway.stop();
    await this.echo.stop();
    assert.equal(status, 0, this.gateway.log().slice(-3000));
    for (const log of [this.gateway.log(), this.gateway.accessLog()]) assert.doesNotMatch(log, /key-of-caller/);
  }
}

export async function startPlace(options: GatewayOptions = {}): Promise<Place> {
  const env = { SALLYPORT_LOG_LEVEL: 'debug', ...options.env };
  const [gateway, echo] = await Promise.all([startSallyport({ ...options, env }), startEcho()]);
  return new Place(gateway, echo);
}

/** Headers the echo saw. */
export function upstream(answer: WireAnswer): Readonly<Record<string, unknown>> {
  assert.ok(answer.echoed, `did not reach the upstream: ${answer.status} ${answer.text}`);
  return answer.echoed.headers;
}
