import { hostname } from 'node:os';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { type AdminParts, createPublisher, MetricsLedger, mainSource, type Publisher } from '../../admin/index.ts';
import { createLogger, type ProcessLogger } from '../../base/log.ts';
import { packageVersion } from '../../base/paths.ts';
import type { ConfigChange } from '../../entities/index.ts';
import type { AnyPlugin } from '../../pdk/index.ts';
import type { CertificatePair, Settings } from '../../settings/settings.ts';
import { compileSnapshot } from '../../snapshot/compile.ts';
import { SnapshotHolder } from '../../snapshot/holder.ts';
import { emptySnapshot } from '../../snapshot/snapshot.ts';
import type { Store } from '../../store/store.ts';
import type { ControlToMain, MainToControl, NodeFacts } from '../../threads/messages.ts';
import { WorkerFleet } from '../../threads/worker-fleet.ts';
import { type AdminServers, createAdminServers } from './admin-servers.ts';
import { BalancingFeed } from './balancing-feed.ts';
import { enabledPlugins } from './enabled-plugins.ts';
import { HealthPort } from './health-port.ts';
import { nodeId } from './node-id.ts';
import { openStore } from './open-store.ts';
import { type ReloadOutcome, reloadDeclarative } from './reload-declarative.ts';

/** The control thread: store, Admin API, the first compilation of every change. */
export interface ControlSettings extends Settings {
  readonly adminCertificate: CertificatePair | undefined;
  readonly statusCertificate: CertificatePair | undefined;
}

/** A worker that has not acknowledged a revision by then is replaced. */
const silenceMs = 2000;

function begin(settings: ControlSettings, toMain: MessagePort): Promise<void> {
  const control = new Control(settings, (message) => toMain.postMessage(message));
  toMain.on('message', (message: MainToControl) => control.receive(message));
  return control.open();
}

/** What there is once the store is open. */
interface Opened {
  readonly store: Store;
  readonly publisher: Publisher;
  readonly servers: AdminServers;
}

class Control {
  readonly #started: ControlSettings;
  readonly #post: (message: ControlToMain) => void;
  readonly #log: ProcessLogger;
  readonly #plugins: ReadonlyMap<string, AnyPlugin>;
  readonly #metrics = new MetricsLedger();
  readonly #fleet: WorkerFleet;
  readonly #health: HealthPort;
  readonly #balancing: BalancingFeed;
  readonly #opened = Promise.withResolvers<Opened>();
  /** Workers that ended before their first configuration could be sent. */
  readonly #gone = new Set<number>();
  #current: ControlSettings;
  #facts: NodeFacts = { ready: false, draining: false, proxyListeners: [], workers: [] };
  #listening = false;

