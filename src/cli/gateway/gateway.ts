import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { trustAuthorities } from '../../base/authorities.ts';
import { limits } from '../../base/limits.ts';
import { createLogger, type ProcessLogger } from '../../base/log.ts';
import { siblingModule } from '../../base/paths.ts';
import type { BalancerHub } from '../../runtime/balancer-hub.ts';
import { createBalancerHub } from '../../runtime/create-balancer-hub.ts';
import { createProviderClient } from '../../runtime/provider-client.ts';
import { ProviderHub } from '../../runtime/provider-hub.ts';
import { counterMemory } from '../../runtime/shared-counters.ts';
import { WorkerHost } from '../../runtime/worker-host.ts';
import type { Settings } from '../../settings/settings.ts';
import { prepareStateFolder } from '../../settings/state-folder.ts';
import type { BoundListener, ControlToMain, MainToControl, NodeFacts } from '../../threads/messages.ts';
import type { ControlSettings } from './control-thread.ts';
import { fixPorts } from './fix-ports.ts';
import { type ListenerCertificates, listenerCertificates } from './listener-certificates.ts';
import { MainMetrics } from './main-metrics.ts';
import type { ReloadOutcome } from './reload-declarative.ts';
import { StartError } from './start-error.ts';
import type { WorkerSettings } from './worker-thread.ts';

/** A running gateway: control thread, workers, and this thread that supervises them and talks to providers. */
export interface Gateway {
  readonly proxy: readonly BoundListener[];
  readonly admin: readonly BoundListener[];
  readonly status: readonly BoundListener[];
  /**
   * Serves by these settings from now on, as far as they can change without new listeners, and reads the declarative
   * configuration anew; no request is dropped. Where it resolves with faults nothing
   * changed, unless a worker could not follow.
   */
  reload(settings: Settings): Promise<ReloadOutcome>;
  /** Drains and ends everything. Safe to call twice. */
  stop(): Promise<void>;
  /** Settles with the reason when the gateway cannot go on. */
  readonly failed: Promise<string>;
}

/** Starts a gateway in this process and resolves when it proxies and its Admin API answers. */
export async function startGateway(settings: Settings): Promise<Gateway> {
  const folder = prepareStateFolder(settings.prefix);
  if (folder.kind === 'fault') throw new StartError(folder.fault);
  const log = createLogger({ level: settings.logLevel, name: 'main', destination: settings.processLog });
  for (const warning of folder.warnings) log.warn('main.prefix.warn', { warning });
  const unknown = await unknownNames(settings.plugins);
  if (unknown.length > 0) log.warn('main.plugin.unknown', { plugins: unknown });
  const reusePort = process.platform === 'linux';
  const shared = await fixPorts(settings);
  const certificates = await listenerCertificates(shared);
  const workers = reusePort ? settings.workers : 1;
  if (workers < settings.workers) {
    log.warn('main.worker.limit', {
      asked: settings.workers,
      started: workers,
      reason: 'no SO_REUSEPORT on this platform',
    });
  }
  const parts = new GatewayParts({ ...shared, workers }, certificates, reusePort, log);
  try {
    return await parts.start();
  } catch (error) {
    await parts.stop();
    throw error;
  }
}

/** Names in `plugins` that no plugin has. This thread has no other use for the code of plugins. */
async function unknownNames(names: readonly string[]): Promise<readonly string[]> {
  if (names.every((name) => name === 'bundled')) return [];
  return (await import('./enabled-plugins.ts')).unknownPlugins(names);
}

/** How long a reload waits for workers that it started. */
const growMsMax = 10_000;

class GatewayParts {
  #settings: Settings;
  readonly #log: ProcessLogger;
  readonly #control: Worker;
  readonly #host: WorkerHost;
  readonly #balancer: BalancerHub;
  readonly #client = createProviderClient();
  readonly #listening = new Map<number, readonly BoundListener[]>();
  readonly #failure = deferred<string>();
  readonly #workersUp = deferred<readonly BoundListener[]>();
  readonly #controlUp = deferred<{ admin: readonly BoundListener[]; status: readonly BoundListener[] }>();
  readonly #controlGone = deferred<void>();
  readonly #workerParts: Pick<WorkerSettings, 'reusePort' | 'counterMemory' | 'ticketKeys'>;
  readonly #configuring = new Map<number, (outcome: ReloadOutcome) => void>();
  #nextMessage = 1;
  #onListening: (() => void) | undefined;
  #draining = false;
  #started = false;
  #stopping: Promise<void> | undefined;

