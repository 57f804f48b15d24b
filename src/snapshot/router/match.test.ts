import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Snapshot } from '../snapshot.ts';
import { aRoute, matched, routed, type TestRequest, winner } from '../test-support.ts';
import { upstreamPath } from '../upstream-path.ts';

/** Route reached and path sent to a service without a path. */
function outcome(snapshot: Snapshot, request: TestRequest): [string, string] | undefined {
  const match = matched(snapshot, request);
  return match === undefined ? undefined : [match.route.id, upstreamPath(null, match, request.path ?? '/')];
}

describe('the traditional order (proxying.md 3.2)', () => {
  test('two criteria win over a longer path', async () => {
    const snapshot = await routed(
      aRoute({ id: 'A', paths: ['/foo/bar/baz'] }),
      aRoute({ id: 'B', paths: ['/foo'], methods: ['GET'] }),
    );
    assert.deepEqual(outcome(snapshot, { method: 'GET', path: '/foo/bar/baz' }), ['B', '/bar/baz']);
    assert.deepEqual(outcome(snapshot, { method: 'POST', path: '/foo/bar/baz' }), ['A', '/']);
  });

  test('hosts beat headers beat paths beat methods', async () => {
    const snapshot = await routed(
      aRoute({ id: 'M', methods: ['GET'] }),
      aRoute({ id: 'P', paths: ['/'] }),
      aRoute({ id: 'X', headers: { 'x-a': ['1'] } }),
      aRoute({ id: 'H', hosts: ['a.com'] }),
    );
    assert.equal(winner(snapshot, { host: 'a.com', headers: { 'x-a': '1' } }), 'H');
    assert.equal(winner(snapshot, { host: 'other', headers: { 'x-a': '1' } }), 'X');
    assert.equal(winner(snapshot, { host: 'other' }), 'P');
  });

  test('a plain host beats wildcards, whatever their age', async () => {
    const snapshot = await routed(
      aRoute({ id: 'suffix', hosts: ['*.a.com'], created_at: 1 }),
      aRoute({ id: 'plain', hosts: ['b.a.com'], created_at: 2 }),
      aRoute({ id: 'prefix', hosts: ['b.a.*'], created_at: 3 }),
    );
    assert.equal(winner(snapshot, { host: 'b.a.com' }), 'plain');
    assert.equal(winner(snapshot, { host: 'x.y.a.com' }), 'suffix');
    assert.equal(winner(snapshot, { host: 'b.a.org' }), 'prefix');
    assert.equal(winner(snapshot, { host: 'a.com' }), undefined);
  });

  test('between wildcards age decides, not how specific they are', async () => {
    const snapshot = await routed(
      aRoute({ id: 'newer', hosts: ['*.a.com'], created_at: 2 }),
      aRoute({ id: 'older', hosts: ['*.com'], created_at: 1 }),
    );
    assert.equal(winner(snapshot, { host: 'b.a.com' }), 'older');
  });

  test('a wildcard with a port sees the default port of the scheme', async () => {
    const snapshot = await routed(
      aRoute({ id: 'any', hosts: ['*.w.com'] }),
      aRoute({ id: 'port 80', hosts: ['*.w.com:80'], created_at: 2 }),
    );
    assert.equal(winner(snapshot, { host: 'b.w.com' }), 'port 80');
    assert.equal(winner(snapshot, { host: 'b.w.com:80' }), 'port 80');
    assert.equal(winner(snapshot, { host: 'b.w.com:81' }), 'any');
    assert.equal(winner(snapshot, { host: 'b.w.com', secure: true }), 'any');
  });

  test('a plain host with a port needs that port in the request', async () => {
    const snapshot = await routed(
      aRoute({ id: 'any', hosts: ['a.com'], created_at: 2 }),
      aRoute({ id: '8080', hosts: ['a.com:8080'], created_at: 1 }),
      aRoute({ id: '80', hosts: ['b.com:80'] }),
    );
    assert.equal(winner(snapshot, { host: 'a.com:8080' }), '8080');
    assert.equal(winner(snapshot, { host: 'a.com:9' }), 'any');
    assert.equal(winner(snapshot, { host: 'a.com' }), 'any');
    assert.equal(winner(snapshot, { host: 'b.com' }), undefined);
    assert.equal(winner(snapshot, { host: 'b.com:80' }), '80');
  });

  test('the longest prefix wins, and prefixes end anywhere', async () => {
    const snapshot = await routed(
      aRoute({ id: '/a', paths: ['/a'] }),
      aRoute({ id: '/a/b', paths: ['/a/b'] }),
      aRoute({ id: '/', paths: ['/'] }),
    );
    assert.deepEqual(outcome(snapshot, { path: '/a/b/c' }), ['/a/b', '/c']);
    assert.deepEqual(outcome(snapshot, { path: '/ab' }), ['/a', '/b']);
    assert.deepEqual(outcome(snapshot, { path: '/A' }), ['/', '/A']);
  });

  test('a regex path beats a longer prefix, higher regex_priority first', async () => {
    const snapshot = await routed(
      aRoute({ id: 'prefix', paths: ['/status/longer/prefix'] }),
      aRoute({ id: 'words', paths: ['~/status/\\w+'] }),
      aRoute({ id: 'priority 5', paths: ['~/status/.*'], regex_priority: 5, created_at: 9 }),
    );
    assert.equal(winner(snapshot, { path: '/status/longer/prefix' }), 'priority 5');
  });

  test('among regex paths of one priority the older wins', async () => {
    const snapshot = await routed(
      aRoute({ id: 'newer', paths: ['~/r/x'], created_at: 2 }),
      aRoute({ id: 'older', paths: ['~/r/.+'], created_at: 1 }),
    );
    assert.equal(winner(snapshot, { path: '/r/x' }), 'older');
  });

  test('a regex path is anchored at the start and not at the end', async () => {
    const ended = await routed(aRoute({ id: 'ended', paths: ['~/u/\\d+$'] }));
    assert.equal(winner(ended, { path: '/u/12/x' }), undefined);
    assert.equal(winner(ended, { path: '/u/12' }), 'ended');
    const open = await routed(aRoute({ id: 'open', paths: ['~/v/\\d+'] }));
    assert.deepEqual(outcome(open, { path: '/v/12/x' }), ['open', '/x']);
    assert.equal(winner(open, { path: '/w/v/12' }), undefined);
  });

  test('captures are given by number and by name', async () => {
    const snapshot = await routed(aRoute({ id: 'R', paths: ['~/u/(?<id>\\d+)/(\\w+)'] }));
    assert.deepEqual(outcome(snapshot, { path: '/u/12/ab/rest' }), ['R', '/rest']);
    const match = matched(snapshot, { path: '/u/12/ab/rest' });
    assert.equal(match?.matchedPrefix, '/u/12/ab');
    assert.deepEqual(match?.captures?.groups, ['12', 'ab']);
    assert.equal(match?.captures?.named['id'], '12');
  });

  test('each path of a route competes on its own', async () => {
    const snapshot = await routed(
      aRoute({ id: 'first', paths: ['/long/prefix/path', '~/m/.*'] }),
      aRoute({ id: 'other', paths: ['/long/prefix'] }),
    );
    assert.equal(winner(snapshot, { path: '/m/1' }), 'first');
    assert.equal(winner(snapshot, { path: '/long/prefix/path/x' }), 'first');
    assert.equal(winner(snapshot, { path: '/long/prefix/z' }), 'other');
  });

  test('two criteria beat a regex path', async () => {
    const snapshot = await routed(
      aRoute({ id: 'regex', paths: ['~/foo/.*'] }),
      aRoute({ id: 'two', paths: ['/foo'], methods: ['GET'] }),
    );
    assert.equal(winner(snapshot, { path: '/foo/bar' }), 'two');
  });

  test('a wildcard host with a path beats a plain host alone', async () => {
    const snapshot = await routed(
      aRoute({ id: 'plain', hosts: ['b.a.com'] }),
      aRoute({ id: 'wildcard', hosts: ['*.a.com'], paths: ['/x'] }),
    );
    assert.equal(winner(snapshot, { host: 'b.a.com', path: '/x' }), 'wildcard');
    assert.equal(winner(snapshot, { host: 'b.a.com', path: '/y' }), 'plain');
  });

  test('more headers win', async () => {
    const snapshot = await routed(
      aRoute({ id: 'one', headers: { 'x-a': ['1'] }, paths: ['/'] }),
      aRoute({ id: 'two', headers: { 'x-a': ['1'], 'x-b': ['2'] }, paths: ['/'], created_at: 2 }),
    );
    assert.equal(winner(snapshot, { headers: { 'x-a': '1', 'x-b': '2' } }), 'two');
    assert.equal(winner(snapshot, { headers: { 'x-a': '1' } }), 'one');
  });

  test('hosts and headers beat hosts and paths', async () => {
    const snapshot = await routed(
      aRoute({ id: 'hosts+paths', hosts: ['a.com'], paths: ['/'] }),
      aRoute({ id: 'hosts+headers', hosts: ['a.com'], headers: { 'x-a': ['1'] }, created_at: 2 }),
    );
    assert.equal(winner(snapshot, { host: 'a.com', headers: { 'x-a': '1' } }), 'hosts+headers');
    assert.equal(winner(snapshot, { host: 'a.com' }), 'hosts+paths');
  });

  test('what a better set cannot match falls through to the next', async () => {
    const snapshot = await routed(
      aRoute({ id: 'path', hosts: ['a.com'], paths: ['/only'] }),
      aRoute({ id: 'host', hosts: ['a.com'] }),
    );
    assert.equal(winner(snapshot, { host: 'a.com', path: '/zzz' }), 'host');
  });

  test('of two identical routes the older wins, then the smaller id', async () => {
    const snapshot = await routed(
      aRoute({ id: 'a newer', paths: ['/'], created_at: 2 }),
      aRoute({ id: 'c older', paths: ['/'], created_at: 1 }),
      aRoute({ id: 'b older', paths: ['/'], created_at: 1 }),
    );
    assert.equal(winner(snapshot, {}), 'b older');
  });
});

