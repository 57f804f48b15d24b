import type { CheckView } from '../../pdk/index.ts';
import { check } from './checks.ts';
import type { KeyAuth } from './prepared.ts';

/** What a decision is about. */
export interface Facts {
  /** `header`, `query` or `body` and the name there. */
  readonly place: string;
  readonly consumer: string;
  /** Why the anonymous consumer stands in. */
  readonly anonymousBecause: string;
}

/** `seen` and `expected` of a passed check; the key itself is out of reach here. */
export function describeCheck(index: number, given: unknown, { places }: KeyAuth): CheckView | undefined {
  if (given === undefined) return undefined;
  const facts = given as Facts;
  if (index === check['key.present']) return { seen: facts.place, expected: places };
  if (index === check['key.known']) return { seen: `consumer ${facts.consumer}`, expected: 'the key of a consumer' };
  if (index === check['consumer.anonymous']) return { seen: facts.consumer, expected: facts.anonymousBecause };
  return undefined;
}
