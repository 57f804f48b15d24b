import assert from 'node:assert/strict';
import { startTestDnsServer, type TestDnsServer } from '../../src/balancer/dns/testing-dns-server.ts';
import { AdminClient, type Json } from '../support/admin-client.ts';
import { startSallyport, type TestGateway } from '../support/gateway.ts';
import { send, type WireAnswer, type WireRequest } from '../support/wire.ts';
import { Backend } from './backend.ts';

/** An upstream with its service and route, under a path of its own. */
export interface Place {
  readonly upstream: string;
  readonly service: string;
  readonly path: string;
  readonly url: string;
}

export interface PlaceOptions {
  readonly scheme?: 'http' | 'https';
  readonly upstream?: Readonly<Record<string, unknown>>;
  readonly service?: Readonly<Record<string, unknown>>;
  readonly route?: Readonly<Record<string, unknown>>;
  /** `host:port`, with a weight where it is not the usual one. */
  readonly targets?: readonly (string | readonly [string, number])[];
}

/** A gateway that asks a name server of the test, and backends. */
export class BalancingScene {
  readonly gateway: TestGateway;
  readonly admin: AdminClient;
  readonly dns: TestDnsServer;
  readonly #backends: Backend[] = [];
  #next = 0;

  constructor(gateway: TestGateway, dns: TestDnsServer) {
    this.gateway = gateway;
    this.admin = new AdminClient(gateway.adminUrl);
    this.dns = dns;
  }

  /** So many backends named a, b, c … */
  async backends(count: number): Promise<Backend[]> {
    const made = await Promise.all(
      Array.from({ length: count }, (_, index) => new Backend(String.fromCharCode(97 + index)).start()),
    );
    this.#backends.push(...made);
    return made;
  }

  /** An upstream with targets, a service that names it and a route. */
  async place(options: PlaceOptions = {}): Promise<Place> {
    const upstream = `ups-${this.#next + 1}`;
    await this.admin.must('POST', '/upstreams', { name: upstream, ...options.upstream });
    for (const target of options.targets ?? []) await this.addTarget(upstream, target);
    return this.serve(`${options.scheme ?? 'http'}://${upstream}`, options, upstream);
  }

  async addTarget(upstream: string, target: string | readonly [string, number]): Promise<Json> {
    const [at, weight] = typeof target === 'string' ? [target, 100] : target;
    return this.admin.must('POST', `/upstreams/${upstream}/targets`, { target: at, weight });
  }

  /** A service with a route. */
  async serve(url: string, options: PlaceOptions = {}, upstream = ''): Promise<Place> {
    this.#next += 1;
    const service = `service-${this.#next}`;
    const path = `/at-${this.#next}`;
    await this.admin.must('POST', '/services', { name: service, url, ...options.service });
    await this.admin.must('POST', `/services/${service}/routes`, { paths: [path], ...options.route });
    return { upstream, service, path, url: this.gateway.proxyUrl + path };
  }

  /** A request on a connection of its own; the backend's name, or the status where none answered. */
  async ask(place: Place, request: WireRequest & { readonly more?: string } = {}): Promise<string> {
    const answer = await this.request(place, request);
    return answer.headers['x-backend'] ?? `${answer.status} ${answer.message ?? answer.text.split('\n')[0]}`;
  }

  request(place: Place, request: WireRequest & { readonly more?: string } = {}): Promise<WireAnswer> {
    return send(place.url + (request.more ?? ''), request);
  }

  /** How often each answered, of so many requests one after the other. */
  async tally(place: Place, count: number): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (let index = 0; index < count; index += 1) {
      const who = await this.ask(place);
      counts[who] = (counts[who] ?? 0) + 1;
    }
    return counts;
  }

  /** `health` of each target, by what the target is. */
  async health(place: Place): Promise<Record<string, string>> {
    const answer = await this.admin.get(`/upstreams/${place.upstream}/health`);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    const data = answer.body?.['data'] as unknown as readonly { target: string; health: string }[];
    return Object.fromEntries(data.map(({ target, health }) => [target, health]));
  }

  async stop(): Promise<void> {
    const status = await this.gateway.stop();
    await Promise.all([...this.#backends.map((backend) => backend.stop()), this.dns.close()]);
    assert.equal(status, 0, this.gateway.log().slice(-3000));
    assert.ok(!/"event":"(?:proxy\.request\.fail|worker\.|main\.worker\.(?:exit|silent))/.test(this.gateway.log()));
  }
}

export async function startBalancingScene(workers: number, env: Record<string, string> = {}): Promise<BalancingScene> {
  const dns = await startTestDnsServer();
  const gateway = await startSallyport({
    workers,
    env: { SALLYPORT_DNS_RESOLVER: `127.0.0.1:${dns.port}`, SALLYPORT_LOG_LEVEL: 'debug', ...env },
  });
  return new BalancingScene(gateway, dns);
}
