import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PluginEntity } from '../entities/index.ts';
import { type AnyPlugin, identityHeaders } from '../pdk/index.ts';
import { chainFor, globalChain } from './plugin-chain.ts';
import type { Snapshot } from './snapshot.ts';
import {
  aChange,
  aDefinition,
  aPlugin,
  aRoute,
  aService,
  compiled,
  upsertPlugins,
  upsertRoutes,
  upsertServices,
} from './test-support.ts';

const owning = aDefinition({
  name: 'acl',
  ownedRequestHeaders: (prepared) => [(prepared as { header?: string }).header ?? 'x-none'],
});
const other = aDefinition({ name: 'cors', priority: 2000 });

/** The eight steps, the most specific first; each is an entry of that name. */
const steps: readonly PluginEntity[] = [
  bound('1 route service consumer', { route: 'R', service: 'S', consumer: 'C' }),
  bound('2 route consumer', { route: 'R', consumer: 'C' }),
  bound('3 service consumer', { service: 'S', consumer: 'C' }),
  bound('4 route service', { route: 'R', service: 'S' }),
  bound('5 consumer', { consumer: 'C' }),
  bound('6 route', { route: 'R' }),
  bound('7 service', { service: 'S' }),
  bound('8 global', {}),
];

function bound(id: string, to: { route?: string; service?: string; consumer?: string }): PluginEntity {
  const reference = (target: string | undefined) => (target === undefined ? null : { id: target });
  return aPlugin({
    id,
    name: 'acl',
    route: reference(to.route),
    service: reference(to.service),
    consumer: reference(to.consumer),
    config: { header: `x-${id.slice(0, 1)}` },
  });
}

function world(plugins: readonly PluginEntity[], definitions: readonly AnyPlugin[] = [owning, other]) {
  return compiled(
    aChange([
      ...upsertServices(aService({ id: 'S' }), aService({ id: 'T' })),
      ...upsertRoutes(
        aRoute({ id: 'R', paths: ['/r'], service: { id: 'S' } }),
        aRoute({ id: 'sibling', paths: ['/s'], service: { id: 'S' } }),
        aRoute({ id: 'alone', paths: ['/a'] }),
      ),
      ...upsertPlugins(...plugins),
    ]),
    undefined,
    definitions,
  );
}

function chosen(snapshot: Snapshot, consumerId: string | undefined, routeId = 'R'): string | undefined {
  const route = snapshot.routes.get(routeId);
  assert.ok(route !== undefined);
  const link = chainFor(snapshot, route).links.find(({ plugin }) => plugin.name === 'acl');
  return link?.choose(consumerId)?.id;
}

describe("the configuration that applies at a plugin's turn (proxying.md 11.2)", () => {
  test('is the first of the eight steps that is there, in each of their 256 combinations', async () => {
    for (let set = 0; set < 256; set += 1) {
      const present = steps.filter((_, index) => ((set >> index) & 1) === 1);
      const snapshot = await world(present.toReversed());
      const forAnyone = present.filter(({ consumer }) => consumer === null);
      assert.equal(chosen(snapshot, 'C'), present[0]?.id, `consumer, set ${set}`);
      assert.equal(chosen(snapshot, 'D'), forAnyone[0]?.id, `another consumer, set ${set}`);
      assert.equal(chosen(snapshot, undefined), forAnyone[0]?.id, `nobody, set ${set}`);
    }
  });

  test('on other routes is the first step that concerns them', async () => {
    const snapshot = await world(steps);
    assert.equal(chosen(snapshot, 'C', 'sibling'), '3 service consumer');
    assert.equal(chosen(snapshot, 'D', 'sibling'), '7 service');
    assert.equal(chosen(snapshot, 'C', 'alone'), '5 consumer');
    assert.equal(chosen(snapshot, undefined, 'alone'), '8 global');
  });

  test('skips disabled entries and those for other protocols', async () => {
    const [first, second, third] = steps;
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    const snapshot = await world([{ ...first, enabled: false }, { ...second, protocols: ['grpc'] }, third]);
    assert.equal(chosen(snapshot, 'C'), third.id);
  });

  test('is nothing where only other consumers have one, while the link is there', async () => {
    const snapshot = await world([bound('5 consumer', { consumer: 'C' })]);
    assert.equal(chosen(snapshot, 'C'), '5 consumer');
    assert.equal(chosen(snapshot, 'D'), undefined);
    assert.equal(chosen(snapshot, undefined), undefined);
  });

  test('follows entries that pass from one consumer to another in one change', async () => {
    const first = await world([bound('p', { consumer: 'C' }), bound('q', { consumer: 'D' })]);
    const swapped = [bound('p', { consumer: 'D' }), bound('q', { consumer: 'C' })];
    const second = await compiled(aChange(upsertPlugins(...swapped)), first, [owning, other]);
    assert.deepEqual([chosen(second, 'C'), chosen(second, 'D')], ['q', 'p']);
    const gone = await compiled(aChange([], [{ kind: 'plugins', id: 'p' }]), second, [owning, other]);
    assert.deepEqual([chosen(gone, 'C'), chosen(gone, 'D')], ['q', undefined]);
    assert.deepEqual([chosen(first, 'C'), chosen(first, 'D')], ['p', 'q']);
  });
});

