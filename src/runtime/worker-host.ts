import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { BoundListener, MainToWorker, WorkerToMain } from '../threads/messages.ts';
import type { BalancerHub } from './balancer-hub.ts';
import type { ProviderHub } from './provider-hub.ts';

export interface WorkerHostOptions {
  readonly entry: URL;
  readonly count: number;
  /** Handed to each worker as `workerData.settings`. */
  readonly settings: unknown;
  readonly hub: ProviderHub;
  readonly balancer: Pick<BalancerHub, 'join' | 'leave' | 'receive'>;
  /** The port of a started worker, for the control thread. */
  onStarted(worker: number, port: MessagePort): void;
  onGone(worker: number, reason: string): void;
  onListening(worker: number, listeners: readonly BoundListener[]): void;
  onFailed(worker: number, reason: string): void;
}

interface Hosted {
  readonly thread: Worker;
  /** Settings that were sent and are not acknowledged yet, by the id of their message. */
  readonly configuring: Map<number, (faults: readonly string[]) => void>;
}

/** A worker that has not taken new settings by then is reported; they are in its queue, so it will. */
const configureMs = 5000;

/** A crashed worker is replaced after this long; twice as long after each further crash within a minute. */
const restartDelayMs = 50;
const restartDelayMsMax = 5000;

/** Main's side of the workers: starts them, replaces crashed or silent ones, carries their provider calls. */
export class WorkerHost {
  readonly #options: WorkerHostOptions;
  readonly #hosted = new Map<number, Hosted>();
  readonly #crashes = new Map<number, { count: number; at: number }>();
  /** What workers are started with. */
  #settings: unknown;
  #count: number;
  #nextWorker = 1;
  #nextMessage = 1;
  #stopping = false;
  #everListened = false;
  #onEmpty: (() => void) | undefined;

  constructor(options: WorkerHostOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#count = options.count;
  }

  get workers(): number[] {
    return [...this.#hosted.keys()];
  }

  start(): void {
    for (let index = 0; index < this.#count; index += 1) this.#spawn(index);
  }

  /** Starts so many workers more that there are `count`; there are never fewer than before. */
  grow(count: number): void {
    for (let seat = this.#count; seat < count; seat += 1) this.#spawn(seat);
    this.#count = Math.max(this.#count, count);
  }

  /** Tells the settings to every worker, also to those that start later. Resolves with what could not be done. */
  async configure(settings: unknown): Promise<string[]> {
    this.#settings = settings;
    const answers = [...this.#hosted].map(
      ([worker, { thread, configuring }]) =>
        new Promise<string[]>((resolve) => {
          const id = this.#nextMessage++;
          const end = (faults: readonly string[]) => {
            clearTimeout(timer);
            configuring.delete(id);
            resolve([...faults]);
          };
          const timer = setTimeout(
            () => end([`worker ${worker} has not taken the settings after ${configureMs} ms`]),
            configureMs,
          );
          configuring.set(id, end);
          thread.postMessage({ kind: 'settings', id, settings } satisfies MainToWorker);
        }),
    );
    return [...new Set((await Promise.all(answers)).flat())];
  }

  /** A worker that does not answer is ended; its replacement starts like one for a crash. */
  replace(worker: number): void {
    void this.#hosted.get(worker)?.thread.terminate();
  }

  /** Lets running requests end, then ends the threads. */
  async stop(delayMs: number, timeoutMs: number): Promise<void> {
    this.#stopping = true;
    if (this.#hosted.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const { thread } of this.#hosted.values()) {
      thread.postMessage({ kind: 'drain', delayMs, timeoutMs } satisfies MainToWorker);
    }
    const cut = setTimeout(() => this.#terminateAll(), delayMs + timeoutMs + 1000);
    await empty;
    clearTimeout(cut);
  }

  #terminateAll(): void {
    for (const { thread } of this.#hosted.values()) void thread.terminate();
  }

  /** `seat` stays with a replacement, so that crash counting sees a worker that keeps dying. */
  #spawn(seat: number): void {
    const worker = this.#nextWorker++;
    const { port1, port2 } = new MessageChannel();
    const thread = new Worker(this.#options.entry, {
      workerData: { worker, seat, settings: this.#settings, controlPort: port1 },
      transferList: [port1],
    });
    const hosted: Hosted = { thread, configuring: new Map() };
    this.#hosted.set(worker, hosted);
    let reason = 'exited';
    thread.on('message', (message: WorkerToMain) => this.#receive(worker, hosted, message));
    thread.on('error', (error: unknown) => {
      reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    });
    thread.on('exit', () => {
      this.#hosted.delete(worker);
      this.#options.balancer.leave(worker, seat);
      this.#options.onGone(worker, reason);
      if (this.#stopping) {
        if (this.#hosted.size === 0) this.#onEmpty?.();
        return;
      }
      // Before the first one serves, a crash is a start that cannot succeed; trying again would hide why.
      if (!this.#everListened) {
        this.#options.onFailed(worker, reason);
        return;
      }
      setTimeout(() => {
        if (!this.#stopping) this.#spawn(seat);
      }, this.#restartDelay(seat));
    });
    this.#options.balancer.join(worker, (message) => thread.postMessage(message));
    this.#options.onStarted(worker, port2);
  }

  #restartDelay(seat: number): number {
    const last = this.#crashes.get(seat);
    const now = Date.now();
    const count = last !== undefined && now - last.at < 60_000 ? last.count + 1 : 0;
    this.#crashes.set(seat, { count, at: now });
    return Math.min(restartDelayMs * 2 ** count, restartDelayMsMax);
  }

  #receive(worker: number, hosted: Hosted, message: WorkerToMain): void {
    const { hub } = this.#options;
    switch (message.kind) {
      case 'exchange':
        void hub.exchange(message.key, message.request, message.freshAfter).then((answer) => {
          hosted.thread.postMessage({ kind: 'exchanged', id: message.id, answer } satisfies MainToWorker);
        });
        return;
      case 'keep':
        hub.keep(message.key, message.until);
        return;
      case 'balanced':
      case 'name':
      case 'health_flip':
        this.#options.balancer.receive(worker, message);
        return;
      case 'listening':
        this.#everListened = true;
        this.#options.onListening(worker, message.proxy);
        return;
      case 'configured':
        hosted.configuring.get(message.id)?.(message.faults);
        return;
      case 'failed':
        this.#options.onFailed(worker, message.reason);
        return;
      case 'drained':
        void hosted.thread.terminate();
        return;
    }
  }
}
