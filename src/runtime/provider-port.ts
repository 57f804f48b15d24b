import type { ExchangeAnswer, ExchangeOptions, ProviderExchange, ProviderRequest } from '../base/exchange.ts';
import type { MainToWorker, WorkerToMain } from '../threads/messages.ts';

/** A worker's way to the provider hub in the main thread. */
export class ProviderPort implements ProviderExchange {
  readonly #post: (message: WorkerToMain) => void;
  readonly #waiting = new Map<number, { key: string; resolve(answer: ExchangeAnswer): void }>();
  readonly #inFlight = new Map<string, { startedAt: number; answer: Promise<ExchangeAnswer> }>();
  #nextId = 1;

  constructor(post: (message: WorkerToMain) => void) {
    this.#post = post;
  }

  exchange(key: string, request: ProviderRequest, options: ExchangeOptions = {}): Promise<ExchangeAnswer> {
    // Requests of this worker that miss on the same key wait together; main joins those of different workers.
    const running = this.#inFlight.get(key);
    if (running !== undefined && (options.freshAfter ?? 0) <= running.startedAt) return running.answer;
    const id = this.#nextId++;
    const answer = new Promise<ExchangeAnswer>((resolve) => {
      this.#waiting.set(id, { key, resolve });
    });
    this.#inFlight.set(key, { startedAt: Date.now(), answer });
    this.#post({ kind: 'exchange', id, key, request, freshAfter: options.freshAfter });
    return answer;
  }

  keep(key: string, until: number): void {
    this.#post({ kind: 'keep', key, until });
  }

  receive(message: Extract<MainToWorker, { kind: 'exchanged' }>): void {
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    this.#waiting.delete(message.id);
    this.#inFlight.delete(waiting.key);
    waiting.resolve(message.answer);
  }
}