describe("headers that are the gateway's own on a route", () => {
  function ownedBy(snapshot: Snapshot): string[] {
    const route = snapshot.routes.get('R');
    assert.ok(route !== undefined);
    const own = new Set<string>(identityHeaders);
    return [...chainFor(snapshot, route).ownedRequestHeaders].filter((name) => !own.has(name)).sort();
  }

  test('are those of every configuration that may apply', async () => {
    const withoutFour = steps.filter(({ id }) => !id.startsWith('4'));
    assert.deepEqual(ownedBy(await world(withoutFour)), ['x-1', 'x-2', 'x-3', 'x-5', 'x-6']);
    // An entry for route and service leaves nothing to one for the consumer alone.
    assert.deepEqual(ownedBy(await world(steps)), ['x-1', 'x-2', 'x-3', 'x-4']);
  });

  test('stay as long as one entry of any consumer sets them', async () => {
    const entry = (id: string, consumer: string) => ({ ...bound(id, { consumer }), config: { header: 'x-shared' } });
    const both = await world([entry('p', 'C'), entry('q', 'D')]);
    assert.deepEqual(ownedBy(both), ['x-shared']);
    const one = await compiled(aChange([], [{ kind: 'plugins', id: 'p' }]), both, [owning, other]);
    assert.deepEqual(ownedBy(one), ['x-shared']);
    const none = await compiled(aChange([], [{ kind: 'plugins', id: 'q' }]), one, [owning, other]);
    assert.deepEqual(ownedBy(none), []);
  });
});

describe('the chain of requests that reach no route', () => {
  test('holds entries bound to nothing, in order of priority, and stays the same object', async () => {
    const snapshot = await world([...steps, aPlugin({ id: 'cors', name: 'cors' })]);
    const chain = globalChain(snapshot);
    assert.deepEqual(
      chain.links.map((link) => [link.choose(undefined)?.id, link.choose('C')?.id]),
      [
        ['cors', 'cors'],
        ['8 global', '8 global'],
      ],
    );
    const later = await compiled(aChange(upsertRoutes(aRoute({ id: 'N', paths: ['/n'] })), [], 2), snapshot, [owning]);
    assert.equal(globalChain(later), chain);
  });

  test('is empty without such entries', async () => {
    assert.deepEqual(globalChain(await world([bound('5 consumer', { consumer: 'C' })])).links, []);
  });
});

test('ten thousand entries for consumers cost each look-up no more than one, and a route nothing', async () => {
  const many = Array.from({ length: 10_000 }, (_, index) => bound(`p${index}`, { consumer: `c${index}` }));
  const snapshot = await world(many);
  const chain = (id: string) => {
    const route = snapshot.routes.get(id);
    assert.ok(route !== undefined);
    return chainFor(snapshot, route);
  };
  assert.equal(chain('R').links.length, 1);
  assert.equal(chosen(snapshot, 'c9999'), 'p9999');
  assert.equal(chosen(snapshot, 'c9999', 'alone'), 'p9999');
  assert.equal(chain('R'), chain('R'));
});
