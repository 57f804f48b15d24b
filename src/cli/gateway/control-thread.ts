import { hostname } from 'node:os';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import {
  type AdminParts,
  type AdminServer,
  createAdminServer,
  createPublisher,
  createStatusServer,
  MetricsLedger,
  mainSource,
} from '../../admin/index.ts';
import { createLogger, type Logger } from '../../base/log.ts';
import { packageVersion } from '../../base/paths.ts';
import type { ConfigChange } from '../../entities/index.ts';
import type { CertificatePair, Listener, Settings } from '../../settings/settings.ts';
import { compileSnapshot } from '../../snapshot/compile.ts';
import { SnapshotHolder } from '../../snapshot/holder.ts';
import { emptySnapshot } from '../../snapshot/snapshot.ts';
import type { BoundListener, ControlToMain, MainToControl, NodeFacts } from '../../threads/messages.ts';
import { WorkerFleet } from '../../threads/worker-fleet.ts';
import { BalancingFeed } from './balancing-feed.ts';
import { enabledPlugins } from './enabled-plugins.ts';
import { HealthPort } from './health-port.ts';
import { nodeId } from './node-id.ts';
import { openStore } from './open-store.ts';
import { reloadDeclarative } from './reload-declarative.ts';

/** The control thread: store, Admin API, the first compilation of every change. */
export interface ControlSettings extends Settings {
  readonly adminCertificate: CertificatePair | undefined;
  readonly statusCertificate: CertificatePair | undefined;
}

/** A worker that has not acknowledged a revision by then is replaced. */
const silenceMs = 2000;

const main = parentPort;
if (main !== null) {
  start(workerData as ControlSettings, main).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    main.postMessage({ kind: 'failed', reason } satisfies ControlToMain);
  });
}

async function start(settings: ControlSettings, toMain: MessagePort): Promise<void> {
  const log = createLogger({ level: settings.logLevel, name: 'control', destination: settings.processLog });
  const post = (message: ControlToMain) => toMain.postMessage(message);
  const plugins = enabledPlugins(settings.plugins);
  const metrics = new MetricsLedger();
  const fleet = new WorkerFleet({
    silenceMs,
    onMetrics: (worker, announcement) => metrics.announce(worker, announcement),
    onSilent: (worker) => post({ kind: 'silent', worker }),
    onReady: (worker) => log.debug('control.worker.ready', { worker }),
    onCompileFailed: (worker, revision, reason) =>
      log.error('control.worker.compile_fail', { worker, revision, reason }),
  });
  const health = new HealthPort(post);
  const balancing = new BalancingFeed(post);
  let current = settings;
  let facts: NodeFacts = { ready: false, draining: false, proxyListeners: [], workers: [] };
  let listening = false;
  let servers: Servers | undefined;

  // Messages are held until the store is open; workers load their code meanwhile.
  const opened = openStore(settings, plugins).then(async (store) => {
    const everything = await store.everything();
    const snapshot = new SnapshotHolder(await firstSnapshot(everything, plugins));
    balancing.base(everything);
    const publisher = createPublisher({
      snapshot,
      plugins,
      fleet: {
        publish: async (change) => {
          await Promise.all([balancing.publish(change), fleet.publish(change)]);
        },
      },
    });
    const parts: AdminParts = {
      store,
      plugins,
      publisher,
      ask: (question) => fleet.ask(question),
      node: () => facts,
      health,
      metrics,
      settings: {
        get resolved() {
          return current.resolved;
        },
        version: packageVersion(),
        nodeId: settings.nodeId ?? nodeId(settings.prefix),
        hostname: hostname(),
        database: settings.database,
        adminGuiUrls: settings.adminGuiUrls,
        allowedHosts: settings.adminAllowedHosts,
        bodyBytesMax: settings.adminBodyBytesMax,
      },
      log,
    };
    servers = createServers(settings, parts, post);
    // Probes are answered from now on, that the node is not ready yet.
    await servers.listenForProbes();
    return { store, publisher };
  });

  const receive = async (message: MainToControl): Promise<void> => {
    const { store, publisher } = await opened;
    switch (message.kind) {
      case 'worker':
        // No change is between its commit and its publication meanwhile, so the new worker misses none.
        await publisher.inTurn(async () => fleet.join(message.worker, message.port, await store.everything()));
        return;
      case 'worker_gone':
        fleet.leave(message.worker);
        metrics.retire(message.worker);
        return;
      case 'health':
        health.receive(message);
        return;
      case 'metrics':
        metrics.announce(mainSource, message.announcement);
        return;
      case 'balanced':
        balancing.receive(message);
        return;
      case 'settings': {
        const next = message.settings as ControlSettings;
        const { faults, notes } = await reloadDeclarative(next, { store, publisher, plugins });
        if (faults.length === 0) {
          current = next;
          log.setLevel(next.logLevel);
          log.reopen();
          servers?.renewCertificates(next);
        }
        post({ kind: 'configured', id: message.id, faults, notes });
        return;
      }
      case 'node':
        facts = message.facts;
        if (listening || facts.workers.length < settings.workers) return;
        listening = true;
        await servers?.listen();
        return;
      case 'shutdown':
        await servers?.close();
        await store.close();
        post({ kind: 'closed' });
        return;
    }
  };
  toMain.on('message', (message: MainToControl) => {
    receive(message).catch((error: unknown) => fail(error, log, post));
  });
  await opened;
}

