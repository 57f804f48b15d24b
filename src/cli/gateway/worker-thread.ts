import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { trustAuthorities } from '../../base/authorities.ts';
import { createLogger } from '../../base/log.ts';
import { packageVersion } from '../../base/paths.ts';
import type { ConfigChange } from '../../entities/index.ts';
import { createHttpServer, createUpstreamPools, type HttpServer } from '../../http/index.ts';
import { pluginsByName } from '../../plugins/index.ts';
import { AccessLog } from '../../proxy/access-log.ts';
import { createDataPlane, type DataPlane } from '../../proxy/data-plane.ts';
import { handleRequest } from '../../proxy/handle-request.ts';
import { WorkerMetrics } from '../../proxy/metrics.ts';
import { refuse } from '../../proxy/refuse.ts';
import { DecisionRings } from '../../runtime/decision-rings.ts';
import { WorkerServices } from '../../runtime/plugin-services.ts';
import { ProviderPort } from '../../runtime/provider-port.ts';
import { SharedCounterTable } from '../../runtime/shared-counters.ts';
import type { CertificatePair, Settings } from '../../settings/settings.ts';
import { compileSnapshot } from '../../snapshot/compile.ts';
import { ConsumerIndex } from '../../snapshot/consumer-index.ts';
import { CredentialIndex } from '../../snapshot/credential-index.ts';
import { SnapshotHolder } from '../../snapshot/holder.ts';
import type {
  BoundListener,
  ControlToWorker,
  MainToWorker,
  WorkerQuestion,
  WorkerStatus,
  WorkerToControl,
  WorkerToMain,
} from '../../threads/messages.ts';
import { httpLimits, poolOptions, proxyOptions, serverTls } from './worker-options.ts';

/** A worker: the data plane and nothing else. It serves as soon as it has its first configuration. */
export interface WorkerData {
  readonly worker: number;
  readonly settings: WorkerSettings;
  readonly controlPort: MessagePort;
}

/** What a worker needs of the process settings. */
export interface WorkerSettings extends Settings {
  readonly proxyCertificate: CertificatePair | undefined;
  /** Several workers share a port where the platform lets them. */
  readonly reusePort: boolean;
  /** 48 secret bytes: a TLS session that one worker began is known to the others. */
  readonly ticketKeys: Uint8Array;
  /** Of the counters that all workers share. */
  readonly counterMemory: SharedArrayBuffer;
}

const loopPeriodMs = 100;

const main = parentPort;
if (main !== null) start(workerData as WorkerData, main);

function start({ worker, settings, controlPort }: WorkerData, toMain: MessagePort): void {
  const log = createLogger({ level: settings.logLevel, name: `worker-${worker}`, destination: settings.processLog });
  const post = (message: WorkerToMain) => toMain.postMessage(message);
  const tell = (message: WorkerToControl) => controlPort.postMessage(message);
  const holder = new SnapshotHolder();
  const consumers = new ConsumerIndex();
  const credentials = new CredentialIndex(consumers);
  const counters = new SharedCounterTable(settings.counterMemory);
  const provider = new ProviderPort(post);
  const rings = new DecisionRings(settings.decisionsKept);
  const metrics = new WorkerMetrics({
    announce: (announcement) => tell({ kind: 'metrics', announcement }),
    perConsumer: settings.metricsPerConsumer,
  });
  trustAuthorities(settings.trustedAuthorities);
  const plane = createDataPlane({
    holder,
    services: new WorkerServices({ provider, consumers, credentials, counters, log }),
    pools: createUpstreamPools(poolOptions(settings)),
    rings,
    metrics,
    options: proxyOptions(settings),
    accessLog: settings.proxyAccessLog === 'off' ? undefined : new AccessLog(settings.proxyAccessLog),
    version: packageVersion(),
  });
  const servers: HttpServer[] = [];
  watchLoop(metrics, plane, servers);
  const environment = { plugins: pluginsByName() };
  let parts: ConfigChange['upserts'][number][] = [];

  /** Changes are compiled one after the other, in the order in which they were published. */
  let queue: Promise<void> = Promise.resolve();
  const apply = (change: ConfigChange, then?: () => Promise<void>) => {
    queue = queue.then(async () => {
      const outcome = await compileSnapshot(holder.current, change, environment);
      if (outcome.kind === 'faults') {
        const reason = outcome.faults
          .map((fault) => `${fault.kind} ${fault.name ?? fault.id}: ${fault.message}`)
          .join('; ');
        log.error('worker.snapshot.compile_fail', { revision: change.revision, reason });
        tell({ kind: 'compile_failed', revision: change.revision, reason });
      } else {
        consumers.apply(change);
        credentials.apply(change);
        holder.swap(outcome.snapshot);
      }
      await then?.();
      if (outcome.kind === 'ok') tell({ kind: 'acknowledged', revision: change.revision });
    });
    queue.catch((error: unknown) => {
      throw error;
    });
  };

  controlPort.on('message', (message: ControlToWorker) => {
    switch (message.kind) {
      case 'base': {
        parts.push(...message.change.upserts);
        if (!message.last) return;
        const base = { revision: message.change.revision, upserts: parts, deletes: [] };
        parts = [];
        apply(base, () => listen(settings, plane, servers, post));
        return;
      }
      case 'delta':
        apply(message.change);
        return;
      case 'ask':
        tell({ kind: 'answer', id: message.id, value: answer(message.question, worker, plane, servers) });
        return;
    }
  });

  toMain.on('message', (message: MainToWorker) => {
    if (message.kind === 'exchanged') provider.receive(message);
    else if (message.kind === 'balance') post({ kind: 'balanced', id: message.id });
    else void drain(message.delayMs, message.timeoutMs, plane, servers).then(() => post({ kind: 'drained' }));
  });
}

