import assert from 'node:assert/strict';
import type { World } from '../suite.ts';
import { forwardingWorlds } from './forwarding.ts';
import { matchingWorlds } from './matching.ts';
import { orderWorlds } from './order.ts';

/** Every world of the suite. */
export const allWorlds: readonly World[] = [...orderWorlds, ...matchingWorlds, ...forwardingWorlds];

const cases = allWorlds.flatMap((world) => world.cases);
assert.ok(cases.length >= 200, `${cases.length} cases`);
