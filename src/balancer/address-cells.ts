import type { HealthyRules, UnhealthyRules } from '../base/balancing.ts';

/** What a probe or a request says about an address. */
export type HealthEvent = 'success' | 'tcp_failure' | 'timeout' | 'http_failure';

export type Flip = 'healthy' | 'unhealthy';

// Two doubles (latency) stand first, then 32-bit numbers.
const numbersAt = 4;
const stateAt = numbersAt;
const successesAt = numbersAt + 1;
const tcpFailuresAt = numbersAt + 2;
const timeoutsAt = numbersAt + 3;
const httpFailuresAt = numbersAt + 4;
const connectionsAt = numbersAt + 5;
const seatsAt = numbersAt + 6;

/** Latency is forgotten by half and more within this. */
const decayMs = 10_000;
/** What a failed try counts as at least, so that refusing fast is not being fast. */
const failureMs = 1000;

/** Memory for one address, for so many workers. New addresses are healthy. */
export function createAddressCells(seats: number): SharedArrayBuffer {
  return new SharedArrayBuffer(Math.ceil(((seatsAt + seats) * 4) / 8) * 8);
}

/**
 * Health, running requests and latency of one address in memory that all threads share, so that workers act as
 * one node without telling each other anything.
 */
export class AddressCells {
  readonly memory: SharedArrayBuffer;
  readonly #numbers: Int32Array;
  readonly #latency: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#numbers = new Int32Array(memory);
    this.#latency = new Float64Array(memory, 0, 2);
  }

  get healthy(): boolean {
    return Atomics.load(this.#numbers, stateAt) === 0;
  }

  /**
   * Counts an event and says whether it flipped the address (proxying.md 6.1): a success clears the failure
   * counters, a failure the success counter, and a limit of 0 disables events of its kind.
   */
  note(event: HealthEvent, healthy: Pick<HealthyRules, 'successes'>, unhealthy: UnhealthyRules): Flip | undefined {
    switch (event) {
      case 'success':
        return this.#succeed(healthy.successes);
      case 'tcp_failure':
        return this.#fail(tcpFailuresAt, unhealthy.tcpFailures);
      case 'timeout':
        return this.#fail(timeoutsAt, unhealthy.timeouts);
      case 'http_failure':
        return this.#fail(httpFailuresAt, unhealthy.httpFailures);
    }
  }

  /** Sets the state by hand and clears every counter; true when that changed the state. */
  set(healthy: boolean): boolean {
    this.#clear();
    const state = healthy ? 0 : 1;
    return Atomics.exchange(this.#numbers, stateAt, state) !== state;
  }

  /** Requests under way from all workers. */
  get connections(): number {
    return Math.max(0, Atomics.load(this.#numbers, connectionsAt));
  }

  take(seat: number): void {
    Atomics.add(this.#numbers, connectionsAt, 1);
    Atomics.add(this.#numbers, seatsAt + seat, 1);
  }

  release(seat: number): void {
    Atomics.sub(this.#numbers, connectionsAt, 1);
    Atomics.sub(this.#numbers, seatsAt + seat, 1);
  }

  /** The worker in that seat died with its requests. */
  releaseAll(seat: number): void {
    const lost = Atomics.exchange(this.#numbers, seatsAt + seat, 0);
    Atomics.sub(this.#numbers, connectionsAt, lost);
  }

  /** Takes in how long an answer took; a peak counts at once, fading takes time. */
  noteLatency(tookMs: number, failed: boolean, nowMs: number): void {
    const average = this.#latency[0] ?? 0;
    const sample = failed ? Math.max(failureMs, average * 2) : tookMs;
    const weight = this.#fading(nowMs);
    this.#latency[0] = sample > average ? sample : average * weight + sample * (1 - weight);
    this.#latency[1] = nowMs;
  }

  /** The moving average, fading while nobody asks, so that a slow address gets another chance; 0 before any answer. */
  latencyMs(nowMs: number): number {
    return (this.#latency[0] ?? 0) * this.#fading(nowMs);
  }

  #fading(nowMs: number): number {
    return Math.exp(-Math.max(0, nowMs - (this.#latency[1] ?? 0)) / decayMs);
  }

  #succeed(limit: number): Flip | undefined {
    if (limit === 0) return undefined;
    for (let at = tcpFailuresAt; at <= httpFailuresAt; at += 1) {
      // Looked at first: writing to shared memory at every request would cost all workers.
      if (Atomics.load(this.#numbers, at) !== 0) Atomics.store(this.#numbers, at, 0);
    }
    if (Atomics.load(this.#numbers, stateAt) === 0) return undefined;
    if (Atomics.add(this.#numbers, successesAt, 1) + 1 < limit) return undefined;
    return this.#flip(1, 0) ? 'healthy' : undefined;
  }

  #fail(counterAt: number, limit: number): Flip | undefined {
    if (limit === 0) return undefined;
    if (Atomics.load(this.#numbers, successesAt) !== 0) Atomics.store(this.#numbers, successesAt, 0);
    if (Atomics.load(this.#numbers, stateAt) !== 0) return undefined;
    if (Atomics.add(this.#numbers, counterAt, 1) + 1 < limit) return undefined;
    return this.#flip(0, 1) ? 'unhealthy' : undefined;
  }

  /** Only one of the threads that reach the limit together flips. */
  #flip(from: number, to: number): boolean {
    if (Atomics.compareExchange(this.#numbers, stateAt, from, to) !== from) return false;
    this.#clear();
    return true;
  }

  #clear(): void {
    for (let at = successesAt; at <= httpFailuresAt; at += 1) Atomics.store(this.#numbers, at, 0);
  }
}
