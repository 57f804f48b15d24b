import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routingSuite } from './suite.ts';
import { forwardingWorlds } from './worlds/forwarding.ts';
import { matchingWorlds } from './worlds/matching.ts';
import { orderWorlds } from './worlds/order.ts';

const worlds = [...orderWorlds, ...matchingWorlds, ...forwardingWorlds];

test('there are at least two hundred cases, each with a name of its own in its world', () => {
  const names = worlds.flatMap((world) => world.cases.map(({ name }) => `${world.name}: ${name}`));
  assert.ok(names.length >= 200, `${names.length}`);
  assert.equal(new Set(names).size, names.length);
});

for (const workers of [1, 2]) routingSuite(workers, worlds);
