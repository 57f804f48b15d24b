import type { BalancingAlgorithm } from '../base/balancing.ts';
import type { AddressCells } from './address-cells.ts';
import { HashRing } from './hash-ring.ts';
import type { PoolCells } from './pool-cells.ts';
import { buildWheel } from './wheel.ts';

/** What a pool needs of an address to choose it. */
export interface PoolAddress {
  /** The same text in every thread and on every node: what the hash ring is made of. */
  readonly ringName: string;
  readonly weight: number;
  /** Undefined: always healthy, and nobody counts its requests. */
  readonly cells: AddressCells | undefined;
}

export interface PoolOptions<A extends PoolAddress> {
  /** Only those with a weight. */
  readonly addresses: readonly A[];
  readonly algorithm: BalancingAlgorithm;
  readonly slots: number;
  /** Nothing is chosen when at most this percentage of the weight is healthy. */
  readonly threshold: number;
  readonly cells: PoolCells;
  /** Whole numbers from 0 to 2³² − 1. */
  readonly random: () => number;
  /** Milliseconds that all threads agree on. */
  readonly now: () => number;
}

const nobody: readonly never[] = [];

/** Chooses among addresses, synchronously and without making anything (proxying.md 6). */
export class AddressPool<A extends PoolAddress> {
  readonly addresses: readonly A[];
  readonly algorithm: BalancingAlgorithm;
  /** Running requests are counted, because the choice depends on them. */
  readonly countsRequests: boolean;
  readonly #options: PoolOptions<A>;
  readonly #wheel: Uint16Array | Uint32Array;
  readonly #ring: HashRing | undefined;
  readonly #available: boolean[];
  #seen: number | undefined = undefined;
  #usable = false;
  /** Set for the length of one search, so that a search makes no function. */
  #tried: readonly A[] = nobody;
  readonly #accepts = (index: number): boolean => this.#isOpen(index);

  constructor(options: PoolOptions<A>) {
    const { addresses, algorithm, slots } = options;
    this.#options = options;
    this.addresses = addresses;
    this.algorithm = algorithm;
    this.countsRequests = algorithm === 'least-connections' || algorithm === 'latency';
    this.#available = addresses.map(() => true);
    this.#wheel =
      algorithm === 'round-robin' && addresses.length > 1
        ? buildWheel(addresses.map((address) => address.weight))
        : new Uint16Array(0);
    this.#ring =
      algorithm === 'consistent-hashing'
        ? new HashRing(
            addresses.map(({ ringName, weight }) => ({ name: ringName, weight })),
            slots,
          )
        : undefined;
  }

  /** Whether this pool does what one with these options would do, provided that they share the same cells. */
  isFor(options: PoolOptions<A>): boolean {
    const { algorithm, slots, threshold, addresses } = this.#options;
    return (
      algorithm === options.algorithm &&
      slots === options.slots &&
      threshold === options.threshold &&
      addresses.length === options.addresses.length &&
      addresses.every((address, index) => address === options.addresses[index])
    );
  }

  /** Enough of the weight is healthy for requests to be sent. */
  get usable(): boolean {
    this.#look();
    return this.#usable;
  }

  /**
   * The address for a request, other than those tried already as long as there are others; undefined when none may be
   * used. `hash` is only read by consistent hashing.
   */
  pick(hash: number, tried: readonly A[] = nobody): A | undefined {
    this.#look();
    if (!this.#usable) return undefined;
    this.#tried = tried;
    const chosen = this.#choose(hash);
    this.#tried = nobody;
    if (chosen !== undefined || tried.length === 0) return chosen;
    return this.#choose(hash);
  }

  #choose(hash: number): A | undefined {
    if (this.addresses.length === 1) return this.#isOpen(0) ? this.addresses[0] : undefined;
    switch (this.algorithm) {
      case 'round-robin':
        return this.#inTurn();
      case 'consistent-hashing':
        return this.addresses[this.#ring?.find(hash, this.#accepts) ?? -1];
      case 'least-connections':
        return this.#leastBusy();
      case 'latency':
        return this.#fastest();
    }
  }

  /** Skipped places are used up, so that the ones after a failed address do not get its share on top of theirs. */
  #inTurn(): A | undefined {
    const { length } = this.#wheel;
    for (let step = 0; step < length; step += 1) {
      const index = this.#wheel[this.#options.cells.next() % length] ?? 0;
      if (this.#isOpen(index)) return this.addresses[index];
    }
    // Threads that take turns meanwhile may have left this one only the closed places.
    return this.addresses.find((_, index) => this.#isOpen(index));
  }

  /** Smallest (requests + 1) / weight; among equals whoever's turn it is. */
  #leastBusy(): A | undefined {
    const { length } = this.addresses;
    const start = this.#options.cells.next() % length;
    let best: A | undefined;
    let bestLoad = Number.POSITIVE_INFINITY;
    for (let step = 0; step < length; step += 1) {
      const index = (start + step) % length;
      const address = this.addresses[index];
      if (address === undefined || !this.#isOpen(index)) continue;
      const load = ((address.cells?.connections ?? 0) + 1) / address.weight;
      if (load < bestLoad) {
        best = address;
        bestLoad = load;
      }
    }
    return best;
  }

  /** The better of two candidates by latency, running requests and weight. */
  #fastest(): A | undefined {
    const first = this.#drawn(undefined);
    const second = first === undefined ? undefined : this.#drawn(first);
    if (first === undefined || second === undefined) return first;
    const now = this.#options.now();
    return cost(second, now) < cost(first, now) ? second : first;
  }

  #drawn(other: A | undefined): A | undefined {
    const { length } = this.addresses;
    const start = this.#options.random() % length;
    for (let step = 0; step < length; step += 1) {
      const index = (start + step) % length;
      const address = this.addresses[index];
      if (address !== other && this.#isOpen(index)) return address;
    }
    return undefined;
  }

  #isOpen(index: number): boolean {
    if (this.#available[index] !== true) return false;
    if (this.#tried.length === 0) return true;
    const address = this.addresses[index];
    return address !== undefined && !this.#tried.includes(address);
  }

  /** Asks the addresses again when one of them flipped since. */
  #look(): void {
    const { version } = this.#options.cells;
    if (this.#seen === version) return;
    this.#seen = version;
    let available = 0;
    let total = 0;
    for (const [index, { cells, weight }] of this.addresses.entries()) {
      const healthy = cells?.healthy !== false;
      this.#available[index] = healthy;
      total += weight;
      if (healthy) available += weight;
    }
    this.#usable = isUsable(available, total, this.#options.threshold);
  }
}

/** Whether so much healthy weight is enough for an upstream to be used. */
export function isUsable(available: number, total: number, threshold: number): boolean {
  return available > 0 && (available * 100) / total > threshold;
}

function cost({ cells, weight }: PoolAddress, nowMs: number): number {
  if (cells === undefined) return 0;
  // One that was never measured must not take everything until its first answer.
  return ((cells.latencyMs(nowMs) + 1) * (cells.connections + 1)) / weight;
}
