import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Route } from '../../entities/index.ts';
import { aRequest, aRoute, type Random, routed, seeded, type TestRequest } from '../test-support.ts';
import { matchRoute } from './match.ts';
import { referenceMatch } from './test-reference.ts';

const hosts = [
  'a.com',
  'b.a.com',
  'A.com:8080',
  'a.com:80',
  '*.a.com',
  '*.com',
  '*.a.com:80',
  '*.com:443',
  'b.a.*',
  'a.*',
  'a.*:8080',
  '*.b.a.com:8080',
];
const askedHosts = [
  'a.com',
  'b.a.com',
  'c.b.a.com',
  'a.com:8080',
  'a.com:80',
  'b.a.com:443',
  'b.a.org',
  'a.org',
  'com',
  'x.b.a.com:8080',
];
const paths = [
  '/',
  '/a',
  '/a/',
  '/a/b',
  '/ab',
  '/abc/d',
  '/a/b/c/d/e',
  '/b',
  '~/a',
  '~/a/\\d+$',
  '~/a/[a-z]+',
  '~/(a|b)/(?<rest>.*)',
  '~/ab?c?',
  '~/.*e',
  '~/a/[^/]+/c',
  '~/a/[^/]*',
  '~/[a-z]+/b',
  '~/a/(?<x>\\w+)/c/d$',
  '~/(?:a|b)/\\d*/?x?',
  '~/[ab]/(b|7)/(?<y>[^/]+)/d',
  '~/a\\w?/b',
];
const askedPaths = [
  '/',
  '/a',
  '/a/',
  '/a/7',
  '/a/7/x',
  '/a/b',
  '/a/b/c/d/e',
  '/ab',
  '/abc/d',
  '/abcde',
  '/b',
  '/b/a',
  '/c',
  '/b/7/c/d',
  '/a/7/c/d',
  '/ab/b',
  '/A',
];
const headerSets: readonly (Record<string, string[]> | null)[] = [
  null,
  null,
  null,
  { 'x-a': ['1'] },
  { 'X-A': ['2', 'ONE'] },
  { 'x-a': ['1'], 'x-b': ['2'] },
  { 'x-b': ['~*^[a-z]+$'] },
  { 'x-b': ['~*2'], 'x-a': ['1', '2'], 'x-c': ['3'] },
  { 'x-c': ['3', '4'], 'x-b': ['2', '3'] },
];
const methodSets: readonly (string[] | null)[] = [null, null, ['GET'], ['POST'], ['GET', 'POST'], ['PATCH']];
const serverNameSets: readonly (string[] | null)[] = [null, null, null, ['a.com'], ['b.com', 'A.com.'], ['c.com']];

function someOf<T>(random: Random, choices: readonly T[]): T[] {
  return [...new Set(Array.from({ length: random([1, 1, 2, 3]) }, () => random(choices)))];
}

function randomRoutes(random: Random): Route[] {
  return Array.from({ length: random([1, 2, 4, 8, 16]) }, (_, index) =>
    aRoute({
      id: `${random(['x', 'y', 'z'])}-${index}`,
      created_at: random([1, 1, 2, 3]),
      regex_priority: random([0, 0, 1, 5]),
      hosts: random([true, false, false]) ? someOf(random, hosts) : null,
      paths: random([true, true, false]) ? someOf(random, paths) : null,
      headers: random(headerSets),
      methods: random(methodSets),
      snis: random(serverNameSets),
    }),
  );
}

function randomRequest(random: Random): TestRequest {
  const headers: Record<string, string | string[]> = {};
  if (random([true, false])) headers['x-a'] = random(['1', '2', 'One', ['0', '1'], '1,2']);
  if (random([true, false])) headers['x-b'] = random(['2', 'abc', ['9', '3'], '12']);
  if (random([true, false])) headers['x-c'] = random(['3', '4', '5']);
  const secure = random([true, false]);
  return {
    method: random(['GET', 'POST', 'PATCH', 'get']),
    host: random(askedHosts),
    path: random(askedPaths),
    headers,
    secure,
    ...(secure && random([true, true, false]) ? { serverName: random(['a.com', 'B.com', 'c.com.', 'd.com']) } : {}),
  };
}

for (let seed = 1; seed <= 6; seed += 1) {
  test(`router and a plain reading of the rules agree on 500 sets of routes (seed ${seed})`, async () => {
    const random = seeded(seed * 7919);
    let matched = 0;
    for (let round = 0; round < 500; round += 1) {
      const routes = randomRoutes(random);
      const snapshot = await routed(...routes);
      for (let asked = 0; asked < 12; asked += 1) {
        const request = randomRequest(random);
        const expected = referenceMatch(routes, request);
        const context = () => JSON.stringify({ seed, round, request, routes: routes.map(stated) });
        // Three times, since the third answer may be a remembered one.
        for (let time = 0; time < 3; time += 1) {
          const found = matchRoute(snapshot, aRequest(request));
          const given = found === undefined ? undefined : { id: found.route.id, prefix: found.matchedPrefix };
          if (given?.id !== expected?.id || given?.prefix !== expected?.prefix)
            assert.deepEqual(given, expected, context());
        }
        if (expected !== undefined) matched += 1;
      }
    }
    assert.ok(matched > 1000, `${matched} requests found a route`);
  });
}

/** What a failure needs to show. */
function stated({ id, created_at, hosts, paths, headers, methods, snis, regex_priority }: Route): object {
  return { id, created_at, hosts, paths, headers, methods, snis, regex_priority };
}
