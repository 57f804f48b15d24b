import { hash } from 'node:crypto';
import { limits } from '../base/limits.ts';
import { LruCache } from '../base/lru-cache.ts';
import type { SharedCounters } from '../pdk/index.ts';

/*
 * A slot is two 64-bit words.
 *   identity  46 bits of the digest of key and window length, 16 bits that tell who changes it, 2 bits of
 *             state. All zero: never used.
 *   value     end of the window in seconds (upper 32 bits) and its count (lower 32 bits).
 * A key belongs to one bucket of slots. A slot that was used is never unused again, so no used slot comes
 * behind an unused one, and all threads that bring the same new key agree on the first unused slot. Only in
 * a bucket without one is a slot taken over, whose window is over: it is `dying` (still found and revived by
 * its own key), then `pending` for the new key until no other thread has brought the same key, then `live`.
 * Every step is one compare-and-exchange, so a thread that is stopped anywhere holds up no other; dying and
 * pending carry the mark of the thread that made them, so that nobody finishes what another one began.
 */
const state = { live: 1n, pending: 2n, dying: 3n } as const;
const stateMask = 3n;
const identityMask = ~0x3_ffffn;
/** A slot given back before it ever counted. No digest is 0. */
const vacant = 3n;
const slotsPerBucket = 16;
const attemptsMax = 1000;
/** From here on a thread that brings the same key is taken for dead. */
const patience = 8;
const countMax = 0xffff_ffff;

/** The memory of a node's counters, to be shared by all its threads: 16 bytes for each, all zero. */
export function counterMemory(counters: number = limits.sharedCountersMax): SharedArrayBuffer {
  const buckets = Math.max(1, Math.ceil(counters / slotsPerBucket));
  // One word more numbers the threads.
  return new SharedArrayBuffer(buckets * slotsPerBucket * 16 + 8);
}

interface Place {
  readonly base: number;
  readonly identity: bigint;
  readonly tag: bigint;
}

/**
 * Counters of fixed windows in memory that several threads share, exact whoever counts. The table has a fixed
 * size: a new counter takes over the place of one whose window is over. Where there is none, `add` counts
 * nothing and says so, and `addDisplacing` forgets the counter of that bucket that has counted least, so
 * that a flood of new keys never makes a counter forget that is near its limit.
 */
export class SharedCounterTable implements SharedCounters {
  readonly #words: BigInt64Array;
  readonly #buckets: number;
  readonly #nowMs: () => number;
  readonly #thread: bigint;
  #change = 0n;
  /** Digests cost more than counting, and the same callers come again. */
  readonly #places = new LruCache<Place>(limits.sharedCounterPlacesMax);

  /** `memory` comes from `counterMemory`; the clock is read to tell which windows are over. */
  constructor(memory: SharedArrayBuffer, nowMs: () => number = Date.now) {
    this.#words = new BigInt64Array(memory);
    this.#buckets = (this.#words.length - 1) / (2 * slotsPerBucket);
    this.#thread = Atomics.add(this.#words, this.#words.length - 1, 1n) & 0xffn;
    this.#nowMs = nowMs;
  }

  add(key: string, windowStartMs: number, windowMs: number, amount: number): number | undefined {
    return this.#add(key, windowStartMs, windowMs, amount, false);
  }

  addDisplacing(key: string, windowStartMs: number, windowMs: number, amount: number): number | undefined {
    return this.#add(key, windowStartMs, windowMs, amount, true);
  }

