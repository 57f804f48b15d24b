import type { PeekOutcome } from '../types.ts';

/** A peek that waits for bytes. */
export class PendingPeek {
  readonly bytesMax: number;
  readonly deadline: number;
  readonly resolve: (outcome: PeekOutcome) => void;

  constructor(bytesMax: number, deadline: number, resolve: (outcome: PeekOutcome) => void) {
    this.bytesMax = bytesMax;
    this.deadline = deadline;
    this.resolve = resolve;
  }
}

/** What the bodies of one server share: how long they may take and how much they may hold together. */
export class BodyBudget {
  readonly bodyTimeoutMs: number;
  readonly note: (deadline: number) => void;
  readonly #bytesMax: number;
  #held = 0;

  constructor(bodyTimeoutMs: number, bytesMax: number, note: (deadline: number) => void) {
    this.bodyTimeoutMs = bodyTimeoutMs;
    this.#bytesMax = bytesMax;
    this.note = note;
  }

  get heldBytes(): number {
    return this.#held;
  }

  fits(bytes: number): boolean {
    return this.#held + bytes <= this.#bytesMax;
  }

  /** Counts bytes that are held in any case; false when that is more than there should be. */
  take(bytes: number): boolean {
    this.#held += bytes;
    return this.#held <= this.#bytesMax;
  }

  release(bytes: number): void {
    this.#held -= bytes;
  }
}