  constructor(settings: ControlSettings, post: (message: ControlToMain) => void) {
    this.#started = settings;
    this.#current = settings;
    this.#post = post;
    this.#log = createLogger({ level: settings.logLevel, name: 'control', destination: settings.processLog });
    this.#plugins = enabledPlugins(settings.plugins);
    this.#health = new HealthPort(post);
    this.#balancing = new BalancingFeed(post);
    this.#fleet = new WorkerFleet({
      silenceMs,
      onMetrics: (worker, announcement) => this.#metrics.announce(worker, announcement),
      onSilent: (worker) => post({ kind: 'silent', worker }),
      onReady: (worker) => this.#log.debug('control.worker.ready', { worker }),
      onCompileFailed: (worker, revision, reason) =>
        this.#log.error('control.worker.compile_fail', { worker, revision, reason }),
    });
  }

  /** Opens the store and compiles what is in it. Messages are held until then; workers load their code meanwhile. */
  async open(): Promise<void> {
    const store = await openStore(this.#started, this.#plugins);
    const everything = await store.everything();
    const snapshot = new SnapshotHolder(await firstSnapshot(everything, this.#plugins));
    this.#balancing.base(everything);
    const publisher = createPublisher({
      snapshot,
      plugins: this.#plugins,
      fleet: {
        publish: async (change) => {
          await Promise.all([this.#balancing.publish(change), this.#fleet.publish(change)]);
        },
      },
    });
    const servers = createAdminServers(this.#started, this.#adminParts(store, publisher));
    await servers.listenForProbes();
    this.#opened.resolve({ store, publisher, servers });
  }

  receive(message: MainToControl): void {
    this.#receive(message).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      this.#log.error('control.thread.fail', { reason });
      this.#post({ kind: 'failed', reason });
    });
  }

  async #receive(message: MainToControl): Promise<void> {
    const { store, publisher, servers } = await this.#opened.promise;
    switch (message.kind) {
      case 'worker':
        // No change is between its commit and its publication meanwhile, so the new worker misses none.
        await publisher.inTurn(async () => {
          const everything = await store.everything();
          if (this.#gone.delete(message.worker)) message.port.close();
          else this.#fleet.join(message.worker, message.port, everything);
        });
        return;
      case 'worker_gone':
        if (!this.#fleet.leave(message.worker)) this.#gone.add(message.worker);
        this.#metrics.retire(message.worker);
        return;
      case 'health':
        this.#health.receive(message);
        return;
      case 'metrics':
        this.#metrics.announce(mainSource, message.announcement);
        return;
      case 'balanced':
        this.#balancing.receive(message);
        return;
      case 'settings':
        this.#post({
          kind: 'configured',
          id: message.id,
          ...(await this.#reload(message.settings as ControlSettings)),
        });
        return;
      case 'node':
        this.#facts = message.facts;
        if (this.#listening || message.facts.workers.length < this.#started.workers) return;
        this.#listening = true;
        this.#post({ kind: 'listening', ...(await servers.listen()) });
        return;
      case 'shutdown':
        await servers.close();
        await store.close();
        this.#post({ kind: 'closed' });
        return;
    }
  }

  async #reload(settings: ControlSettings): Promise<ReloadOutcome> {
    const { store, publisher, servers } = await this.#opened.promise;
    const outcome = await reloadDeclarative(settings, { store, publisher, plugins: this.#plugins });
    if (outcome.faults.length > 0) return outcome;
    this.#current = settings;
    this.#log.setLevel(settings.logLevel);
    this.#log.reopen();
    servers.renewCertificates(settings);
    return outcome;
  }

  #adminParts(store: Store, publisher: Publisher): AdminParts {
    const settings = this.#started;
    const resolved = () => this.#current.resolved;
    const addedHeaders = () => this.#current.request.responseHeaders;
    return {
      store,
      plugins: this.#plugins,
      publisher,
      ask: (question) => this.#fleet.ask(question),
      node: () => this.#facts,
      health: this.#health,
      metrics: this.#metrics,
      settings: {
        get resolved() {
          return resolved();
        },
        get addedHeaders() {
          return addedHeaders();
        },
        version: packageVersion(),
        nodeId: settings.nodeId ?? nodeId(settings.prefix),
        hostname: hostname(),
        database: settings.database,
        adminGuiUrls: settings.adminGuiUrls,
        allowedHosts: settings.adminAllowedHosts,
        bodyBytesMax: settings.adminBodyBytesMax,
      },
      log: this.#log,
    };
  }
}

async function firstSnapshot(everything: ConfigChange, plugins: ReadonlyMap<string, AnyPlugin>) {
  const outcome = await compileSnapshot(emptySnapshot, everything, { plugins });
  if (outcome.kind === 'ok') return outcome.snapshot;
  const reasons = outcome.faults.map((fault) => `${fault.kind} ${fault.name ?? fault.id}: ${fault.message}`);
  throw new Error(`the stored configuration cannot run: ${reasons.join('; ')}`);
}

const main = parentPort;
if (main !== null) {
  begin(workerData as ControlSettings, main).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    main.postMessage({ kind: 'failed', reason } satisfies ControlToMain);
  });
}
