/** Shortest pause between two sweeps; longer when a sweep has much to look at. */
const pauseMs = 10;
const pauseLargeMs = 250;
const largeCount = 1000;
/** Timers cannot be set further ahead than 2^31 ms; a sweep too many does no harm. */
const aheadMsMax = 1_000_000_000;

/** Something with deadlines. `check` acts on those that passed and returns the next one, Infinity for none. */
export interface Timed {
  check(now: number): number;
}

/**
 * One timer for every deadline of a server. A deadline costs a comparison unless it is the
 * earliest; when one is due all members are asked. Times are `performance.now()` milliseconds.
 */
export class Sweeper {
  readonly #members: ReadonlySet<Timed>;
  #armedFor = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined = undefined;
  #sweeping = false;
  #earliest = Number.POSITIVE_INFINITY;

  constructor(members: ReadonlySet<Timed>) {
    this.#members = members;
  }

  note(deadline: number): void {
    if (this.#sweeping) this.#earliest = Math.min(this.#earliest, deadline);
    else if (deadline < this.#armedFor) this.#arm(deadline, performance.now());
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
  }

  #arm(deadline: number, now: number): void {
    clearTimeout(this.#timer);
    this.#armedFor = deadline;
    this.#timer = setTimeout(() => this.#sweep(), Math.min(aheadMsMax, Math.max(1, Math.ceil(deadline - now))));
    this.#timer.unref();
  }

  #sweep(): void {
    const now = performance.now();
    this.#earliest = Number.POSITIVE_INFINITY;
    this.#sweeping = true;
    for (const member of this.#members) {
      const next = member.check(now);
      if (next < this.#earliest) this.#earliest = next;
    }
    this.#sweeping = false;
    this.stop();
    if (this.#earliest === Number.POSITIVE_INFINITY) return;
    const pause = this.#members.size > largeCount ? pauseLargeMs : pauseMs;
    this.#arm(Math.max(this.#earliest, now + pause), now);
  }
}
