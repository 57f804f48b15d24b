import type { MessagePort } from 'node:worker_threads';
import type { ConfigChange } from '../entities/index.ts';
import type { ControlToWorker, WorkerQuestion, WorkerToControl } from './messages.ts';
import type { MetricsAnnouncement } from './metric-cells.ts';

interface Member {
  readonly port: MessagePort;
  acknowledged: number;
  ready: boolean;
}

interface Publication {
  readonly revision: number;
  readonly waitingFor: Set<number>;
  settle(): void;
}

export interface FleetOptions {
  /** A worker that has not acknowledged a revision by then is reported. */
  readonly silenceMs: number;
  onSilent(worker: number): void;
  onReady(worker: number): void;
  onCompileFailed(worker: number, revision: number, reason: string): void;
  /** A worker counts something new. */
  onMetrics(worker: number, announcement: MetricsAnnouncement): void;
}

/** The first configuration goes over in parts of this many entities, so that no message blocks a receiver for long. */
const basePartSize = 500;

/** Control's side of the workers: publishes revisions, waits for their acknowledgement, asks them questions. */
export class WorkerFleet {
  readonly #options: FleetOptions;
  readonly #members = new Map<number, Member>();
  readonly #publications = new Set<Publication>();
  readonly #questions = new Map<number, { worker: number; resolve(value: unknown): void }>();
  #nextQuestion = 1;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#members.size;
  }

  /** A worker was started: it gets everything of this revision, then every later delta on the same port, in order. */
  join(worker: number, port: MessagePort, base: ConfigChange): void {
    const member: Member = { port, acknowledged: -1, ready: false };
    this.#members.set(worker, member);
    port.on('message', (message: WorkerToControl) => this.#receive(worker, member, message));
    const total = base.upserts.length;
    for (let start = 0; start === 0 || start < total; start += basePartSize) {
      const upserts = base.upserts.slice(start, start + basePartSize);
      const last = start + basePartSize >= total;
      this.#post(member, { kind: 'base', change: { revision: base.revision, upserts, deletes: [] }, last });
    }
  }

  /** False when it had not joined. */
  leave(worker: number): boolean {
    const member = this.#members.get(worker);
    if (member === undefined) return false;
    this.#members.delete(worker);
    member.port.close();
    for (const publication of this.#publications) {
      if (publication.waitingFor.delete(worker) && publication.waitingFor.size === 0) publication.settle();
    }
    for (const [id, question] of this.#questions) {
      if (question.worker !== worker) continue;
      this.#questions.delete(id);
      question.resolve(undefined);
    }
    return true;
  }

  /** Sends a delta at once and resolves when every worker that was there has it in force or has been given up. */
  publish(change: ConfigChange): Promise<void> {
    const waitingFor = new Set<number>();
    for (const [worker, member] of this.#members) {
      this.#post(member, { kind: 'delta', change });
      waitingFor.add(worker);
    }
    if (waitingFor.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const publication: Publication = {
        revision: change.revision,
        waitingFor,
        settle: () => {
          clearTimeout(timer);
          this.#publications.delete(publication);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        publication.settle();
        for (const worker of waitingFor) this.#options.onSilent(worker);
      }, this.#options.silenceMs);
      this.#publications.add(publication);
    });
  }

  /** Asks every worker; one that is gone or silent answers undefined. */
  async ask(question: WorkerQuestion, timeoutMs = 2000): Promise<unknown[]> {
    const answers: Promise<unknown>[] = [];
    for (const [worker, member] of this.#members) {
      const id = this.#nextQuestion++;
      answers.push(
        new Promise((resolve) => {
          const timer = setTimeout(() => {
            this.#questions.delete(id);
            resolve(undefined);
          }, timeoutMs);
          this.#questions.set(id, {
            worker,
            resolve: (value) => {
              clearTimeout(timer);
              resolve(value);
            },
          });
        }),
      );
      this.#post(member, { kind: 'ask', id, question });
    }
    const all = await Promise.all(answers);
    return all.filter((answer) => answer !== undefined);
  }

  #receive(worker: number, member: Member, message: WorkerToControl): void {
    if (message.kind === 'answer') {
      const question = this.#questions.get(message.id);
      this.#questions.delete(message.id);
      question?.resolve(message.value);
      return;
    }
    if (message.kind === 'metrics') {
      this.#options.onMetrics(worker, message.announcement);
      return;
    }
    if (message.kind === 'compile_failed') {
      // The worker keeps its last good snapshot and serves on; the write is not held up for it.
      this.#options.onCompileFailed(worker, message.revision, message.reason);
    }
    member.acknowledged = Math.max(member.acknowledged, message.revision);
    if (!member.ready) {
      member.ready = true;
      this.#options.onReady(worker);
    }
    for (const publication of this.#publications) {
      if (publication.revision > message.revision) continue;
      if (publication.waitingFor.delete(worker) && publication.waitingFor.size === 0) publication.settle();
    }
  }

  #post(member: Member, message: ControlToWorker): void {
    member.port.postMessage(message);
  }
}
