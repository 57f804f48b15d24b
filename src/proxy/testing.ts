import {
  type ForwardPlan,
  type LocalResponse,
  type MemoryRequestInput,
  memoryRequest,
  type ServerExchange,
  type UpstreamHead,
} from '../http/index.ts';
import type { PluginServices } from '../pdk/index.ts';
import { SnapshotHolder } from '../snapshot/holder.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { createDataPlane, type DataPlane } from './data-plane.ts';
import { handleRequest } from './handle-request.ts';
import { defaultProxyOptions, type ProxyOptions } from './options.ts';

type PlaneParts = Parameters<typeof createDataPlane>[0];

/** Events of the process log. */
export type Logged = [event: string, fields: Readonly<Record<string, unknown>> | undefined][];

/** A data plane with nothing behind it. */
export function testPlane(snapshot: Snapshot, options: Partial<ProxyOptions> = {}, logged: Logged = []): DataPlane {
  const write = (event: string, fields?: Readonly<Record<string, unknown>>) => void logged.push([event, fields]);
  const services = { now: () => 0, log: { debug: write, info: write, warn: write, error: write } };
  return createDataPlane({
    holder: new SnapshotHolder(snapshot),
    services: services as unknown as PluginServices,
    pools: { endpoint: () => ({ host: '10.0.0.1', port: 80, tls: undefined }) } as unknown as PlaneParts['pools'],
    rings: { record: () => undefined } as unknown as PlaneParts['rings'],
    balancer: { destination: () => undefined } as unknown as PlaneParts['balancer'],
    options: { ...defaultProxyOptions, ...options },
    accessLog: undefined,
    version: '0.0.0',
  });
}

/** What became of a request. */
export interface Outcome {
  readonly status: number;
  readonly headers: string;
  readonly body: string;
  /** What went upstream; undefined when nothing did. */
  readonly plan: ForwardPlan | undefined;
}

/** Takes a request through all stages; `reply` is what the upstream answers. */
export async function handled(
  plane: DataPlane,
  request: Partial<MemoryRequestInput>,
  reply: Partial<UpstreamHead> = {},
): Promise<Outcome> {
  const exchange = new TestExchange(request, reply);
  handleRequest(plane, exchange);
  await exchange.finished;
  return { status: exchange.status, headers: exchange.headers, body: exchange.body, plan: exchange.plan };
}

class TestExchange implements ServerExchange {
  readonly request: ServerExchange['request'];
  readonly times: ServerExchange['times'];
  readonly bytesReceived = 10;
  readonly bytesSent = 20;
  readonly clientGone = false;
  onFinished: (() => void) | undefined = undefined;
  status = 0;
  headers = '';
  body = '';
  plan: ForwardPlan | undefined = undefined;
  readonly finished: Promise<void>;
  #finish: () => void = () => undefined;
  readonly #reply: Partial<UpstreamHead>;

  constructor(request: Partial<MemoryRequestInput>, reply: Partial<UpstreamHead>) {
    this.request = memoryRequest({ method: 'GET', target: '/', headers: [], ...request });
    this.times = { receivedAt: performance.now(), forwardedAt: 0, connectedAt: 0, upstreamHeadAt: 0, finishedAt: 0 };
    this.#reply = reply;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  respond(response: LocalResponse): void {
    this.status = response.status;
    this.headers = response.headers;
    this.body = String(response.body);
    this.#end();
  }

  forward(plan: ForwardPlan): void {
    this.plan = plan;
    this.times.forwardedAt = performance.now();
    this.times.upstreamHeadAt = performance.now();
    const { headers } = memoryRequest({ method: 'GET', target: '/', headers: [['Server', 'up']] });
    const head = { status: 200, reason: 'OK', headers, ...this.#reply };
    this.status = head.status;
    this.headers = plan.onHead(head);
    plan.onOutcome({ kind: 'completed' });
    this.#end();
  }

  #end(): void {
    this.times.finishedAt = performance.now();
    this.onFinished?.();
    this.#finish();
  }
}
