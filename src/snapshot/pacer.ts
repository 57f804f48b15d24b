/** Splits long work into slices, so that requests are served in between. */
export class Pacer {
  readonly #sliceMs: number;
  readonly #yieldNow: () => Promise<void>;
  #sliceStart = performance.now();

  constructor(sliceMs: number, yieldNow: () => Promise<void>) {
    this.#sliceMs = sliceMs;
    this.#yieldNow = yieldNow;
  }

  /** Whether the slice is used up and the caller should `await pause()`; asked after every small step. */
  due(): boolean {
    return performance.now() - this.#sliceStart >= this.#sliceMs;
  }

  async pause(): Promise<void> {
    await this.#yieldNow();
    this.#sliceStart = performance.now();
  }
}
