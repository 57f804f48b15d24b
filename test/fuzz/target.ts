import type { Seeded } from '../support/seeded.ts';

/** One kind of strangers' input, and what must hold for every one of them. */
export interface FuzzTarget {
  readonly name: string;
  /** Makes one input and checks it. Throws with the input in the message. */
  run(random: Seeded): void;
}