function fail(error: unknown, log: Logger, post: (message: ControlToMain) => void): void {
  const reason = error instanceof Error ? error.message : String(error);
  log.error('control.thread.fail', { reason });
  post({ kind: 'failed', reason });
}

async function firstSnapshot(everything: ConfigChange, plugins: ReturnType<typeof enabledPlugins>) {
  const outcome = await compileSnapshot(emptySnapshot, everything, { plugins });
  if (outcome.kind === 'ok') return outcome.snapshot;
  const reasons = outcome.faults.map((fault) => `${fault.kind} ${fault.name ?? fault.id}: ${fault.message}`);
  throw new Error(`the stored configuration cannot run: ${reasons.join('; ')}`);
}

interface Servers {
  /** Opens the status listeners. */
  listenForProbes(): Promise<void>;
  /** Opens the listeners of the Admin API and tells main that all are open. */
  listen(): Promise<void>;
  renewCertificates(settings: ControlSettings): void;
  close(): Promise<void>;
}

function createServers(settings: ControlSettings, parts: AdminParts, post: (message: ControlToMain) => void): Servers {
  const admin = createAdminServer(parts);
  const status = createStatusServer(parts);
  let probed: BoundListener[] = [];
  return {
    async listenForProbes() {
      probed = await open(status, settings.statusListen, settings.statusCertificate);
    },
    async listen() {
      post({
        kind: 'listening',
        admin: await open(admin, settings.adminListen, settings.adminCertificate),
        status: probed,
      });
    },
    renewCertificates({ adminCertificate, statusCertificate }) {
      if (adminCertificate !== undefined) admin.renewCertificate(adminCertificate);
      if (statusCertificate !== undefined) status.renewCertificate(statusCertificate);
    },
    async close() {
      await Promise.all([admin.close(), status.close()]);
    },
  };
}

async function open(
  server: AdminServer,
  listeners: readonly Listener[],
  certificate: CertificatePair | undefined,
): Promise<BoundListener[]> {
  const bound: BoundListener[] = [];
  for (const { host, port, ssl, backlog, ipv6Only } of listeners) {
    const tls = ssl ? certificate : undefined;
    const at = await server.listen({
      host,
      port,
      ipv6Only,
      ...(backlog === undefined ? {} : { backlog }),
      ...(tls === undefined ? {} : { tls }),
    });
    bound.push({ host, port: at.port, ssl });
  }
  return bound;
}
