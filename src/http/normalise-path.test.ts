import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { normalisePath } from './normalise-path.ts';

const cases: readonly (readonly [string, string | undefined])[] = [
  ['/', '/'],
  ['/a/b', '/a/b'],
  ['/%61', '/a'],
  ['/a%2Fb', '/a%2Fb'],
  ['/a%2fb', '/a%2Fb'],
  ['/a/..', '/'],
  ['/a/../', '/'],
  ['/..', '/'],
  ['/../../a', '/a'],
  ['/a/./b', '/a/b'],
  ['/a/.', '/a/'],
  ['/a/b/..', '/a/'],
  ['/a/%2e%2E/b', '/b'],
  ['/a/.%2e/b', '/b'],
  ['/%2e', '/'],
  ['//a///b//', '/a/b/'],
  ['/a//../b', '/b'],
  ['/a/...', '/a/...'],
  ['/.a/..b/c.', '/.a/..b/c.'],
  ['/a%2F..%2Fb', undefined],
  ['/a/..%2fb', undefined],
  ['/a%5c..', undefined],
  ['/a%2F%2e%2e/b', undefined],
  ['/a/..;/b', undefined],
  ['/;/admin', undefined],
  ['/a/;b=c/d', undefined],
  ['/;jsessionid=1', '/;jsessionid=1'],
  ['/a/.;x=1', undefined],
  ['/a/..%3bx/b', undefined],
  ['/a..;/b', '/a..;/b'],
  ['/a..%2Fb', '/a..%2Fb'],
  ['/a%2F...', '/a%2F...'],
  ['/%7euser', '/~user'],
  ['/%20x', '/%20x'],
  ['/%c3%a9', '/%C3%A9'],
  ['/%252e', '/%252e'],
  ['/a{b}|"<>^`', '/a%7Bb%7D%7C%22%3C%3E%5E%60'],
  ["/a;b=c,d:e@f!$&'()*+[]", "/a;b=c,d:e@f!$&'()*+[]"],
  ['/%5c', '/%5C'],
  ['/%0d%0a', '/%0D%0A'],
  ['/a\\b', undefined],
  ['/%zz', undefined],
  ['/%', undefined],
  ['/%1', undefined],
  ['/%00', undefined],
  ['/a%g0', undefined],
];

describe('path normalisation', () => {
  for (const [raw, expected] of cases) {
    it(`${raw} becomes ${expected ?? 'a refusal'}`, () => {
      assert.equal(normalisePath(raw), expected);
      if (expected !== undefined) assert.equal(normalisePath(expected), expected, 'a second time changes nothing');
    });
  }
});
