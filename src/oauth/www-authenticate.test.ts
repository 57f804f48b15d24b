import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../base/limits.ts';
import { bearerChallenge, realmOf } from './www-authenticate.ts';

test('without a credential the challenge is bare', () => {
  const bare = { realm: 'op.example', description: 'x', scope: 'y' };
  assert.equal(bearerChallenge(bare), 'Bearer realm="op.example"');
});

test('an error comes with its description, and only insufficient_scope with scopes', () => {
  const given = { realm: 'r', description: 'token.expiry: the token has expired', scope: 'a b' };
  assert.equal(
    bearerChallenge({ ...given, error: 'invalid_token' }),
    'Bearer realm="r", error="invalid_token", error_description="token.expiry: the token has expired"',
  );
  assert.equal(
    bearerChallenge({ realm: 'r', error: 'insufficient_scope', scope: 'a b' }),
    'Bearer realm="r", error="insufficient_scope", scope="a b"',
  );
});

test('nothing in it can end the attribute, the line or the character set', () => {
  const hostile = '"\\, error="x"\r\nSet-Cookie: a=b\0é漢';
  const value = bearerChallenge({
    realm: hostile,
    error: 'insufficient_scope',
    description: hostile,
    scope: hostile,
  });
  assert.match(value, /^[\x20-\x7e]+$/);
  const string = '"(?:[^"\\\\]|\\\\.)*"';
  const whole = new RegExp(
    `^Bearer realm=${string}, error="insufficient_scope", error_description=${string}, scope=${string}$`,
  );
  assert.match(value, whole);
});

test('a description has neither double quotes nor backslashes, as RFC 6750 wants it', () => {
  const value = bearerChallenge({ realm: 'r', error: 'invalid_token', description: 'a"b\\c' });
  assert.equal(value, `Bearer realm="r", error="invalid_token", error_description="a'b/c"`);
});

test('the description is cut', () => {
  const value = bearerChallenge({ realm: 'r', error: 'invalid_token', description: 'x'.repeat(5000) });
  assert.equal(/error_description="(x+)"/.exec(value)?.[1]?.length, limits.challengeDescriptionCharsMax);
});

test('the realm is the host of the issuer', () => {
  assert.equal(realmOf('https://op.example:8443/a', 'f'), 'op.example:8443');
  for (const issuer of [undefined, '', 'op', 'mailto:a', 'http://']) assert.equal(realmOf(issuer, 'f'), 'f');
});
