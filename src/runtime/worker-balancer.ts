import { AddressCells, type HealthEvent } from '../balancer/address-cells.ts';
import { AddressPool, type PoolAddress, type PoolOptions } from '../balancer/address-pool.ts';
import { PoolCells } from '../balancer/pool-cells.ts';
import type { BalancePart, BalancingPolicy, NameFault, NameRecord, PassiveChecks } from '../base/balancing.ts';
import { limits } from '../base/limits.ts';
import type { MainToWorker, WorkerToMain } from '../threads/messages.ts';

type UpstreamPart = Extract<BalancePart, { kind: 'upstream' }>;
type NamePart = Extract<BalancePart, { kind: 'name' }>;

export interface WorkerBalancerOptions {
  readonly post: (message: Extract<WorkerToMain, { kind: 'balanced' | 'name' | 'health_flip' }>) => void;
  /** This worker's place in what is counted per worker. */
  readonly seat: number;
  /** Whole numbers from 0 to 2³² − 1. */
  readonly random: () => number;
}

/** Somewhere to send a request. The same object as long as nothing about the address changed. */
export interface PickedAddress extends PoolAddress {
  readonly kind: 'address';
  readonly ip: string;
  /** 0 leaves the port to the service. */
  readonly port: number;
  /** For Host and TLS; undefined leaves it to the service. */
  readonly hostname: string | undefined;
  readonly key: number;
}

/** Nowhere to send it, with what the client is told (proxying.md 6). */
export interface NoPick {
  readonly kind: 'none';
  readonly status: 500 | 503;
  readonly message: string;
}

export type Pick = PickedAddress | NoPick;

/** How a try at an address went. Neither status nor fault: the client left first. */
export interface TryReport {
  readonly status: number | undefined;
  readonly fault: 'timeout' | 'connection' | undefined;
  readonly tookMs: number;
}

const noPeer: NoPick = { kind: 'none', status: 503, message: 'failure to get a peer from the ring-balancer' };
const unresolved: NoPick = { kind: 'none', status: 503, message: 'name resolution failed' };

