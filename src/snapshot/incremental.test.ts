import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigChange, Deletion, PluginEntity, Route, Service, Upsert } from '../entities/index.ts';
import { chainFor } from './plugin-chain.ts';
import { matchRoute } from './router/match.ts';
import { emptySnapshot, type Snapshot } from './snapshot.ts';
import {
  aChange,
  aDefinition,
  aPlugin,
  aRequest,
  aRoute,
  aService,
  compiled,
  type TestRequest,
} from './test-support.ts';

/**
 * Random histories of changes. After each one the snapshot that grew by deltas, one compiled from nothing,
 * and a plain scan over all entities written for this test must give the same route for the same request.
 */

type Random = <T>(choices: readonly T[]) => T;

function seeded(seed: number): Random {
  let state = seed >>> 0;
  return (choices) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    const choice = choices[Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * choices.length)];
    assert.ok(choice !== undefined || choices.length > 0);
    return choice as (typeof choices)[number];
  };
}

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
    headers,
  };
}

/** The order of proxying.md 3.1 as a list of numbers to compare from the left, larger first. */
function scanFor(world: World, request: TestRequest): string | undefined {
  let best: { readonly key: readonly (number | string)[]; readonly id: string } | undefined;
  for (const route of world.routes.values()) {
    if (route.service !== null && world.services.get(route.service.id)?.enabled === false) continue;
    if (!(route.hosts || route.headers || route.paths || route.methods)) continue;
    if (route.hosts && !route.hosts.some((host) => hostFits(host, request))) continue;
    if (route.methods && !route.methods.includes(request.method ?? '')) continue;
    if (!Object.entries(route.headers ?? {}).every(([name, values]) => headerFits(name, values, request))) continue;
    for (const path of route.paths ?? [undefined]) {
      if (path !== undefined && !pathFits(path, request.path ?? '')) continue;
      const key = orderKey(route, path);
      if (best === undefined || isBefore(key, best.key)) best = { key, id: route.id };
    }
  }
  return best?.id;
}

function orderKey(route: Route, path: string | undefined): (number | string)[] {
  const stated = [route.hosts, route.headers, route.paths, route.methods].map((list) => (list === null ? 0 : 1));
  const isRegex = path?.startsWith('~') === true;
  const wildcards = (route.hosts ?? []).filter((host) => host.includes('*'));
  const bits =
    (wildcards.some((host) => host.includes(':')) ? 4 : 0) +
    (route.hosts !== null && wildcards.length === 0 ? 2 : 0) +
    (isRegex ? 1 : 0);
  return [
    stated.filter((flag) => flag === 1).length,
    ...stated,
    bits,
    Object.keys(route.headers ?? {}).length,
    isRegex ? (route.regex_priority ?? 0) : 0,
    isRegex ? 0 : (path?.length ?? 0),
    -(route.created_at ?? 0),
    route.id,
  ];
}

/** Numbers: larger first. The id at the end: smaller first. */
function isBefore(left: readonly (number | string)[], right: readonly (number | string)[]): boolean {
  for (const [index, value] of left.entries()) {
    const other = right[index];
    if (typeof value === 'number' && typeof other === 'number' && value !== other) return value > other;
    if (typeof value === 'string' && typeof other === 'string' && value !== other) return value < other;
  }
  return false;
}

function hostFits(configured: string, request: TestRequest): boolean {
  const [name = '', port] = configured.split(':');
  const [asked = '', askedPort] = (request.host ?? '').split(':');
  if (!name.includes('*')) return name === asked && (port === undefined || port === askedPort);
  const pattern = new RegExp(`^${name.replaceAll('.', '\\.').replace('*', '.+')}$`);
  return pattern.test(asked) && (port === undefined || port === (askedPort ?? (request.secure ? '443' : '80')));
}

function pathFits(configured: string, path: string): boolean {
  return configured.startsWith('~')
    ? new RegExp(`^(?:${configured.slice(1)})`).test(path)
    : path.startsWith(configured);
}

function headerFits(name: string, values: readonly string[], request: TestRequest): boolean {
  const lines = [request.headers?.[name.toLowerCase()] ?? []].flat().map((line) => line.toLowerCase());
  const [only = ''] = values;
  if (only.startsWith('~*')) return lines.some((line) => new RegExp(only.slice(2)).test(line));
  return lines.some((line) => values.includes(line));
}

/** Route, its service's port and the configurations that apply. */
function answer(snapshot: Snapshot, request: TestRequest): unknown {
  const match = matchRoute(snapshot, aRequest(request));
  if (match === undefined) return undefined;
  const links = chainFor(snapshot, match.route).links.map((link) => link.choose(undefined)?.id);
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
