import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PluginEntity } from '../entities/index.ts';
import { type AnyPlugin, identityHeaders } from '../pdk/index.ts';
import { chainFor } from './plugin-chain.ts';
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

const acl = aDefinition({ name: 'acl', priority: 950 });
const cors = aDefinition({ name: 'cors', priority: 2000 });
const definitions: readonly AnyPlugin[] = [acl, cors];

/** Route R of service S, route other of service T, route alone without a service. */
function setUp(plugins: readonly PluginEntity[], known: readonly AnyPlugin[] = definitions): Promise<Snapshot> {
  return compiled(
    aChange([
      ...upsertServices(aService({ id: 'S' }), aService({ id: 'T' })),
      ...upsertRoutes(
        aRoute({ id: 'R', paths: ['/r'], service: { id: 'S' } }),
        aRoute({ id: 'other', paths: ['/o'], service: { id: 'T' } }),
        aRoute({ id: 'alone', paths: ['/a'] }),
      ),
      ...upsertPlugins(...plugins),
    ]),
    undefined,
    known,
  );
}

function instances(snapshot: Snapshot, routeId: string): (string | undefined)[] {
  const route = snapshot.routes.get(routeId);
  assert.ok(route !== undefined);
  return chainFor(snapshot, route).links.map((link) => link.choose(undefined)?.id);
}

describe('the configuration that applies (proxying.md 11.2)', () => {
  const globally = aPlugin({ id: 'global', name: 'acl' });
  const ofService = aPlugin({ id: 'service', name: 'acl', service: { id: 'S' } });
  const ofRoute = aPlugin({ id: 'route', name: 'acl', route: { id: 'R' } });
  const ofBoth = aPlugin({ id: 'both', name: 'acl', route: { id: 'R' }, service: { id: 'S' } });

  test('route and service before route before service before global, one for each plugin', async () => {
    assert.deepEqual(instances(await setUp([globally, ofService, ofRoute, ofBoth]), 'R'), ['both']);
    assert.deepEqual(instances(await setUp([ofRoute, ofService, globally]), 'R'), ['route']);
    assert.deepEqual(instances(await setUp([globally, ofService]), 'R'), ['service']);
    assert.deepEqual(instances(await setUp([globally]), 'R'), ['global']);
    assert.deepEqual(instances(await setUp([]), 'R'), []);
  });

  test('other routes and services get the global one, also a route without service', async () => {
    const snapshot = await setUp([globally, ofService, ofRoute, ofBoth]);
    assert.deepEqual(instances(snapshot, 'other'), ['global']);
    assert.deepEqual(instances(snapshot, 'alone'), ['global']);
  });

  test('a disabled entry is skipped and the next less specific one applies', async () => {
    const snapshot = await setUp([globally, ofService, { ...ofRoute, enabled: false }]);
    assert.deepEqual(instances(snapshot, 'R'), ['service']);
  });

  test('an entry for neither http nor https is skipped, one for https alone says so', async () => {
    const snapshot = await setUp([
      { ...globally, protocols: ['https'] },
      { ...ofRoute, protocols: ['grpc'] },
    ]);
    const route = snapshot.routes.get('R');
    assert.ok(route !== undefined);
    const [link] = chainFor(snapshot, route).links;
    assert.equal(link?.choose(undefined)?.id, 'global');
    assert.deepEqual(link?.choose(undefined)?.protocols, { http: false, https: true });
  });

  test('an entry of the route and another service does not apply', async () => {
    const foreign = aPlugin({ id: 'foreign', name: 'acl', route: { id: 'R' }, service: { id: 'T' } });
    assert.deepEqual(instances(await setUp([globally, foreign]), 'R'), ['global']);
  });

  test('an entry bound to a consumer is no part of the chain', async () => {
    const bound = aPlugin({ id: 'bound', name: 'acl', consumer: { id: 'C' } });
    const snapshot = await setUp([globally, bound]);
    assert.deepEqual(instances(snapshot, 'R'), ['global']);
    assert.equal(snapshot.plugins.get('bound')?.consumerId, 'C');
  });
});