  #add(key: string, windowStartMs: number, windowMs: number, amount: number, displace: boolean): number | undefined {
    const place = this.#placeOf(key, windowMs);
    const end = Math.ceil((windowStartMs + windowMs) / 1000);
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      let slot = this.#find(place);
      // Nothing is there that could be taken back.
      if (slot === -1 && amount <= 0) return 0;
      if (slot === -1) slot = this.#claim(place, displace, attempt > patience);
      if (slot === full) return undefined;
      if (slot < 0) continue;
      const count = this.#count(slot, place.identity, end, amount);
      if (count !== undefined) return count;
    }
    return undefined;
  }

  #placeOf(key: string, windowMs: number): Place {
    const name = `${windowMs}:${key}`;
    let place = this.#places.get(name);
    if (place === undefined) {
      place = this.#digest(name);
      // A long one is a stranger's text, which must not fill the memory.
      if (name.length <= limits.sharedCounterNameCharsMax) this.#places.set(name, place);
    }
    return place;
  }

  #digest(name: string): Place {
    const digest = hash('sha256', name, 'buffer');
    const word = digest.readBigInt64LE(0) & identityMask;
    return {
      base: (digest.readUInt32LE(8) % this.#buckets) * slotsPerBucket * 2,
      identity: word === 0n ? ~identityMask + 1n : word,
      tag: BigInt(digest.readUInt16LE(12)),
    };
  }

  /** The slot that counts for this key, or -1. */
  #find({ base, identity }: Place): number {
    for (let index = 0; index < slotsPerBucket; index += 1) {
      const id = Atomics.load(this.#words, base + 2 * index);
      if (id === 0n) return -1;
      if ((id & identityMask) === identity && (id & stateMask) !== state.pending) return base + 2 * index;
    }
    return -1;
  }

  /** Counts in a slot; undefined when it was taken over meanwhile, and then nothing was counted. */
  #count(slot: number, identity: bigint, end: number, amount: number): number | undefined {
    const words = this.#words;
    for (;;) {
      const old = Atomics.load(words, slot + 1);
      const oldEnd = Number((old >> 32n) & 0xffff_ffffn);
      const oldCount = oldEnd === 0 ? 0 : Number(old & 0xffff_ffffn);
      // What belongs to a window that is over can no longer be taken back.
      if (amount < 0 && oldEnd !== end) return oldCount;
      // A thread whose clock is behind counts in the window that has begun.
      const newEnd = Math.max(oldEnd, end);
      const count = Math.min(Math.max((newEnd === oldEnd ? oldCount : 0) + amount, 0), countMax);
      const next = BigInt.asIntN(64, (BigInt(newEnd) << 32n) | BigInt(count));
      if (Atomics.compareExchange(words, slot + 1, old, next) !== old) {
        if ((Atomics.load(words, slot) & identityMask) !== identity) return undefined;
        continue;
      }
      return this.#revive(slot, identity) ? count : undefined;
    }
  }

  /** After counting: whether the slot still is this key's. One that was about to be taken over is kept. */
  #revive(slot: number, identity: bigint): boolean {
    for (;;) {
      const id = Atomics.load(this.#words, slot);
      if (id === (identity | state.live)) return true;
      if ((id & identityMask) !== identity || (id & stateMask) !== state.dying) return false;
      if (Atomics.compareExchange(this.#words, slot, id, identity | state.live) === id) return true;
    }
  }

  /** A slot for a key that has none: its place, `again` when another thread was faster, or `full`. */
  #claim(place: Place, displace: boolean, impatient: boolean): number {
    const words = this.#words;
    const end = place.base + 2 * slotsPerBucket;
    if (Atomics.load(words, end - 2) === 0n) return this.#claimUnused(place);
    const nowSeconds = Math.floor(this.#nowMs() / 1000);
    let least = -1;
    let leastId = 0n;
    let leastCount = Number.POSITIVE_INFINITY;
    for (let slot = place.base; slot < end; slot += 2) {
      const id = Atomics.load(words, slot);
      const value = Atomics.load(words, slot + 1);
      if (id === vacant) return this.#takeOver(slot, id, value, place, impatient);
      if ((id & identityMask) === place.identity && (id & stateMask) !== state.pending) return again;
      if ((id & stateMask) === state.pending) continue;
      if (isOver(value, nowSeconds)) return this.#inherit(slot, id, place, nowSeconds, impatient);
      const count = Number(value & 0xffff_ffffn);
      if (count >= leastCount) continue;
      least = slot;
      leastId = id;
      leastCount = count;
    }
    if (!displace || least === -1) return full;
    return this.#inherit(least, leastId, place, Number.POSITIVE_INFINITY, impatient);
  }

  /** The first slot of the bucket that was never used. */
  #claimUnused({ base, identity }: Place): number {
    for (let slot = base; slot < base + 2 * slotsPerBucket; slot += 2) {
      const id = Atomics.load(this.#words, slot);
      // Another thread has brought this very key since it was looked for.
      if ((id & identityMask) === identity) return again;
      if (id !== 0n) continue;
      return Atomics.compareExchange(this.#words, slot, 0n, identity | state.live) === 0n ? slot : again;
    }
    return again;
  }

  /**
   * Takes the slot of a key whose window is over. It is marked as dying and looked at once more, since its key
   * may have begun a new window.
   */
  #inherit(slot: number, id: bigint, place: Place, nowSeconds: number, impatient: boolean): number {
    const words = this.#words;
    const dying = (id & identityMask) | this.#mark() | state.dying;
    if (Atomics.compareExchange(words, slot, id, dying) !== id) return again;
    const value = Atomics.load(words, slot + 1);
    if (isOver(value, nowSeconds)) return this.#takeOver(slot, dying, value, place, impatient);
    Atomics.compareExchange(words, slot, dying, (id & identityMask) | state.live);
    return again;
  }

  /** From `was` with `value` to pending to live, unless another thread has brought the same key. */
  #takeOver(slot: number, was: bigint, value: bigint, place: Place, impatient: boolean): number {
    const words = this.#words;
    const mark = this.#mark();
    const pending = place.identity | mark | state.pending;
    if (Atomics.compareExchange(words, slot, was, pending) !== was) return again;
    // No end, and a count no other key begins with: whoever still holds the old value cannot count here.
    const fresh = (place.tag << 16n) | (mark >> 2n);
    if (Atomics.compareExchange(words, slot + 1, value, fresh) !== value || this.#isBrought(slot, place, impatient)) {
      Atomics.compareExchange(words, slot, pending, vacant);
      return again;
    }
    return Atomics.compareExchange(words, slot, pending, place.identity | state.live) === pending ? slot : again;
  }

  /** Whether another slot of the bucket has the key. Of two that are pending the first stays. */
  #isBrought(slot: number, { base, identity }: Place, impatient: boolean): boolean {
    const words = this.#words;
    for (let other = base; other < base + 2 * slotsPerBucket; other += 2) {
      if (other === slot) continue;
      const id = Atomics.load(words, other);
      if ((id & identityMask) !== identity) continue;
      const gives = (id & stateMask) === state.pending && (other > slot || impatient);
      if (!gives || Atomics.compareExchange(words, other, id, vacant) !== id) return true;
    }
    return false;
  }

  /** In the 16 bits above the state: this thread, and which of its changes. */
  #mark(): bigint {
    this.#change = (this.#change + 1n) & 0xffn;
    return ((this.#thread << 8n) | this.#change) << 2n;
  }
}

const again = -2;
const full = -3;

function isOver(value: bigint, nowSeconds: number): boolean {
  return Number((value >> 32n) & 0xffff_ffffn) <= nowSeconds;
}
