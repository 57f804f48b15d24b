import { trustAuthorities } from '../../base/authorities.ts';
import type { ProcessLogger } from '../../base/log.ts';
import { createHttpServer, type HttpServer } from '../../http/index.ts';
import { AccessLog } from '../../proxy/access-log.ts';
import { applyOptions, type DataPlane } from '../../proxy/data-plane.ts';
import { handleRequest } from '../../proxy/handle-request.ts';
import type { WorkerMetrics } from '../../proxy/metrics.ts';
import { refuse } from '../../proxy/refuse.ts';
import type { BoundListener, WorkerQuestion, WorkerStatus } from '../../threads/messages.ts';
import { httpLimits, type PoolOptions, poolOptions, proxyOptions, serverTls } from './worker-options.ts';
import type { WorkerSettings } from './worker-thread.ts';

export interface WorkerServingParts {
  readonly worker: number;
  readonly settings: WorkerSettings;
  readonly plane: DataPlane;
  /** What `plane.pools` was made with. */
  readonly pools: PoolOptions;
  readonly metrics: WorkerMetrics;
  readonly log: ProcessLogger;
}

/** How often the event loop is looked at. */
const loopPeriodMs = 100;

/** The listeners of a worker, and the settings by which it serves; they can change while it does. */
export class WorkerServing {
  readonly #parts: WorkerServingParts;
  readonly #limits: ReturnType<typeof httpLimits>;
  readonly #servers: HttpServer[] = [];
  #settings: WorkerSettings;
  /** Not in use while the access log is off, and open for the case that it is switched on again. */
  #log: AccessLog | undefined;

  constructor(parts: WorkerServingParts) {
    this.#parts = parts;
    this.#settings = parts.settings;
    this.#limits = httpLimits(parts.settings);
    this.#log = parts.plane.accessLog;
    trustAuthorities(parts.settings.trustedAuthorities);
    this.#watchLoop();
  }

  /** Opens the listeners, once. Rejects when an address cannot be bound. */
  async listen(): Promise<readonly BoundListener[] | undefined> {
    if (this.#servers.length > 0) return undefined;
    const { plane, log } = this.#parts;
    const bound: BoundListener[] = [];
    for (const { host, port, ssl, backlog, ipv6Only } of this.#settings.proxyListen) {
      const usual = this.#settings.proxyCertificate;
      const server = createHttpServer({
        limits: this.#limits,
        ...(ssl && usual !== undefined
          ? {
              tls: serverTls(this.#settings, {
                holder: plane.holder,
                usual: () => this.#settings.proxyCertificate ?? usual,
                ticketKeys: this.#settings.ticketKeys,
                log,
              }),
            }
          : {}),
        onExchange: (exchange) => handleRequest(plane, exchange),
        onRefused: (refusal) => refuse(plane, refusal),
      });
      this.#servers.push(server);
      const at = await server.listen({
        host,
        port,
        reusePort: this.#settings.reusePort,
        ipv6Only,
        ...(backlog === undefined ? {} : { backlog }),
      });
      bound.push({ host, port: at.port, ssl });
    }
    return bound;
  }

  /**
   * Serves by these settings from now on, as far as they can change while listeners are open. Connections stay;
   * a request that is under way may see some of either. Answers what could not be done.
   */
  configure(settings: WorkerSettings): string[] {
    const faults: string[] = [];
    const { plane, pools, metrics, log } = this.#parts;
    const { proxyCertificate: former } = this.#settings;
    // The same pair stays the same object, by which its TLS context is found.
    const same = former?.cert === settings.proxyCertificate?.cert && former?.key === settings.proxyCertificate?.key;
    this.#settings = same ? { ...settings, proxyCertificate: former } : settings;
    log.setLevel(settings.logLevel);
    // Both objects are read at each use.
    Object.assign(this.#limits, httpLimits(settings));
    Object.assign(pools, poolOptions(settings));
    applyOptions(plane, proxyOptions(settings));
    metrics.tellConsumersApart(settings.metricsPerConsumer);
    try {
      trustAuthorities(settings.trustedAuthorities);
      this.#openLogs(settings.proxyAccessLog);
    } catch (error) {
      faults.push(error instanceof Error ? error.message : String(error));
    }
    return faults;
  }

  /** Stops as `HttpServer.drain` does, after a delay in which everything goes on. */
  async drain(delayMs: number, timeoutMs: number): Promise<void> {
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    await Promise.all(this.#servers.map((server) => server.drain(timeoutMs)));
    this.#parts.plane.pools.close();
    await this.#log?.close();
  }

  answer(question: WorkerQuestion): unknown {
    const { plane } = this.#parts;
    switch (question.kind) {
      case 'decision':
        return plane.rings.find(question.requestId);
      case 'decisions':
        return plane.rings.list(question.verdict, question.size);
      case 'status':
        return this.#status();
    }
  }

  #openLogs(path: string): void {
    const { plane, log } = this.#parts;
    log.reopen();
    if (path === 'off') {
      plane.accessLog = undefined;
      return;
    }
    if (this.#log === undefined) this.#log = new AccessLog(path);
    else this.#log.reopen(path);
    plane.accessLog = this.#log;
  }

  #status(): WorkerStatus {
    const activities = this.#servers.map((server) => server.activities);
    const { plane, worker } = this.#parts;
    return {
      worker,
      connectionsActive: sum(this.#servers.map(({ connections }) => connections)),
      connectionsReading: sum(activities.map(({ reading }) => reading)),
      connectionsWriting: sum(activities.map(({ writing }) => writing)),
      connectionsWaiting: sum(activities.map(({ waiting }) => waiting)),
      connectionsAccepted: this.#accepted,
      requestsTotal: plane.counters.requests,
      heapUsedBytes: process.memoryUsage().heapUsed,
      revision: plane.holder.current.revision,
    };
  }

  get #accepted(): number {
    return sum(this.#servers.map(({ accepted }) => accepted));
  }

  /** Measures how late a timer fires, which is how long other work kept the event loop. */
  #watchLoop(): void {
    let due = performance.now() + loopPeriodMs;
    setInterval(() => {
      const now = performance.now();
      const totals = { accepted: this.#accepted, droppedLines: this.#log?.dropped ?? 0 };
      this.#parts.metrics.observeLoop(now - due, totals);
      due = now + loopPeriodMs;
    }, loopPeriodMs).unref();
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
