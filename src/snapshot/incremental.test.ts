import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigChange, Deletion, PluginEntity, Route, Service, Upsert } from '../entities/index.ts';
import { chainFor } from './plugin-chain.ts';
import { matchRoute } from './router/match.ts';
import { referenceMatch } from './router/test-reference.ts';
import { emptySnapshot, type Snapshot } from './snapshot.ts';
import {
  aChange,
  aDefinition,
  aPlugin,
  aRequest,
  aRoute,
  aService,
  compiled,
  type Random,
  seeded,
  type TestRequest,
} from './test-support.ts';

/**
 * Random histories of changes. After each one the snapshot that grew by deltas, one compiled from nothing,
 * and a plain scan over all entities written for this test must give the same route for the same request.
 */

const hosts = ['a.com', 'b.a.com', '*.a.com', '*.com', 'b.*', 'a.com:8080', '*.a.com:80', 'b.a.*:443'];
const paths = [
  '/',
  '/a',
  '/ab',
  '/a/',
  '/a/b',
  '/a/b/c',
  '/long/prefix',
  '/long/prefix/x',
  '~/a/\\d+',
  '~/a.*',
  '~/(a|b)',
  '~/a/b$',
];
const headerSets = [
  { 'x-a': ['1'] },
  { 'X-A': ['1', '2'], 'x-b': ['z'] },
  { 'x-b': ['~*^y'] },
  { 'x-a': ['2'], 'x-c': ['c'] },
];
const methodSets = [['GET'], ['GET', 'PUT'], ['POST']];
const requestHosts = [
  'a.com',
  'b.a.com',
  'b.a.com:80',
  'a.com:8080',
  'x.com',
  'b.org',
  'b.a.org',
  'z',
  'B.A.COM'.toLowerCase(),
];
const requestPaths = [
  '/',
  '/a',
  '/ab',
  '/a/',
  '/a/1',
  '/a/b',
  '/a/b/c/d',
  '/b',
  '/long/prefix/y',
  '/long/prefix/xyz',
  '/longer',
];

interface World {
  readonly services: Map<string, Service>;
  readonly routes: Map<string, Route>;
  readonly plugins: Map<string, PluginEntity>;
}

const ids = Array.from({ length: 30 }, (_, index) => `id-${index}`);
const serviceIds = ['s0', 's1', 's2', 's3'];
const definitions = ['one', 'two'].map((name, index) => aDefinition({ name, priority: index }));

function randomRoute(random: Random, id: string, world: World): Route {
  const some = <T>(choices: readonly T[]): T[] => [random(choices), random(choices)].slice(0, random([1, 1, 2]));
  const service = random([null, ...world.services.keys()]);
  const route = {
    created_at: random([1, 2, 3]),
    regex_priority: random([0, 0, 1]),
    hosts: random([true, false]) ? some(hosts) : null,
    paths: random([true, true, false]) ? some(paths) : null,
    methods: random([true, false, false]) ? random(methodSets) : null,
    headers: random([true, false, false]) ? random(headerSets) : null,
    snis: random([null, null, null, ['a.com'], ['a.com', 'b.com']]),
    service: service === null ? null : { id: service },
  };
  return aRoute({ id, ...route });
}

function randomPlugin(random: Random, id: string, world: World): PluginEntity {
  const route = random([null, ...world.routes.keys()]);
  const service = random([null, null, ...world.services.keys()]);
  return aPlugin({
    id,
    name: random(['one', 'two']),
    enabled: random([true, true, false]),
    route: route === null ? null : { id: route },
    service: service === null ? null : { id: service },
    consumer: random([null, null, { id: 'C' }, { id: 'D' }]),
  });
}