/** A worker's side of balancing: chooses without waiting from what main published. */
export class WorkerBalancer {
  /** Resolves when everything was published once. */
  readonly ready: Promise<void>;
  readonly #options: WorkerBalancerOptions;
  /** Those that a compiled service holds on to; the others are forgotten. */
  readonly #destinations = new Map<string, WeakRef<Destination>>();
  readonly #forgotten = new FinalizationRegistry<string>((host) => {
    if (this.#destinations.get(host)?.deref() === undefined) this.#destinations.delete(host);
  });
  readonly #awaited = new Set<() => void>();
  readonly #upstreamNames = new Map<string, string>();
  readonly #nameParts = new Map<string, NamePart & { readonly at: number }>();
  readonly #upstreamParts = new Map<string, UpstreamPart>();
  #becomeReady: () => void = () => undefined;

  constructor(options: WorkerBalancerOptions) {
    this.#options = options;
    this.ready = new Promise((resolve) => {
      this.#becomeReady = resolve;
    });
  }

  /** What a service's host stands for; the same object as long as somebody holds it. */
  destination(host: string): Destination {
    let destination = this.#destinations.get(host)?.deref();
    if (destination === undefined) {
      destination = new Destination(host, this.#options);
      this.#destinations.set(host, new WeakRef(destination));
      this.#forgotten.register(destination, host);
      const upstream = this.#upstreamParts.get(host);
      if (upstream !== undefined) destination.setUpstream(upstream);
      const name = this.#nameParts.get(host);
      if (name !== undefined) destination.setName(name, name.at);
    }
    return destination;
  }

  /**
   * Resolves when main has published these upstreams, or did not in time: a configuration that begins to use them
   * must not take effect before, or their names would be looked up.
   */
  async knows(upstreamIds: readonly string[]): Promise<void> {
    const isKnown = () => upstreamIds.every((id) => this.#upstreamNames.has(id));
    if (isKnown()) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#awaited.delete(look);
        resolve();
      };
      const look = () => {
        if (isKnown()) done();
      };
      const timer = setTimeout(done, limits.balancerAcknowledgeMs / 2);
      this.#awaited.add(look);
    });
  }

  receive(message: Extract<MainToWorker, { kind: 'balance' }>): void {
    for (const part of message.parts) this.#take(part);
    for (const look of [...this.#awaited]) look();
    if (!message.last) return;
    this.#becomeReady();
    if (message.id !== 0) this.#options.post({ kind: 'balanced', id: message.id });
  }

  #take(part: BalancePart): void {
    switch (part.kind) {
      case 'upstream':
        this.#rename(part.id, part.name);
        this.#upstreamParts.set(part.name, part);
        this.#destinations.get(part.name)?.deref()?.setUpstream(part);
        return;
      case 'upstream_gone':
        this.#rename(part.id, undefined);
        return;
      case 'name':
        if (this.#nameParts.size >= limits.balancerNamesPerWorkerMax) this.#nameParts.clear();
        this.#nameParts.set(part.name, { ...part, at: performance.now() });
        this.#destinations.get(part.name)?.deref()?.setName(part, performance.now());
        return;
    }
  }

  /** What an upstream's former name stands for is left to name servers. */
  #rename(id: string, name: string | undefined): void {
    const former = this.#upstreamNames.get(id);
    if (name === undefined) this.#upstreamNames.delete(id);
    else this.#upstreamNames.set(id, name);
    if (former === undefined || former === name) return;
    if (this.#upstreamParts.get(former)?.id !== id) return;
    this.#upstreamParts.delete(former);
    this.#destinations.get(former)?.deref()?.setUpstream(undefined);
  }
}

/** What one host name stands for: an upstream, else what name servers say. */
export class Destination {
  readonly host: string;
  /** Undefined where the name is no upstream's. */
  upstream: UpstreamPool | undefined = undefined;
  readonly #options: WorkerBalancerOptions;
  #names: NamePool | undefined = undefined;
  #waiting: (() => void)[] = [];
  #asked = false;

  constructor(host: string, options: WorkerBalancerOptions) {
    this.host = host;
    this.#options = options;
  }

  /**
   * The address for a request. A promise only while nothing is known about the name yet. `now` is `performance.now()`,
   * not much older than the call; `hash` is read by consistent hashing alone; addresses in `tried` are avoided.
   */
  pick(now: number, hash: number, tried?: readonly PickedAddress[]): Pick | Promise<Pick> {
    const { upstream } = this;
    if (upstream !== undefined) {
      const chosen = upstream.pool.pick(hash, tried);
      if (chosen !== undefined) return chosen;
      if (upstream.part.pending) return this.#wait(now, hash, tried);
      return upstream.failure ?? noPeer;
    }
    const names = this.#names;
    if (names === undefined || now >= names.usableUntil) {
      this.#ask();
      return this.#wait(now, hash, tried);
    }
    if (now >= names.freshUntil) this.#ask();
    return names.pool?.pick(hash, tried) ?? names.failure;
  }

  setUpstream(part: UpstreamPart | undefined): void {
    this.upstream = part === undefined ? undefined : new UpstreamPool(part, this.upstream, this.#options);
    this.#wake();
  }

  setName(part: NamePart, at: number): void {
    this.#asked = false;
    this.#names = new NamePool(part, at, this.#names, this.#options);
    this.#wake();
  }

  /** Once for each answer: main publishes what it finds to every worker. */
  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#options.post({ kind: 'name', name: this.host });
  }

  /** Main answers every question, at the latest when name servers took too long. */
  #wait(now: number, hash: number, tried: readonly PickedAddress[] | undefined): Pick | Promise<Pick> {
    if (this.#waiting.length >= limits.balancerWaitingPerNameMax) return unresolved;
    return new Promise<void>((resolve) => this.#waiting.push(resolve)).then(() =>
      this.pick(Math.max(now, performance.now()), hash, tried),
    );
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }
}

/** An upstream as it was last published. */
export class UpstreamPool {
  readonly part: UpstreamPart;
  readonly policy: BalancingPolicy;
  readonly pool: AddressPool<PickedAddress>;
  /** What to tell when there is no address, where that is the fault of a name. */
  readonly failure: NoPick | undefined;
  readonly #cells: PoolCells;
  readonly #options: WorkerBalancerOptions;

  constructor(part: UpstreamPart, former: UpstreamPool | undefined, options: WorkerBalancerOptions) {
    const { policy } = part;
    this.part = part;
    this.policy = policy;
    this.failure = part.nameFault === undefined ? undefined : failureOf(part.nameFault.fault, part.nameFault);
    this.#options = options;
    this.#cells = new PoolCells(part.cells);
    const known = new Map(former?.pool.addresses.map((address) => [address.key, address]));
    const addresses = part.addresses.map((published): PickedAddress => {
      const { key, ip, port, weight, hostname: targetName, srvName } = published;
      const hostname = policy.hostHeader ?? (policy.useSrvName ? srvName : undefined) ?? targetName;
      const old = known.get(key);
      if (old !== undefined && old.weight === weight && old.hostname === hostname) return old;
      return {
        kind: 'address',
        key,
        ip,
        port,
        weight,
        hostname,
        ringName: `${ip}:${port}`,
        cells: old?.cells ?? new AddressCells(published.cells),
      };
    });
    // Another upstream of this name has cells of its own.
    this.pool = poolFor(former?.part.id === part.id ? former.pool : undefined, {
      addresses,
      algorithm: policy.algorithm,
      slots: policy.slots,
      threshold: policy.threshold,
      cells: this.#cells,
      random: options.random,
      now: Date.now,
    });
  }

  /** A request goes there; `end` follows exactly once. */
  begin(address: PickedAddress): void {
    if (this.pool.countsRequests) address.cells?.take(this.#options.seat);
  }

  end(address: PickedAddress, report: TryReport): void {
    const { cells } = address;
    if (cells === undefined) return;
    if (this.pool.countsRequests) cells.release(this.#options.seat);
    if (this.pool.algorithm === 'latency' && (report.status !== undefined || report.fault !== undefined)) {
      cells.noteLatency(report.tookMs, report.fault !== undefined, Date.now());
    }
    const { passive } = this.part;
    if (passive === undefined) return;
    const event = eventOf(passive, report);
    if (event === undefined || cells.note(event, passive.healthy, passive.unhealthy) === undefined) return;
    this.#cells.bump();
    this.#options.post({ kind: 'health_flip', upstream: this.part.id, address: address.key });
  }
}

/** The former pool where it still fits: wheels and rings of large upstreams are dear. */
function poolFor(
  former: AddressPool<PickedAddress> | undefined,
  options: PoolOptions<PickedAddress>,
): AddressPool<PickedAddress> {
  return former?.isFor(options) === true ? former : new AddressPool(options);
}

/** A 504 of the upstream's own is a status like any other; a time-out of ours is a fault. */
function eventOf({ healthy, unhealthy }: PassiveChecks, { status, fault }: TryReport): HealthEvent | undefined {
  if (fault === 'timeout') return 'timeout';
  if (fault === 'connection') return 'tcp_failure';
  if (status === undefined) return undefined;
  if (healthy.statuses.includes(status)) return 'success';
  return unhealthy.statuses.includes(status) ? 'http_failure' : undefined;
}

/** What name servers said, for as long as it serves. */
class NamePool {
  readonly pool: AddressPool<PickedAddress> | undefined;
  readonly failure: NoPick;
  /** On the clock of `performance.now()` of this worker. */
  readonly freshUntil: number;
  readonly usableUntil: number;

  constructor(part: NamePart, at: number, former: NamePool | undefined, options: WorkerBalancerOptions) {
    const { record, name } = part;
    this.usableUntil = at + record.usableMs;
    this.freshUntil = record.kind === 'found' ? at + record.freshMs : this.usableUntil;
    this.failure = record.kind === 'failed' ? failureOf(record.fault, { name, detail: record.detail }) : unresolved;
    this.pool =
      record.kind === 'found'
        ? poolFor(former?.pool, {
            addresses: addressesOf(record, former),
            algorithm: 'round-robin',
            slots: 0,
            threshold: 0,
            cells: new PoolCells(part.cells),
            random: options.random,
            now: Date.now,
          })
        : undefined;
  }
}

/** Addresses that were there before stay the same objects, and with them what is kept for them. */
function addressesOf(
  record: Extract<NameRecord, { kind: 'found' }>,
  former: NamePool | undefined,
): readonly PickedAddress[] {
  const known = former?.pool?.addresses ?? [];
  return record.addresses.map(({ ip, port = 0, weight }) => {
    const old = known.find((address) => address.ip === ip && address.port === port && address.weight === weight);
    return (
      old ?? {
        kind: 'address',
        key: 0,
        ip,
        port,
        weight,
        hostname: undefined,
        ringName: `${ip}:${port}`,
        cells: undefined,
      }
    );
  });
}

function failureOf(fault: NameFault, { name, detail }: { readonly name: string; readonly detail: string }): NoPick {
  if (fault === 'not_found') return unresolved;
  return {
    kind: 'none',
    status: 500,
    message: `failed the initial dns/balancer resolve for '${name}' with: ${detail}`,
  };
}
