import { randomInt } from 'node:crypto';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { cheapRandom } from '../../balancer/random.ts';
import { createLogger } from '../../base/log.ts';
import { packageVersion } from '../../base/paths.ts';
import { createUpstreamPools } from '../../http/index.ts';
import { AccessLog } from '../../proxy/access-log.ts';
import { createDataPlane } from '../../proxy/data-plane.ts';
import { WorkerMetrics } from '../../proxy/metrics.ts';
import { DecisionRings } from '../../runtime/decision-rings.ts';
import { WorkerServices } from '../../runtime/plugin-services.ts';
import { ProviderPort } from '../../runtime/provider-port.ts';
import { SharedCounterTable } from '../../runtime/shared-counters.ts';
import { WorkerBalancer } from '../../runtime/worker-balancer.ts';
import type { CertificatePair, Settings } from '../../settings/settings.ts';
import { ConsumerIndex } from '../../snapshot/consumer-index.ts';
import { CredentialIndex } from '../../snapshot/credential-index.ts';
import { SnapshotHolder } from '../../snapshot/holder.ts';
import type { ControlToWorker, MainToWorker, WorkerToControl, WorkerToMain } from '../../threads/messages.ts';
import { enabledPlugins } from './enabled-plugins.ts';
import { WorkerConfiguration } from './worker-configuration.ts';
import { poolOptions, proxyOptions } from './worker-options.ts';
import { WorkerServing } from './worker-serving.ts';

/** A worker: the data plane and nothing else. It serves as soon as it has its first configuration. */
export interface WorkerData {
  readonly worker: number;
  /** Its place among those that run at one time; a replacement has the same. */
  readonly seat: number;
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

const main = parentPort;
if (main !== null) start(workerData as WorkerData, main);

function start({ worker, seat, settings, controlPort }: WorkerData, toMain: MessagePort): void {
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
  const balancer = new WorkerBalancer({ post, seat, random: cheapRandom(randomInt(1, 0xffff_ffff)) });
  const pools = poolOptions(settings);
  const plane = createDataPlane({
    holder,
    services: new WorkerServices({ provider, consumers, credentials, counters, log }),
    pools: createUpstreamPools(pools),
    rings,
    balancer,
    metrics,
    options: proxyOptions(settings),
    accessLog: settings.proxyAccessLog === 'off' ? undefined : new AccessLog(settings.proxyAccessLog),
    version: packageVersion(),
  });
  const serving = new WorkerServing({ worker, settings, plane, pools, metrics, log });
  const configuration = new WorkerConfiguration({
    holder,
    consumers,
    credentials,
    balancer,
    environment: { plugins: enabledPlugins(settings.plugins), tlsVerifyDefault: settings.upstreamTls.verify },
    log,
    tell,
  });

  controlPort.on('message', (message: ControlToWorker) => {
    switch (message.kind) {
      case 'base':
        configuration.takeBase(message, () => listen(serving, post));
        return;
      case 'delta':
        configuration.apply(message.change);
        return;
      case 'ask':
        tell({ kind: 'answer', id: message.id, value: serving.answer(message.question) });
        return;
    }
  });

  toMain.on('message', (message: MainToWorker) => {
    switch (message.kind) {
      case 'exchanged':
        provider.receive(message);
        return;
      case 'balance':
        balancer.receive(message);
        return;
      case 'settings':
        post({ kind: 'configured', id: message.id, faults: serving.configure(message.settings as WorkerSettings) });
        return;
      case 'drain':
        void serving.drain(message.delayMs, message.timeoutMs).then(() => post({ kind: 'drained' }));
        return;
    }
  });
}

async function listen(serving: WorkerServing, post: (message: WorkerToMain) => void): Promise<void> {
  try {
    const proxy = await serving.listen();
    if (proxy !== undefined) post({ kind: 'listening', proxy });
  } catch (error) {
    post({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
  }
}
