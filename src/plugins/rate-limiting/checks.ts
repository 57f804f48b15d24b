import { type CheckView, namedChecks } from '../../pdk/index.ts';
import type { RateLimiting } from './prepared.ts';
import { type WindowName, windowNames } from './windows.ts';

const perWindow = (name: WindowName) => ({
  about: `The caller has not used up its requests of this ${name}.`,
  field: `config.${name}`,
});

/** Every check of the plugin, in the order it makes them. */
export const { checks, check } = namedChecks({
  'limit.counters': { about: 'There is room to count the request.', field: 'config.fault_tolerant' },
  'limit.second': perWindow('second'),
  'limit.minute': perWindow('minute'),
  'limit.hour': perWindow('hour'),
  'limit.day': perWindow('day'),
  'limit.month': perWindow('month'),
  'limit.year': perWindow('year'),
});

/** What a decision is about. */
export interface Facts {
  /** `consumer alice`, `address 192.0.2.1`. */
  readonly caller: string;
  readonly counts: Readonly<Partial<Record<WindowName, number>>>;
}

/** `seen` and `expected` of a passed check. */
export function describeCheck(index: number, given: unknown, { limits }: RateLimiting): CheckView | undefined {
  const facts = given as Facts | undefined;
  if (facts === undefined) return undefined;
  for (const name of windowNames) {
    const count = facts.counts[name];
    if (index !== check[`limit.${name}`] || count === undefined) continue;
    const limit = limits.find((entry) => entry.name === name)?.limit ?? 0;
    return { seen: `request ${count} of ${facts.caller}`, expected: `at most ${limit} in a ${name}` };
  }
  return undefined;
}
