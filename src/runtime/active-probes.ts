import { isDeepStrictEqual } from 'node:util';
import type { HealthEvent } from '../balancer/address-cells.ts';
import type { ActiveChecks } from '../base/balancing.ts';
import { limits } from '../base/limits.ts';
import type { HubAddress, HubUpstream } from './hub-upstream.ts';
import type { Probe, ProbeResult } from './probe.ts';

export interface ActiveProbesOptions {
  readonly probe: Probe;
  /** Whole numbers from 0 to 2³² − 1. */
  readonly random: () => number;
  /** A probe of this address says so. */
  readonly onEvent: (upstream: HubUpstream, address: HubAddress, event: HealthEvent, detail: string) => void;
}

/** The rounds of one upstream in one state: those that are well, or those that are not. */
interface Rounds {
  timer: NodeJS.Timeout | undefined;
  readonly cancel: () => void;
}

interface Schedule {
  readonly checks: ActiveChecks;
  readonly rounds: readonly Rounds[];
}

/** Asks addresses of upstreams with active checks how they are, at the intervals of their state. */
export class ActiveProbes {
  readonly #options: ActiveProbesOptions;
  readonly #schedules = new Map<string, Schedule>();
  readonly #waiting: (() => void)[] = [];
  #inFlight = 0;

  constructor(options: ActiveProbesOptions) {
    this.#options = options;
  }

  /** Begins, or goes on as before when the checks are what they were. */
  set(upstream: HubUpstream): void {
    const { id, active } = upstream.spec;
    const known = this.#schedules.get(id);
    if (known !== undefined && isDeepStrictEqual(known.checks, active)) return;
    this.remove(id);
    const rounds: Rounds[] = [];
    if (active.healthyIntervalMs > 0) rounds.push(this.#every(active.healthyIntervalMs, upstream, true));
    if (active.unhealthyIntervalMs > 0) rounds.push(this.#every(active.unhealthyIntervalMs, upstream, false));
    if (rounds.length > 0) this.#schedules.set(id, { checks: active, rounds });
  }

  remove(upstreamId: string): void {
    for (const round of this.#schedules.get(upstreamId)?.rounds ?? []) round.cancel();
    this.#schedules.delete(upstreamId);
  }

  close(): void {
    for (const id of [...this.#schedules.keys()]) this.remove(id);
  }

  /** The first round comes after a part of the interval, so that upstreams and nodes do not probe in step. */
  #every(intervalMs: number, upstream: HubUpstream, healthy: boolean): Rounds {
    let cancelled = false;
    const rounds: Rounds = {
      timer: undefined,
      cancel: () => {
        cancelled = true;
        clearTimeout(rounds.timer);
      },
    };
    const later = (delayMs: number) => {
      rounds.timer = setTimeout(() => {
        const startedAt = performance.now();
        void this.#round(upstream, healthy, () => cancelled).then(() => {
          if (!cancelled) later(Math.max(1, intervalMs - (performance.now() - startedAt)));
        });
      }, delayMs);
      rounds.timer.unref();
    };
    later(Math.ceil((intervalMs * (this.#options.random() % 1000)) / 1000));
    return rounds;
  }

  /** Probes every address in that state, so many at a time. A slow round delays the next one of this upstream only. */
  async #round(upstream: HubUpstream, healthy: boolean, cancelled: () => boolean): Promise<void> {
    const due = upstream.addresses.filter(({ state, weight }) => weight > 0 && state.healthy === healthy);
    const next = async (): Promise<void> => {
      for (let address = due.pop(); address !== undefined && !cancelled(); address = due.pop()) {
        await this.#ask(upstream, address, cancelled);
      }
    };
    const lanes = Math.min(due.length, Math.max(1, upstream.spec.active.concurrency), limits.healthProbesInFlightMax);
    await Promise.all(Array.from({ length: lanes }, next));
  }

  async #ask(upstream: HubUpstream, address: HubAddress, cancelled: () => boolean): Promise<void> {
    const { active, policy } = upstream.spec;
    if (this.#inFlight >= limits.healthProbesInFlightMax) await new Promise<void>((go) => this.#waiting.push(go));
    this.#inFlight += 1;
    const { ip, port, hostname } = address;
    const result = await this.#options.probe(active, { ip, port, host: policy.hostHeader ?? hostname });
    this.#inFlight -= 1;
    this.#waiting.shift()?.();
    if (cancelled()) return;
    const event = eventOf(active, result);
    if (event !== undefined) this.#options.onEvent(upstream, address, event, describe(result));
  }
}

function eventOf({ healthy, unhealthy }: ActiveChecks, result: ProbeResult): HealthEvent | undefined {
  switch (result.kind) {
    case 'status':
      if (healthy.statuses.includes(result.status)) return 'success';
      return unhealthy.statuses.includes(result.status) ? 'http_failure' : undefined;
    case 'connected':
      return 'success';
    case 'tcp_failure':
    case 'timeout':
      return result.kind;
  }
}

function describe(result: ProbeResult): string {
  if (result.kind === 'status') return `status ${result.status}`;
  return result.kind === 'tcp_failure' ? result.detail : result.kind;
}
