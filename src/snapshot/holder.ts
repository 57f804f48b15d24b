import { emptySnapshot, type Snapshot } from './snapshot.ts';

/** Where a thread's requests find the snapshot in force. Replacing it is one assignment. */
export class SnapshotHolder {
  #current: Snapshot;

  constructor(initial: Snapshot = emptySnapshot) {
    this.#current = initial;
  }

  get current(): Snapshot {
    return this.#current;
  }

  /** Requests begun before keep the snapshot they took; the next one gets `next`. */
  swap(next: Snapshot): void {
    this.#current = next;
  }
}
