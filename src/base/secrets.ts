import { type BinaryLike, createHash, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

/** A value that prints as redacted wherever it could leak: JSON, logs, templates, inspection. */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  /** The clear text. Call it only where the secret goes on the wire or into a digest. */
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return '[redacted]';
  }
  toJSON(): string {
    return '[redacted]';
  }
  [inspect.custom](): string {
    return '[redacted]';
  }
}

/** Compares two secrets in time that depends on neither content nor the place of the first difference. */
export function secretsEqual(left: BinaryLike, right: BinaryLike): boolean {
  const a = createHash('sha256').update(left).digest();
  const b = createHash('sha256').update(right).digest();
  return timingSafeEqual(a, b);
}