describe('what is compared', () => {
  test('hosts are compared without case, also when configured with capitals', async () => {
    const snapshot = await routed(aRoute({ id: 'R', hosts: ['A.Com', '*.B.com'] }));
    assert.equal(winner(snapshot, { host: 'a.com' }), 'R');
    assert.equal(winner(snapshot, { host: 'x.b.com' }), 'R');
  });

  test('a wildcard stands for one or more characters', async () => {
    const snapshot = await routed(aRoute({ id: 'R', hosts: ['*.a.com', 'b.*'] }));
    assert.equal(winner(snapshot, { host: '.a.com' }), undefined);
    assert.equal(winner(snapshot, { host: 'b.' }), undefined);
    assert.equal(winner(snapshot, { host: 'xa.com' }), undefined);
    assert.equal(winner(snapshot, { host: 'b.x:99' }), 'R');
  });

  test('IPv6 addresses are hosts, with or without a port', async () => {
    const snapshot = await routed(aRoute({ id: 'bare', hosts: ['::1'] }), aRoute({ id: 'port', hosts: ['[::2]:81'] }));
    assert.equal(winner(snapshot, { host: '[::1]' }), 'bare');
    assert.equal(winner(snapshot, { host: '[::1]:8000' }), 'bare');
    assert.equal(winner(snapshot, { host: '[::2]:81' }), 'port');
    assert.equal(winner(snapshot, { host: '[::2]' }), undefined);
  });

  test('methods are exact', async () => {
    const snapshot = await routed(aRoute({ id: 'R', methods: ['GET'] }));
    assert.equal(winner(snapshot, { method: 'get' }), undefined);
    assert.equal(winner(snapshot, { method: 'GET' }), 'R');
  });

  test('header names and values are compared without case, values are alternatives', async () => {
    const snapshot = await routed(aRoute({ id: 'R', headers: { 'X-Tenant': ['One', 'Two'] } }));
    assert.equal(winner(snapshot, { headers: { 'x-tenant': 'TWO' } }), 'R');
    assert.equal(winner(snapshot, { headers: { 'x-tenant': 'three' } }), undefined);
    assert.equal(winner(snapshot, { headers: { 'x-tenant': 'one,two' } }), undefined);
  });

  test('one of several lines of a header is enough', async () => {
    const snapshot = await routed(aRoute({ id: 'R', headers: { 'x-a': ['1'] } }));
    assert.equal(winner(snapshot, { headers: { 'x-a': ['0', '1'] } }), 'R');
  });

  test('a single header value beginning with ~* is a pattern searched in the lower-cased value', async () => {
    const snapshot = await routed(
      aRoute({ id: 'R', headers: { 'user-agent': ['~*(firefox|chrome)/\\d+'] } }),
      aRoute({ id: 'literal', headers: { 'x-a': ['~*a', 'b'] } }),
    );
    assert.equal(winner(snapshot, { headers: { 'user-agent': 'Mozilla Firefox/99' } }), 'R');
    assert.equal(winner(snapshot, { headers: { 'user-agent': 'curl/8' } }), undefined);
    assert.equal(winner(snapshot, { headers: { 'x-a': 'a' } }), undefined);
    assert.equal(winner(snapshot, { headers: { 'x-a': '~*A' } }), 'literal');
  });

  test('all of several headers must match, whichever of them leads to the route', async () => {
    const snapshot = await routed(aRoute({ id: 'R', headers: { 'x-b': ['2'], 'x-a': ['~*^1'] } }));
    assert.equal(winner(snapshot, { headers: { 'x-b': '2' } }), undefined);
    assert.equal(winner(snapshot, { headers: { 'x-a': '11' } }), undefined);
    assert.equal(winner(snapshot, { headers: { 'x-a': '11', 'x-b': '2' } }), 'R');
  });

  test('a decision that hangs on a header is not remembered for requests without it', async () => {
    const snapshot = await routed(
      aRoute({ id: 'header', paths: ['/p'], headers: { 'x-a': ['1'] } }),
      aRoute({ id: 'pattern', paths: ['/p'], headers: { 'x-b': ['~*z'] } }),
      aRoute({ id: 'path', paths: ['/p'] }),
    );
    assert.equal(winner(snapshot, { path: '/p' }), 'path');
    assert.equal(winner(snapshot, { path: '/p', headers: { 'x-a': '1' } }), 'header');
    assert.equal(winner(snapshot, { path: '/p', headers: { 'x-b': 'yz' } }), 'pattern');
    assert.equal(winner(snapshot, { path: '/p' }), 'path');
  });

  test('a remembered decision belongs to its method, host and scheme', async () => {
    const snapshot = await routed(
      aRoute({ id: 'get', paths: ['/p'], methods: ['GET'] }),
      aRoute({ id: 'path', paths: ['/p'] }),
      aRoute({ id: 'host', hosts: ['a.com'], paths: ['/p'], methods: ['GET'] }),
      aRoute({ id: 'tls', hosts: ['*.b.com:443'] }),
    );
    for (let round = 0; round < 2; round += 1) {
      assert.equal(winner(snapshot, { path: '/p' }), 'get');
      assert.equal(winner(snapshot, { path: '/p', method: 'PUT' }), 'path');
      assert.equal(winner(snapshot, { path: '/p', host: 'a.com' }), 'host');
      assert.equal(winner(snapshot, { path: '/', host: 'x.b.com', secure: true }), 'tls');
      assert.equal(winner(snapshot, { path: '/', host: 'x.b.com' }), undefined);
    }
  });

  test('prefixes with escapes are compared in the spelling of normalised paths', async () => {
    const snapshot = await routed(aRoute({ id: 'R', paths: ['/a%2fb', '/ü', '/x y'] }));
    assert.equal(winner(snapshot, { path: '/a%2Fb/c' }), 'R');
    assert.equal(winner(snapshot, { path: '/%C3%BC' }), 'R');
    assert.equal(winner(snapshot, { path: '/x%20y' }), 'R');
  });

  test('a route for other protocols is found by nothing, one without criteria neither', async () => {
    const snapshot = await routed(aRoute({ id: 'grpc', protocols: ['grpc'], paths: ['/'] }), aRoute({ id: 'nothing' }));
    assert.equal(winner(snapshot, {}), undefined);
    assert.equal(snapshot.counts.routes, 2);
  });
});
