import type { ExchangeAnswer, ProviderOutcome, ProviderRequest } from '../base/exchange.ts';
import { limits } from '../base/limits.ts';
import type { ProviderClient } from './provider-client.ts';

interface Entry {
  outcome: ProviderOutcome;
  until: number;
  bytes: number;
}

/** What became of asking for an exchange, for metrics. */
export type ExchangeEnd = 'memory' | 'shared' | 'overloaded' | 'answered' | 'refused' | 'failed';

export type ExchangeObserver = (purpose: ProviderRequest['purpose'], end: ExchangeEnd) => void;

/** Outcomes nobody has judged yet stay this long, so that workers arriving just after a call share it. */
const unjudgedMs = 2000;

/**
 * Main's side of the provider exchange: identical keys share one call, outcomes the workers judged
 * worth keeping are answered from memory, and the last good metadata and keys outlive a provider's failure.
 */
export class ProviderHub {
  readonly #client: ProviderClient;
  readonly #now: () => number;
  readonly #observe: ExchangeObserver;
  readonly #entries = new Map<string, Entry>();
  readonly #lastGood = new Map<string, ProviderOutcome>();
  readonly #inFlight = new Map<string, Promise<ExchangeAnswer>>();
  #bytes = 0;

  constructor(client: ProviderClient, now: () => number = Date.now, observe: ExchangeObserver = () => undefined) {
    this.#client = client;
    this.#now = now;
    this.#observe = observe;
  }

  get size(): number {
    return this.#entries.size;
  }

  exchange(key: string, request: ProviderRequest, freshAfter: number | undefined): Promise<ExchangeAnswer> {
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      if (entry.until <= this.#now()) this.#drop(key);
      else if (freshAfter === undefined || entry.outcome.at >= freshAfter) {
        this.#observe(request.purpose, 'memory');
        return Promise.resolve({ outcome: entry.outcome, lastGood: this.#lastGood.get(key) });
      }
    }
    const running = this.#inFlight.get(key);
    if (running !== undefined) {
      this.#observe(request.purpose, 'shared');
      return running;
    }
    if (this.#inFlight.size >= limits.providerInFlightMax) {
      this.#observe(request.purpose, 'overloaded');
      const detail = 'too many provider calls are under way';
      return Promise.resolve({
        outcome: { kind: 'failed', fault: 'overloaded', detail, at: this.#now() },
        lastGood: this.#lastGood.get(key),
      });
    }
    const flight = this.#call(key, request);
    this.#inFlight.set(key, flight);
    return flight;
  }

  keep(key: string, until: number): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.until = until;
  }

  async #call(key: string, request: ProviderRequest): Promise<ExchangeAnswer> {
    const outcome = await this.#client.call(request);
    this.#observe(
      request.purpose,
      outcome.kind !== 'response' ? 'failed' : outcome.status < 400 ? 'answered' : 'refused',
    );
    this.#inFlight.delete(key);
    this.#store(key, outcome);
    if (request.purpose === 'discovery' || request.purpose === 'jwks') this.#rememberGood(key, outcome);
    return { outcome, lastGood: this.#lastGood.get(key) };
  }

  #rememberGood(key: string, outcome: ProviderOutcome): void {
    if (outcome.kind !== 'response' || outcome.status !== 200) return;
    if (this.#lastGood.size >= 10_000 && !this.#lastGood.has(key)) {
      const oldest = this.#lastGood.keys().next();
      if (!oldest.done) this.#lastGood.delete(oldest.value);
    }
    this.#lastGood.set(key, outcome);
  }

  #store(key: string, outcome: ProviderOutcome): void {
    this.#drop(key);
    const bytes = key.length + (outcome.kind === 'response' ? outcome.body.length + 500 : 200);
    this.#entries.set(key, { outcome, until: this.#now() + unjudgedMs, bytes });
    this.#bytes += bytes;
    while (this.#entries.size > limits.exchangeEntriesMax || this.#bytes > limits.exchangeBytesMax) {
      const oldest = this.#entries.keys().next();
      if (oldest.done) break;
      this.#drop(oldest.value);
    }
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }
}