  constructor(settings: Settings, certificates: ListenerCertificates, reusePort: boolean, log: ProcessLogger) {
    this.#settings = settings;
    this.#log = log;
    this.#workerParts = { reusePort, counterMemory: counterMemory(), ticketKeys: randomBytes(48) };
    this.#control = new Worker(siblingModule(import.meta.url, './control-thread'), {
      workerData: controlSettings(settings, certificates),
    });
    this.#control.on('message', (message: ControlToMain) => this.#fromControl(message));
    this.#control.on('error', (error: unknown) => this.#fail(`control thread: ${describe(error)}`));
    this.#control.on('exit', () => {
      this.#controlGone.resolve();
      if (this.#stopping === undefined) this.#fail('the control thread ended');
    });
    const metrics = new MainMetrics((announcement) => this.#toControl({ kind: 'metrics', announcement }));
    // Probes of health checks trust what the workers trust.
    trustAuthorities(settings.trustedAuthorities);
    this.#balancer = createBalancerHub({ dns: settings.dns, log, seats: limits.workersMax });
    this.#host = new WorkerHost({
      entry: siblingModule(import.meta.url, './worker-thread'),
      count: settings.workers,
      settings: this.#workerSettings(settings, certificates),
      hub: new ProviderHub(this.#client, Date.now, metrics.observeExchange),
      balancer: this.#balancer,
      onStarted: (worker, port) => this.#toControl({ kind: 'worker', worker, port }, [port]),
      onGone: (worker, reason) => {
        this.#listening.delete(worker);
        this.#toControl({ kind: 'worker_gone', worker });
        if (this.#stopping === undefined) {
          log.error('main.worker.exit', { worker, reason });
          metrics.observeRestart();
        }
        this.#tellNode();
      },
      onListening: (worker, listeners) => {
        this.#listening.set(worker, listeners);
        // Told before it is written: the first line of the log takes its time.
        this.#tellNode();
        log.info('main.worker.listen', { worker });
        if (this.#listening.size >= this.#settings.workers) this.#workersUp.resolve(listeners);
        this.#onListening?.();
      },
      onFailed: (worker, reason) => {
        log.error('main.worker.fail', { worker, reason });
        if (!this.#started) this.#fail(reason);
      },
    });
  }

  async start(): Promise<Gateway> {
    // Workers start at once and wait for the configuration, so that both threads load their code together.
    this.#host.start();
    const failure = this.#failure.promise.then((reason) => {
      throw new StartError(reason);
    });
    const proxy = await Promise.race([this.#workersUp.promise, failure]);
    const { admin, status } = await Promise.race([this.#controlUp.promise, failure]);
    failure.catch(() => undefined);
    this.#started = true;
    this.#log.info('main.gateway.start', { workers: this.#settings.workers, proxy, admin });
    return {
      proxy,
      admin,
      status,
      reload: (settings) => this.#reload(settings),
      stop: () => this.stop(),
      failed: this.#failure.promise,
    };
  }

  async #reload(asked: Settings): Promise<ReloadOutcome> {
    if (this.#stopping !== undefined) return { faults: ['the gateway is shutting down'], notes: [] };
    const workers = this.#workerParts.reusePort ? asked.workers : 1;
    // Listeners stay, with the ports they were given where any free one was asked for.
    const { proxyListen, adminListen, statusListen } = this.#settings;
    const settings: Settings = { ...asked, workers, proxyListen, adminListen, statusListen };
    const certificates = await listenerCertificates(settings);
    const id = this.#nextMessage++;
    const outcome = await new Promise<ReloadOutcome>((resolve) => {
      this.#configuring.set(id, resolve);
      this.#toControl({ kind: 'settings', id, settings: controlSettings(settings, certificates) });
    });
    this.#configuring.delete(id);
    if (outcome.faults.length > 0) return outcome;
    this.#settings = settings;
    this.#log.setLevel(settings.logLevel);
    this.#log.reopen();
    trustAuthorities(settings.trustedAuthorities);
    const faults = await this.#host.configure(this.#workerSettings(settings, certificates));
    this.#host.grow(workers);
    await this.#untilListening(workers);
    return { ...outcome, faults };
  }

  /** New workers take requests, or have had the time to say why not. */
  async #untilListening(count: number): Promise<void> {
    if (this.#listening.size >= count) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, growMsMax);
      this.#onListening = () => {
        if (this.#listening.size < count) return;
        clearTimeout(timer);
        this.#onListening = undefined;
        resolve();
      };
    });
  }

  #workerSettings(settings: Settings, certificates: ListenerCertificates): WorkerSettings {
    return { ...settings, ...this.#workerParts, proxyCertificate: certificates.proxy };
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#draining = true;
    this.#tellNode();
    const { shutdownDelayMs, shutdownTimeoutMs } = this.#settings;
    await this.#host.stop(shutdownDelayMs, shutdownTimeoutMs);
    this.#balancer.close();
    this.#toControl({ kind: 'shutdown' });
    const cut = setTimeout(() => void this.#control.terminate(), 5000);
    await this.#controlGone.promise;
    clearTimeout(cut);
    await this.#client.close();
  }

  #fromControl(message: ControlToMain): void {
    switch (message.kind) {
      case 'listening':
        this.#controlUp.resolve({ admin: message.admin, status: message.status });
        return;
      case 'failed':
        this.#fail(message.reason);
        return;
      case 'silent':
        this.#log.error('main.worker.silent', { worker: message.worker });
        this.#host.replace(message.worker);
        return;
      case 'configured':
        this.#configuring.get(message.id)?.(message);
        return;
      case 'balancing':
        this.#balancer.apply(message.change, () => this.#toControl({ kind: 'balanced', id: message.id }));
        return;
      case 'health':
        this.#toControl({ kind: 'health', id: message.id, value: this.#balancer.answer(message.question) });
        return;
      case 'closed':
        void this.#control.terminate();
        return;
    }
  }

  #tellNode(): void {
    const [listeners] = this.#listening.values();
    const facts: NodeFacts = {
      ready: this.#listening.size > 0 && !this.#draining,
      draining: this.#draining,
      proxyListeners: listeners ?? [],
      workers: [...this.#listening.keys()],
    };
    this.#toControl({ kind: 'node', facts });
  }

  #toControl(message: MainToControl, transfer: import('node:worker_threads').Transferable[] = []): void {
    this.#control.postMessage(message, transfer);
  }

  #fail(reason: string): void {
    this.#failure.resolve(reason);
  }
}

function controlSettings(settings: Settings, certificates: ListenerCertificates): ControlSettings {
  return { ...settings, adminCertificate: certificates.admin, statusCertificate: certificates.status };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function deferred<T>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  return Promise.withResolvers<T>();
}
