import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { escapePath, upstreamPath } from './upstream-path.ts';

function sent(service: string | null, matchedPrefix: string, request: string, stripPath: boolean): string {
  return upstreamPath(service, { matchedPrefix, route: { stripPath } }, request);
}

describe('the v0 column of proxying.md 5', () => {
  const rows: readonly [service: string, route: string, request: string, strip: boolean, sent: string][] = [
    ['/', '/fv', '/fv', false, '/fv'],
    ['/', '/fv', '/fv', true, '/'],
    ['/', '/fv', '/fv/', true, '/'],
    ['/s', '/fv', '/fvreq', false, '/s/fvreq'],
    ['/s', '/fv', '/fvreq', true, '/s/req'],
    ['/s', '/fv', '/fv/req', false, '/s/fv/req'],
    ['/s', '/fv', '/fv/req', true, '/s/req'],
    ['/s', '/fv/', '/fv/req', false, '/s/fv/req'],
    ['/s', '/fv/', '/fv/req', true, '/s/req'],
    ['/s', '/fv', '/fv', false, '/s/fv'],
    ['/s', '/fv', '/fv', true, '/s'],
    ['/s', '/fv', '/fv/', false, '/s/fv/'],
    ['/s', '/fv', '/fv/', true, '/s/'],
    ['/s/', '/fv', '/fvreq', false, '/s/fvreq'],
    ['/s/', '/fv', '/fvreq', true, '/s/req'],
    ['/s/', '/fv', '/fv/req', true, '/s/req'],
    ['/s/', '/fv/', '/fv/req', false, '/s/fv/req'],
    ['/s/', '/fv/', '/fv/req', true, '/s/req'],
    ['/s/', '/fv', '/fv', true, '/s'],
    ['/s/', '/fv', '/fv/', true, '/s/'],
    ['/s', '', '/', true, '/s'],
  ];
  for (const [service, route, request, strip, expected] of rows) {
    test(`service ${service}, route ${route || 'without path'}, request ${request}, strip ${strip}: ${expected}`, () => {
      assert.equal(sent(service, route, request, strip), expected);
    });
  }
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
