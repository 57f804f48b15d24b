import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { Worker } from 'node:worker_threads';
import { trustAuthorities } from '../../base/authorities.ts';
import { ensureCertificate } from '../../base/certificate.ts';
import { createLogger, type Logger } from '../../base/log.ts';
import { siblingModule } from '../../base/paths.ts';
import type { BalancerHub } from '../../runtime/balancer-hub.ts';
import { createBalancerHub } from '../../runtime/create-balancer-hub.ts';
import { createProviderClient } from '../../runtime/provider-client.ts';
import { ProviderHub } from '../../runtime/provider-hub.ts';
import { counterMemory } from '../../runtime/shared-counters.ts';
import { WorkerHost } from '../../runtime/worker-host.ts';
import type { CertificatePair, Listener, Settings } from '../../settings/settings.ts';
import { prepareStateFolder } from '../../settings/state-folder.ts';
import type { BoundListener, ControlToMain, MainToControl, NodeFacts } from '../../threads/messages.ts';
import type { ControlSettings } from './control-thread.ts';
import { MainMetrics } from './main-metrics.ts';
import type { WorkerSettings } from './worker-thread.ts';

/** A running gateway: control thread, workers, and this thread that supervises them and talks to providers. */
export interface Gateway {
  readonly proxy: readonly BoundListener[];
  readonly admin: readonly BoundListener[];
  readonly status: readonly BoundListener[];
  /** Drains and ends everything. Safe to call twice. */
  stop(): Promise<void>;
  /** Settles with the reason when the gateway cannot go on. */
  readonly failed: Promise<string>;
}

/** A start that cannot succeed; the message is for the person at the terminal. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** Starts a gateway in this process and resolves when it proxies and its Admin API answers. */
export async function startGateway(settings: Settings): Promise<Gateway> {
  const folder = prepareStateFolder(settings.prefix);
  if (folder.kind === 'fault') throw new StartError(folder.fault);
  const log = createLogger({ level: settings.logLevel, name: 'main', destination: settings.processLog });
  for (const warning of folder.warnings) log.warn('main.prefix.warn', { warning });
  const reusePort = process.platform === 'linux';
  const shared = await fixPorts(settings);
  const certificates = await generateCertificates(shared);
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

/**
 * Tries every address once without port sharing: with it, a second gateway would silently take half of
 * the first one's requests. Port 0 is settled here, so that all workers share the same one.
 */
async function fixPorts(settings: Settings): Promise<Settings> {
  const settle = async (listeners: readonly Listener[], what: string): Promise<Listener[]> => {
    const fixed: Listener[] = [];
    for (const listener of listeners) fixed.push({ ...listener, port: await probe(listener, what) });
    return fixed;
  };
  return {
    ...settings,
    proxyListen: await settle(settings.proxyListen, 'proxy_listen'),
    adminListen: await settle(settings.adminListen, 'admin_listen'),
    statusListen: await settle(settings.statusListen, 'status_listen'),
  };
}

function probe({ host, port, ipv6Only }: Listener, what: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new StartError(explainListen(error, host, port, what))),
    );
    server.listen({ host, port, ipv6Only, exclusive: true }, () => {
      const address = server.address();
      const found = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(found));
    });
  });
}

function explainListen(error: NodeJS.ErrnoException, host: string, port: number, what: string): string {
  const setting = `SALLYPORT_${what.toUpperCase()}`;
  if (error.code === 'EADDRINUSE') {
    return `${what}: port ${port} on ${host} is in use by another process. Stop that process, or set ${setting} to another address.`;
  }
  if (error.code === 'EACCES')
    return `${what}: not allowed to listen on port ${port}. Ports below 1024 need a privilege; set ${setting} to a higher one.`;
  if (error.code === 'EADDRNOTAVAIL') return `${what}: this machine has no address ${host}. Correct ${setting}.`;
  return `${what}: cannot listen on ${host}:${port} (${error.code ?? error.message}).`;
}

interface Certificates {
  readonly proxy: CertificatePair | undefined;
  readonly admin: CertificatePair | undefined;
  readonly status: CertificatePair | undefined;
}

async function generateCertificates(settings: Settings): Promise<Certificates> {
  const own = async (listeners: readonly Listener[], given: CertificatePair | undefined) => {
    if (given !== undefined || !listeners.some((listener) => listener.ssl)) return given;
    return ensureCertificate(`${settings.prefix}/certificates`, 'default');
  };
  return {
    proxy: await own(settings.proxyListen, settings.certificates.proxy),
    admin: await own(settings.adminListen, settings.certificates.admin),
    status: await own(settings.statusListen, settings.certificates.status),
  };
}

class GatewayParts {
  readonly #settings: Settings;
  readonly #log: Logger;
  readonly #control: Worker;
  readonly #host: WorkerHost;
  readonly #balancer: BalancerHub;
  readonly #client = createProviderClient();
  readonly #listening = new Map<number, readonly BoundListener[]>();
  readonly #failure = deferred<string>();
  readonly #workersUp = deferred<readonly BoundListener[]>();
  readonly #controlUp = deferred<{ admin: readonly BoundListener[]; status: readonly BoundListener[] }>();
  readonly #controlGone = deferred<void>();
  #draining = false;
  #started = false;
  #stopping: Promise<void> | undefined;

  constructor(settings: Settings, certificates: Certificates, reusePort: boolean, log: Logger) {
    this.#settings = settings;
    this.#log = log;
    const controlSettings: ControlSettings = {
      ...settings,
      adminCertificate: certificates.admin,
      statusCertificate: certificates.status,
    };
    this.#control = new Worker(siblingModule(import.meta.url, './control-thread'), { workerData: controlSettings });
    this.#control.on('message', (message: ControlToMain) => this.#fromControl(message));
    this.#control.on('error', (error: unknown) => this.#fail(`control thread: ${describe(error)}`));
    this.#control.on('exit', () => {
      this.#controlGone.resolve();
      if (this.#stopping === undefined) this.#fail('the control thread ended');
    });
    const workerSettings: WorkerSettings = {
      ...settings,
      proxyCertificate: certificates.proxy,
      reusePort,
      counterMemory: counterMemory(),
      ticketKeys: randomBytes(48),
    };
    const metrics = new MainMetrics((announcement) => this.#toControl({ kind: 'metrics', announcement }));
    // Probes of health checks trust what the workers trust.
    trustAuthorities(settings.trustedAuthorities);
    this.#balancer = createBalancerHub({ dns: settings.dns, log, seats: settings.workers });
    this.#host = new WorkerHost({
      entry: siblingModule(import.meta.url, './worker-thread'),
      count: settings.workers,
      settings: workerSettings,
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
        log.info('main.worker.listen', { worker });
        this.#tellNode();
        if (this.#listening.size === settings.workers) this.#workersUp.resolve(listeners);
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
    return { proxy, admin, status, stop: () => this.stop(), failed: this.#failure.promise };
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

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function deferred<T>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  return Promise.withResolvers<T>();
}
