import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Route } from '../../entities/index.ts';
import { aRequest, aRoute, routed, type TestRequest } from '../test-support.ts';

interface Family {
  readonly name: string;
  readonly route: (index: number) => Partial<Route>;
  /** A request for the route of that number. */
  readonly request: (index: number) => TestRequest;
  /** Where all routes match the same requests, the first of them answers. */
  readonly same?: true;
}

const families: readonly Family[] = [
  {
    name: 'paths',
    route: (index) => ({ paths: [`/api/v${index % 7}/thing-${index}`] }),
    request: (index) => ({ path: `/api/v${index % 7}/thing-${index}/more` }),
  },
  {
    name: 'paths that begin with one another',
    route: (index) => ({ paths: [`/${index.toString(2).split('').join('/')}`] }),
    request: (index) => ({ path: `/${index.toString(2).split('').join('/')}` }),
  },
  {
    name: 'hosts',
    route: (index) => ({ hosts: [`h${index}.test`], paths: ['/'] }),
    request: (index) => ({ host: `h${index}.test` }),
  },
  {
    name: 'wildcard hosts',
    route: (index) => ({ hosts: [`*.h${index}.test`] }),
    request: (index) => ({ host: `x.h${index}.test` }),
  },
  {
    name: 'values of one header',
    route: (index) => ({ paths: ['/'], headers: { 'x-tenant': [`t${index}`] } }),
    request: (index) => ({ headers: { 'x-tenant': `T${index}` } }),
  },
  {
    name: 'values of two headers',
    route: (index) => ({
      paths: ['/'],
      headers: { 'x-a': [`a${index % 100}`], 'x-b': [`b${Math.floor(index / 100)}`] },
    }),
    request: (index) => ({ headers: { 'x-a': `a${index % 100}`, 'x-b': `b${Math.floor(index / 100)}` } }),
  },
  {
    name: 'TLS server names',
    route: (index) => ({ snis: [`s${index}.test`], paths: ['/'] }),
    request: (index) => ({ serverName: `s${index}.test` }),
  },
  {
    name: 'TLS server names, asked without TLS',
    route: (index) => ({ snis: [`s${index}.test`], paths: ['/'] }),
    request: () => ({ secure: false }),
    same: true,
  },
  {
    name: 'methods, the asked one being the youngest',
    route: (index) => ({ paths: ['/'], methods: [index % 10 === 9 ? 'PUT' : 'GET'] }),
    request: () => ({ method: 'PUT' }),
    same: true,
  },
  {
    name: 'regexes behind different beginnings',
    route: (index) => ({ paths: [`~/items/${index}/(?<id>\\d+)$`] }),
    request: (index) => ({ path: `/items/${index}/42` }),
  },
  {
    name: 'what follows a parameter in regexes',
    route: (index) => ({ paths: [`~/items/(?<id>[^/]+)/part-${index}/(?<sub>\\d+)$`] }),
    request: (index) => ({ path: `/items/abc/part-${index}/42` }),
  },
  {
    name: 'nothing but age',
    route: () => ({ paths: ['/same'] }),
    request: () => ({ path: '/same' }),
    same: true,
  },
];

async function stepsWith(family: Family, count: number): Promise<number> {
  const width = String(count).length;
  const routes = Array.from({ length: count }, (_, index) =>
    aRoute({ id: `r${String(index).padStart(width, '0')}`, created_at: index, ...family.route(index) }),
  );
  const snapshot = await routed(...routes);
  let most = 0;
  for (let index = 0; index < count; index += Math.max(1, Math.floor(count / 100))) {
    const request = aRequest(family.request(index));
    const found = snapshot.router.match(request);
    assert.ok(found !== undefined);
    if (family.same !== true) assert.equal(found.route.id, routes[index]?.id);
    most = Math.max(most, snapshot.router.searchSteps(request));
  }
  return most;
}

describe('steps of a search among 10,000 routes, against 100', () => {
  for (const family of families) {
    test(`grow with the logarithm at most: routes told apart by ${family.name}`, async () => {
      const few = await stepsWith(family, 100);
      const many = await stepsWith(family, 10_000);
      assert.ok(few > 0);
      assert.ok(many <= few + 4 * Math.log2(100), `${few} steps with 100 routes, ${many} with 10,000`);
    });
  }
});

test('steps for a request that no route takes do not grow with the number of routes', async () => {
  for (const family of families) {
    const routes = (count: number) =>
      Array.from({ length: count }, (_, index) => aRoute({ id: `r${index}`, ...family.route(index) }));
    const request = aRequest({ method: 'BREW', host: 'nobody.test', path: '/zzz', serverName: 'nobody.test' });
    const steps = (await routed(...routes(3000))).router.searchSteps(request);
    assert.ok(steps <= 20, `${family.name}: ${steps}`);
  }
});
