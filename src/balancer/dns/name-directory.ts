import type { NameRecord } from '../../base/balancing.ts';
import { limits } from '../../base/limits.ts';
import type { Resolution } from './resolver.ts';

/** How long answers are kept; conf.md `dns_*_ttl`. */
export interface NameLifetimes {
  /** In place of every record's own TTL when given. */
  readonly validSeconds: number | undefined;
  /** How long after its TTL an answer still serves while a new one is looked for. */
  readonly staleSeconds: number;
  readonly notFoundSeconds: number;
  readonly errorSeconds: number;
}

export interface NameDirectoryOptions {
  readonly resolve: (name: string) => Promise<Resolution>;
  readonly lifetimes: NameLifetimes;
  /** Names remembered; the ones longest unused go first. */
  readonly entriesMax: number;
  /** Milliseconds of a clock that does not jump. */
  readonly now: () => number;
  /** Calls back once after the delay; returns what cancels it. */
  readonly delay: (callback: () => void, delayMs: number) => () => void;
  /** A name was looked up; `recordOf` has what is known now. */
  readonly onAnswer: (name: string) => void;
}

interface Entry {
  readonly name: string;
  /** The last answer that serves, or the failure; undefined while the first look-up runs. */
  known: Resolution | undefined;
  freshUntil: number;
  usableUntil: number;
  resolving: boolean;
  /** How many targets have this name; it is kept fresh while there are any. */
  watchers: number;
  cancel: (() => void) | undefined;
}

/**
 * What the node knows about names. A name is looked up once for however many ask, kept for its TTL, then served stale
 * while it is looked up again; while name servers fail, the last answer serves on for `staleSeconds`. That a name does
 * not exist (any more) is an answer like any other.
 */
export class NameDirectory {
  readonly #options: NameDirectoryOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #queue = new Set<Entry>();
  #running = 0;
  #closed = false;

  constructor(options: NameDirectoryOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Looks a name up unless a fresh answer is known; `onAnswer` follows in either case. */
  want(name: string): void {
    const entry = this.#entry(name);
    if (entry.known !== undefined && this.#options.now() < entry.freshUntil) this.#options.onAnswer(name);
    else this.#enqueue(entry);
  }

  /** Keeps a name fresh until as many `unwatch` follow. */
  watch(name: string): void {
    const entry = this.#entry(name);
    entry.watchers += 1;
    if (entry.watchers > 1) return;
    if (entry.known === undefined || this.#options.now() >= entry.freshUntil) this.#enqueue(entry);
    else this.#refreshLater(entry);
  }

  unwatch(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    entry.watchers = Math.max(0, entry.watchers - 1);
    if (entry.watchers > 0) return;
    entry.cancel?.();
    entry.cancel = undefined;
  }

  /** What is known, undefined before the first answer. An answer too old to serve is no answer. */
  lookUp(name: string): Resolution | undefined {
    const entry = this.#entries.get(name);
    if (entry?.known === undefined) return undefined;
    return entry.known.kind === 'found' && this.#options.now() >= entry.usableUntil ? undefined : entry.known;
  }

  /** The same for workers; its durations count from now. */
  recordOf(name: string): NameRecord | undefined {
    const entry = this.#entries.get(name);
    if (entry?.known === undefined) return undefined;
    const now = this.#options.now();
    const usableMs = Math.max(0, entry.usableUntil - now);
    const { known } = entry;
    if (known.kind === 'found') {
      return { kind: 'found', addresses: known.addresses, freshMs: Math.max(0, entry.freshUntil - now), usableMs };
    }
    return { kind: 'failed', fault: known.kind, detail: known.detail, usableMs };
  }

  /** Names with an answer. */
  *names(): Generator<string> {
    for (const { name, known } of this.#entries.values()) if (known !== undefined) yield name;
  }

  close(): void {
    this.#closed = true;
    for (const entry of this.#entries.values()) entry.cancel?.();
    this.#queue.clear();
  }

  #entry(name: string): Entry {
    let entry = this.#entries.get(name);
    if (entry === undefined) {
      entry = {
        name,
        known: undefined,
        freshUntil: 0,
        usableUntil: 0,
        resolving: false,
        watchers: 0,
        cancel: undefined,
      };
      this.#makeRoom();
    } else this.#entries.delete(name);
    this.#entries.set(name, entry);
    return entry;
  }

  /** Names of targets stay; their number is bounded with the targets. */
  #makeRoom(): void {
    if (this.#entries.size < this.#options.entriesMax) return;
    for (const [name, { watchers, resolving }] of this.#entries) {
      if (watchers > 0 || resolving) continue;
      this.#entries.delete(name);
      return;
    }
  }

  #enqueue(entry: Entry): void {
    if (entry.resolving || this.#closed) return;
    entry.resolving = true;
    this.#queue.add(entry);
    this.#work();
  }

  #work(): void {
    for (const entry of this.#queue) {
      if (this.#running >= limits.dnsLookupsInFlightMax) return;
      this.#queue.delete(entry);
      this.#running += 1;
      void this.#resolve(entry);
    }
  }

  async #resolve(entry: Entry): Promise<void> {
    let resolution: Resolution;
    try {
      resolution = await this.#options.resolve(entry.name);
    } catch (error) {
      resolution = { kind: 'error', detail: error instanceof Error ? error.name : 'unknown failure' };
    }
    this.#running -= 1;
    entry.resolving = false;
    if (this.#closed) return;
    this.#take(entry, resolution);
    if (entry.watchers > 0) this.#refreshLater(entry);
    this.#options.onAnswer(entry.name);
    this.#work();
  }

  #take(entry: Entry, resolution: Resolution): void {
    const { lifetimes, now } = this.#options;
    const at = now();
    switch (resolution.kind) {
      case 'found': {
        const ttlSeconds = Math.min(lifetimes.validSeconds ?? resolution.ttlSeconds, limits.dnsTtlSecondsMax);
        entry.known = resolution;
        entry.freshUntil = at + Math.max(limits.dnsRefreshMsMin, ttlSeconds * 1000);
        entry.usableUntil = entry.freshUntil + lifetimes.staleSeconds * 1000;
        return;
      }
      case 'not_found':
        entry.known = resolution;
        entry.usableUntil = at + Math.max(limits.dnsRefreshMsMin, lifetimes.notFoundSeconds * 1000);
        entry.freshUntil = entry.usableUntil;
        return;
      case 'error': {
        const again = at + Math.max(limits.dnsRefreshMsMin, lifetimes.errorSeconds * 1000);
        entry.freshUntil = again;
        if (entry.known?.kind === 'found' && at < entry.usableUntil) return;
        entry.known = resolution;
        entry.usableUntil = again;
        return;
      }
    }
  }

  #refreshLater(entry: Entry): void {
    entry.cancel?.();
    const waitMs = Math.max(limits.dnsRefreshMsMin, entry.freshUntil - this.#options.now());
    entry.cancel = this.#options.delay(() => this.#enqueue(entry), waitMs);
  }
}
