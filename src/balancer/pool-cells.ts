const positionAt = 0;
const versionAt = 1;

/** Memory for what the addresses of one upstream or name have in common. `position` is where the wheel starts. */
export function createPoolCells(position: number): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(8);
  new Int32Array(memory)[positionAt] = position;
  return memory;
}

/** Wheel position and health version, shared by all threads. */
export class PoolCells {
  readonly memory: SharedArrayBuffer;
  readonly #numbers: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#numbers = new Int32Array(memory);
  }

  /** A number that no other pick of the node gets, until it wraps. */
  next(): number {
    return Atomics.add(this.#numbers, positionAt, 1) >>> 0;
  }

  /** Grows whenever an address flips; whoever remembers which are healthy looks again when it changed. */
  get version(): number {
    return Atomics.load(this.#numbers, versionAt);
  }

  bump(): void {
    Atomics.add(this.#numbers, versionAt, 1);
  }
}
