import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { escapePath, upstreamPath } from './upstream-path.ts';

function sent(
  service: string | null,
  matchedPrefix: string,
  request: string,
  stripPath: boolean,
  pathHandling: 'v0' | 'v1' = 'v0',
): string {
  return upstreamPath(service, { matchedPrefix, route: { stripPath, pathHandling } }, request);
}

type Row = readonly [service: string, route: string, request: string, strip: boolean, v0: string, v1: string];

/** The table of proxying.md 5. */
const rows: readonly Row[] = [
  ['/', '/fv', '/fv', false, '/fv', '/fv'],
  ['/', '/fv', '/fv', true, '/', '/'],
  ['/', '/fv', '/fv/', true, '/', '/'],
  ['/s', '/fv', '/fvreq', false, '/s/fvreq', '/sfvreq'],
  ['/s', '/fv', '/fvreq', true, '/s/req', '/sreq'],
  ['/s', '/fv', '/fv/req', false, '/s/fv/req', '/sfv/req'],
  ['/s', '/fv', '/fv/req', true, '/s/req', '/s/req'],
  ['/s', '/fv/', '/fv/req', false, '/s/fv/req', '/sfv/req'],
  ['/s', '/fv/', '/fv/req', true, '/s/req', '/sreq'],
  ['/s', '/fv', '/fv', false, '/s/fv', '/sfv'],
  ['/s', '/fv', '/fv', true, '/s', '/s'],
  ['/s', '/fv', '/fv/', false, '/s/fv/', '/sfv/'],
  ['/s', '/fv', '/fv/', true, '/s/', '/s/'],
  ['/s/', '/fv', '/fvreq', false, '/s/fvreq', '/s/fvreq'],
  ['/s/', '/fv', '/fvreq', true, '/s/req', '/s/req'],
  ['/s/', '/fv', '/fv/req', true, '/s/req', '/s/req'],
  ['/s/', '/fv/', '/fv/req', false, '/s/fv/req', '/s/fv/req'],
  ['/s/', '/fv/', '/fv/req', true, '/s/req', '/s/req'],
  ['/s/', '/fv', '/fv', true, '/s', '/s/'],
  ['/s/', '/fv', '/fv/', true, '/s/', '/s/'],
  ['/s', '', '/', true, '/s', '/s'],
];

describe('how service path and request path are joined', () => {
  for (const [service, route, request, strip, v0, v1] of rows) {
    const named = `service ${service}, route ${route || 'without path'}, request ${request}, strip ${strip}`;
    test(`${named}: v0 sends ${v0}, v1 ${v1}`, () => {
      assert.equal(sent(service, route, request, strip, 'v0'), v0);
      assert.equal(sent(service, route, request, strip, 'v1'), v1);
    });
  }
});

test('with v1 a route without paths strips nothing', () => {
  assert.equal(sent('/s', '', '/x', true, 'v1'), '/sx');
  assert.equal(sent(null, '', '/x/y', true, 'v1'), '/x/y');
});

test('a service without a path adds none', () => {
  assert.equal(sent(null, '/a', '/a/b', true), '/b');
  assert.equal(sent(null, '', '/a/b', true), '/a/b');
});

test('what stripping leaves never climbs out of the service path', () => {
  assert.equal(sent('/s', '/a', '/a../b', true), '/s/b');
  assert.equal(sent('/s', '/a', '/a./b', true), '/s/b');
  assert.equal(sent('/s', '/a', '/a..', true), '/s');
  assert.equal(sent('/s', '/a', '/a.', true), '/s');
  assert.equal(sent('/s/', '/a', '/a../', true), '/s/');
  assert.equal(sent('/s', '/a', '/a..b', true), '/s/..b');
  assert.equal(sent('/s', '/a', '/a..;x=1/b', true), '/s/b');
  assert.equal(sent('/s', '/a', '/a..;x', true), '/s');
  assert.equal(sent('/s', '/a', '/a;x/b', true), '/s/;x/b');
  assert.equal(sent('/s', '/a', '/a..%2Fb', true), '/s/%2Fb');
  assert.equal(sent('/s', '/a', '/a..%5Cb', true), '/s/%5Cb');
  assert.equal(sent('/s', '/a', '/a..%3Bx/b', true), '/s/b');
  assert.equal(sent('/s/', '/a', '/a../b', true, 'v1'), '/s/b');
  assert.equal(sent('/s/', '/a', '/a..', true, 'v1'), '/s/');
});

test('escapes of the request stay as they are', () => {
  assert.equal(sent('/s', '/a', '/a/x%2Fy%20z', true), '/s/x%2Fy%20z');
});

test('bytes that a path may not hold are escaped, also those of the service path', () => {
  assert.equal(sent('/s p', '/a', '/a/ü', true), '/s%20p/%C3%BC');
  assert.equal(
    escapePath('/a b\t\r\n\u0000?c#d"<>\\^`{|}\u007f'),
    '/a%20b%09%0D%0A%00%3Fc%23d%22%3C%3E%5C%5E%60%7B%7C%7D%7F',
  );
  assert.equal(escapePath('/100%/%zz/%4'), '/100%25/%25zz/%254');
  assert.equal(escapePath('/€/\ud800'), '/%E2%82%AC/%EF%BF%BD');
});

test('every allowed character of a path stays', () => {
  const allowed = "/AZaz09-._~!$&'()*+,;=:@[]%2F%c3";
  assert.equal(escapePath(allowed), allowed);
});

test('no code unit gets past escaping that would end or split a request line', () => {
  for (let code = 0; code < 0x300; code += 1) {
    assert.match(escapePath(`/a${String.fromCharCode(code)}`), /^\/a[!-~]+$/);
    assert.doesNotMatch(escapePath(`/a${String.fromCharCode(code)}`), /[\s?#\\]/);
  }
});
