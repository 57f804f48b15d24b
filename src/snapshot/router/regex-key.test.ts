import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileUserRegex } from '../../base/regex.ts';
import { regexKey } from './regex-key.ts';

function keyOf(source: string): readonly string[] {
  const compiled = compileUserRegex(source);
  assert.ok(compiled.kind === 'ok', source);
  return regexKey(source, compiled.regex.literalPrefix);
}

const cases: readonly (readonly [source: string, key: readonly string[]])[] = [
  ['/users', ['/users']],
  ['^/users$', ['/users']],
  ['/users/\\d+', ['/users/']],
  ['/users/\\d+$', ['/users/']],
  ['/users/\\d+/orders', ['/users/', '/orders']],
  ['/users/(?<id>\\d+)/orders/(?P<order>[^/]+)/lines$', ['/users/', '/orders/', '/lines']],
  ['/users/([a-z0-9-]+)/x', ['/users/', '/x']],
  ['/users/[A-Za-z0-9_.~-]{1,20}?/x/y', ['/users/', '/x/y']],
  ['/users/(?:me|\\d+|[^/?]+)/x', ['/users/', '/x']],
  ['/v\\d+\\.\\d+/x', ['/v', '/x']],
  ['/users?/x', ['/user', '/x']],
  ['/a+b/x', ['/', '/x']],
  ['/u/\\d{4}-\\d\\d/x', ['/u/', '/x']],
  ['/a/?b', ['/a']],
  ['/a/+b/\\d+/c', ['/a']],
  ['/a.*/b', ['/a']],
  ['/a/./b', ['/a/']],
  ['/a/[^x]+/b', ['/a/']],
  ['/a/[!-9]+/b', ['/a/']],
  ['/a/[[:alpha:]]+/b', ['/a/']],
  ['/a/\\S+/b', ['/a/']],
  ['/a/(b/c|d)/e', ['/a/']],
  ['/a/(?i)b/c', ['/a/']],
  ['/a/(?i:b)/c', ['/a/']],
  ['/a/\\D/c', ['/a/']],
  ['/a/\\x2f\\d/c', ['/a/']],
  ['/a/\\d+|/b', ['']],
  ['(/a|/b)/c', ['']],
  ['/a/\\Qb/c\\E/\\d/x', ['']],
];

describe('what a path has in common with a pattern that matches it', () => {
  for (const [source, key] of cases) {
    test(`the pattern ${source} is looked for at ${JSON.stringify(key)}`, () => {
      assert.deepEqual(keyOf(source), key);
    });
  }
});
