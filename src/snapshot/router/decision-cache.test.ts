import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../base/limits.ts';
import { routeIndexing } from '../compile-route.ts';
import { CompiledRoute } from '../compiled.ts';
import { noScopedPlugins } from '../scoped-plugins.ts';
import { aRoute, matched, routed } from '../test-support.ts';
import { makeCandidate } from './candidate.ts';
import { DecisionCache } from './decision-cache.ts';
import { parseHostPattern } from './host-pattern.ts';
import { HostTable } from './host-table.ts';

function setUp() {
  const entity = aRoute({ id: 'R', hosts: ['*.a.com'] });
  const outcome = routeIndexing(entity);
  assert.equal(outcome.kind, 'ok');
  const indexing = outcome.kind === 'ok' ? outcome.indexing : { hosts: undefined, criteria: [] };
  const route = new CompiledRoute({
    id: 'R',
    name: null,
    serviceId: null,
    service: undefined,
    stripPath: true,
    pathHandling: 'v0',
    preserveHost: false,
    protocols: { http: true, https: true },
    httpsRedirectStatus: 426,
    plugins: noScopedPlugins,
    pluginsWithService: noScopedPlugins,
    indexing,
    entity,
  });
  const draft = HostTable.empty.edit();
  const [criteria] = indexing.criteria;
  assert.ok(criteria !== undefined);
  const candidate = makeCandidate(criteria, route);
  draft.add(parseHostPattern('*.a.com'), candidate);
  return { cache: new DecisionCache(draft.done()), match: candidate.match };
}

const bound = limits.routerCachedDecisionsMax + 2 * limits.routerCachedHostsMax;

test('invented hosts, paths and methods never fill the memory beyond its bounds', () => {
  const { cache, match } = setUp();
  for (let index = 0; index < 3 * limits.routerCachedDecisionsMax; index += 1) {
    const host = cache.host(`h${index}.a.com`, index % 2 === 0);
    cache.remember(host, `M${index}`, `/${index % 7}`, match);
    assert.ok(cache.size <= bound);
  }
  assert.ok(cache.size > 0);
});

test('hosts that no route names are not remembered one by one', () => {
  const { cache } = setUp();
  assert.equal(cache.host('x.org', false), cache.host('y.org', false));
  assert.equal(cache.host('x.org', true), cache.host('y.org', true));
  assert.equal(cache.size, 0);
});

test('very long paths and hosts are not remembered', () => {
  const { cache, match } = setUp();
  const host = cache.host('x.a.com', false);
  cache.remember(host, 'GET', `/${'p'.repeat(limits.routerCachedPathCharsMax)}`, match);
  assert.equal(cache.size, 1);
  cache.host(`${'h'.repeat(limits.routerCachedHostCharsMax)}.a.com`, false);
  assert.equal(cache.size, 1);
});

test('a path keeps the decisions of a few methods only', () => {
  const { cache, match } = setUp();
  const host = cache.host('x.a.com', false);
  for (let index = 0; index < 100; index += 1) cache.remember(host, `M${index}`, '/', match);
  const known = Array.from({ length: 100 }, (_, index) => cache.decision(host, `M${index}`, '/')).filter(Boolean);
  assert.ok(known.length > 0 && known.length <= 9, `${known.length}`);
  assert.equal(cache.decision(host, 'M99', '/'), match);
});

test('a path is worth remembering from its second search on', () => {
  const { cache } = setUp();
  const paths = Array.from({ length: 2000 }, (_, index) => `/orders/${index}/lines`);
  const early = paths.filter((path) => cache.isSeenAgain(path));
  assert.deepEqual(early, []);
  const again = paths.filter((path) => cache.isSeenAgain(path));
  // Two paths that share a place push each other out, which costs a search more and nothing else.
  assert.ok(again.length > 1600, `${again.length}`);
});

test('paths that come once leave nothing behind', async () => {
  const snapshot = await routed(aRoute({ id: 'R', paths: ['/orders'] }));
  for (let index = 0; index < 1000; index += 1) matched(snapshot, { path: `/orders/${index}` });
  const before = snapshot.router.remembered;
  assert.ok(before < 50, `${before}`);
  for (let count = 0; count < 3; count += 1) matched(snapshot, { path: '/orders/same' });
  assert.equal(snapshot.router.remembered, before + 1);
});