/** Measures how late a timer fires, which is how long other work kept the event loop. */
function watchLoop(metrics: WorkerMetrics, plane: DataPlane, servers: readonly HttpServer[]): void {
  let due = performance.now() + loopPeriodMs;
  setInterval(() => {
    const now = performance.now();
    const accepted = servers.reduce((sum, server) => sum + server.accepted, 0);
    metrics.observeLoop(now - due, { accepted, droppedLines: plane.accessLog?.dropped ?? 0 });
    due = now + loopPeriodMs;
  }, loopPeriodMs).unref();
}

async function listen(
  settings: WorkerSettings,
  plane: DataPlane,
  servers: HttpServer[],
  post: (message: WorkerToMain) => void,
): Promise<void> {
  if (servers.length > 0) return;
  const bound: BoundListener[] = [];
  const bounds = httpLimits(settings);
  try {
    for (const { host, port, ssl, backlog, ipv6Only } of settings.proxyListen) {
      const certificate = ssl ? settings.proxyCertificate : undefined;
      const server = createHttpServer({
        limits: bounds,
        ...(certificate === undefined
          ? {}
          : { tls: serverTls(settings, { identityFor: () => certificate, ticketKeys: settings.ticketKeys }) }),
        onExchange: (exchange) => handleRequest(plane, exchange),
        onRefused: (refusal) => refuse(plane, refusal),
      });
      servers.push(server);
      const at = await server.listen({
        host,
        port,
        reusePort: settings.reusePort,
        ipv6Only,
        ...(backlog === undefined ? {} : { backlog }),
      });
      bound.push({ host, port: at.port, ssl });
    }
    post({ kind: 'listening', proxy: bound });
  } catch (error) {
    post({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
  }
}

async function drain(delayMs: number, timeoutMs: number, plane: DataPlane, servers: HttpServer[]): Promise<void> {
  if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
  await Promise.all(servers.map((server) => server.drain(timeoutMs)));
  plane.pools.close();
  await plane.accessLog?.close();
}

function answer(question: WorkerQuestion, worker: number, plane: DataPlane, servers: readonly HttpServer[]): unknown {
  switch (question.kind) {
    case 'decision':
      return plane.rings.find(question.requestId);
    case 'decisions':
      return plane.rings.list(question.verdict, question.size);
    case 'status':
      return {
        worker,
        ...connectionsOf(servers),
        requestsTotal: plane.counters.requests,
        heapUsedBytes: process.memoryUsage().heapUsed,
        revision: plane.holder.current.revision,
      } satisfies WorkerStatus;
  }
}

function connectionsOf(servers: readonly HttpServer[]) {
  const activities = servers.map((server) => server.activities);
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  return {
    connectionsActive: sum(servers.map(({ connections }) => connections)),
    connectionsReading: sum(activities.map(({ reading }) => reading)),
    connectionsWriting: sum(activities.map(({ writing }) => writing)),
    connectionsWaiting: sum(activities.map(({ waiting }) => waiting)),
    connectionsAccepted: sum(servers.map(({ accepted }) => accepted)),
  };
}