/** Changes the world and tells how. */
function randomChange(random: Random, world: World, revision: number): ConfigChange {
  const upserts: Upsert[] = [];
  const deletes: Deletion[] = [];
  const remove = (kind: 'services' | 'routes' | 'plugins', id: string) => {
    if (world[kind].delete(id)) deletes.push({ kind, id });
  };
  for (let step = random([1, 1, 2, 5]); step > 0; step -= 1) {
    const id = random(ids);
    const action = random([
      'route',
      'route',
      'route',
      'no route',
      'service',
      'no service',
      'plugin',
      'plugin',
      'no plugin',
    ]);
    if (upserts.some(({ entity }) => entity.id === id)) continue;
    if (action === 'no route') {
      remove('routes', id);
      for (const plugin of [...world.plugins.values()]) if (plugin.route?.id === id) remove('plugins', plugin.id);
    } else if (action === 'no service') {
      const service = random(serviceIds);
      const used = [...world.routes.values()].some((route) => route.service?.id === service);
      if (used || upserts.length > 0) continue;
      remove('services', service);
      for (const plugin of [...world.plugins.values()])
        if (plugin.service?.id === service) remove('plugins', plugin.id);
    } else if (action === 'no plugin') remove('plugins', random(['none', ...world.plugins.keys()]));
    else if (action === 'route') {
      const entity = randomRoute(random, id, world);
      world.routes.set(id, entity);
      upserts.push({ kind: 'routes', entity });
    } else if (action === 'service') {
      const entity = aService({
        id: random(serviceIds),
        enabled: random([true, true, false]),
        port: random([1, 2, 3]),
      });
      world.services.set(entity.id, entity);
      upserts.push({ kind: 'services', entity });
    } else {
      const entity = randomPlugin(random, `p-${id}`, world);
      world.plugins.set(entity.id, entity);
      upserts.push({ kind: 'plugins', entity });
    }
  }
  return aChange(
    upserts.filter(
      ({ kind, entity }) =>
        (kind === 'routes' || kind === 'services' || kind === 'plugins') && world[kind].get(entity.id) === entity,
    ),
    deletes,
    revision,
  );
}

function wholeWorld(world: World): Upsert[] {
  return [
    ...[...world.plugins.values()].map((entity): Upsert => ({ kind: 'plugins', entity })),
    ...[...world.routes.values()].map((entity): Upsert => ({ kind: 'routes', entity })),
    ...[...world.services.values()].map((entity): Upsert => ({ kind: 'services', entity })),
  ];
}

function randomRequest(random: Random): TestRequest {
  const headers: Record<string, string | string[]> = {};
  if (random([true, false])) headers['x-a'] = random(['1', '2', '3', ['0', '1']]);
  if (random([true, false])) headers['x-b'] = random(['Z', 'yes', 'n']);
  if (random([true, false])) headers['x-c'] = 'C';
  return {
    method: random(['GET', 'PUT', 'POST', 'DELETE']),
    host: random(requestHosts),
    path: random(requestPaths),
    secure: random([true, false]),
    serverName: random(['a.com', 'b.com', 'c.com']),
    headers,
  };
}

/** What the rules, read one after the other, give. */
function scanFor(world: World, request: TestRequest): string | undefined {
  const routes = [...world.routes.values()].filter(
    (route) => route.service === null || world.services.get(route.service.id)?.enabled !== false,
  );
  return referenceMatch(routes, request)?.id;
}

/** Route, its service's port and the configurations that apply. */
function answer(snapshot: Snapshot, request: TestRequest): unknown {
  const match = matchRoute(snapshot, aRequest(request));
  if (match === undefined) return undefined;
  const links = chainFor(snapshot, match.route).links.map((link) => [link.choose(undefined)?.id, link.choose('C')?.id]);
  return { id: match.route.id, prefix: match.matchedPrefix, port: match.route.service?.port, links };
}

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`deltas, a compile from nothing and a plain scan agree on every request (seed ${seed})`, async () => {
    const random = seeded(seed);
    const world: World = { services: new Map(), routes: new Map(), plugins: new Map() };
    let snapshot = emptySnapshot;
    let found = 0;
    for (let revision = 1; revision <= 60; revision += 1) {
      const requests = Array.from({ length: 40 }, () => randomRequest(random));
      const previous = snapshot;
      const before = requests.map((request) => answer(previous, request));
      const change = randomChange(random, world, revision);
      snapshot = await compiled(change, previous, definitions);
      const fresh = await compiled(aChange(wholeWorld(world), [], revision), undefined, definitions);
      for (const request of requests) {
        const given = answer(snapshot, request);
        const context = `seed ${seed}, revision ${revision}, ${JSON.stringify(request)}`;
        assert.deepEqual(given, answer(fresh, request), context);
        assert.equal(matchRoute(snapshot, aRequest(request))?.route.id, scanFor(world, request), context);
        if (given !== undefined) found += 1;
      }
      assert.deepEqual(snapshot.counts, fresh.counts);
      assert.equal(snapshot.router.size, fresh.router.size);
      assert.deepEqual(
        requests.map((request) => answer(previous, request)),
        before,
        'the previous snapshot changed',
      );
    }
    assert.ok(found > 500, `only ${found} requests found a route`);
  });
}