describe('the chain', () => {
  test('runs by descending priority, ties by descending name', async () => {
    const known = [
      aDefinition({ name: 'aaa', priority: 10 }),
      aDefinition({ name: 'zzz', priority: 10 }),
      aDefinition({ name: 'mmm', priority: 20 }),
    ];
    const snapshot = await setUp(
      [
        aPlugin({ id: 'a', name: 'aaa' }),
        aPlugin({ id: 'm', name: 'mmm', route: { id: 'R' } }),
        aPlugin({ id: 'z', name: 'zzz' }),
      ],
      known,
    );
    assert.deepEqual(instances(snapshot, 'R'), ['m', 'z', 'a']);
  });

  test('owns the identity headers and what its own configurations set, in lower case', async () => {
    const setter = aDefinition({
      name: 'setter',
      ownedRequestHeaders: (prepared) => [String((prepared as { header: string }).header)],
    });
    const snapshot = await setUp(
      [
        aPlugin({ id: 'one', name: 'setter', config: { header: 'X-Roles' }, route: { id: 'R' } }),
        aPlugin({ id: 'two', name: 'setter', config: { header: 'X-Other' } }),
      ],
      [setter],
    );
    const route = snapshot.routes.get('R');
    assert.ok(route !== undefined);
    assert.deepEqual([...chainFor(snapshot, route).ownedRequestHeaders].sort(), [...identityHeaders, 'x-roles'].sort());
  });

  test('is the same object until something it is made of changes', async () => {
    const first = await setUp([aPlugin({ id: 'global', name: 'acl' })]);
    const chainOf = (snapshot: Snapshot, id = 'R') => {
      const route = snapshot.routes.get(id);
      assert.ok(route !== undefined);
      return chainFor(snapshot, route);
    };
    const before = chainOf(first);
    assert.equal(chainOf(first), before);
    const unrelated = await compiled(
      aChange([
        ...upsertRoutes(aRoute({ id: 'new', paths: ['/n'] })),
        ...upsertPlugins(aPlugin({ id: 'elsewhere', name: 'cors', route: { id: 'other' } })),
      ]),
      first,
      definitions,
    );
    assert.equal(chainOf(unrelated), before);
    const global = await compiled(aChange(upsertPlugins(aPlugin({ id: 'cors', name: 'cors' }))), first, definitions);
    assert.deepEqual(instances(global, 'R'), ['cors', 'global']);
    assert.equal(chainOf(first), chainOf(first));
    assert.deepEqual(instances(first, 'R'), ['global']);
  });

  test('follows plugins that come to and leave a service or a route', async () => {
    const bound = [
      aPlugin({ id: 's', name: 'acl', service: { id: 'S' } }),
      aPlugin({ id: 'r', name: 'cors', route: { id: 'R' } }),
    ];
    const first = await setUp([]);
    const with2 = await compiled(aChange(upsertPlugins(...bound)), first, definitions);
    assert.deepEqual(instances(with2, 'R'), ['r', 's']);
    assert.deepEqual(instances(with2, 'other'), []);
    const gone = aChange(
      [],
      bound.map(({ id }) => ({ kind: 'plugins', id })),
    );
    assert.deepEqual(instances(await compiled(gone, with2, definitions), 'R'), []);
    assert.deepEqual(instances(with2, 'R'), ['r', 's']);
  });

  test('follows an entry that moves from one scope to another', async () => {
    const first = await setUp([aPlugin({ id: 'p', name: 'acl', service: { id: 'S' } })]);
    const moved = await compiled(
      aChange(upsertPlugins(aPlugin({ id: 'p', name: 'acl', route: { id: 'other' } }))),
      first,
      definitions,
    );
    assert.deepEqual([instances(moved, 'R'), instances(moved, 'other')], [[], ['p']]);
  });

  test('follows a route that moves to another service', async () => {
    const first = await setUp([aPlugin({ id: 'p', name: 'acl', service: { id: 'T' } })]);
    const route = aRoute({ id: 'R', paths: ['/r'], service: { id: 'T' } });
    assert.deepEqual(instances(await compiled(aChange(upsertRoutes(route)), first, definitions), 'R'), ['p']);
  });
});
