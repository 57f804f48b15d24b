import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../base/limits.ts';
import { jwkThumbprint } from './jose.ts';
import type { KeyHints } from './jwks.ts';
import { findKeys, importVerificationKey, jwksRequest, keySetOf, mergeKeySets, processJwks } from './jwks.ts';
import { answer, keySetFrom, makeKey } from './test-tokens.ts';

const rsa = makeKey('RS256', 'rsa');
const ec = makeKey('ES256', 'ec');
const ed = makeKey('EdDSA', 'ed25519');
const bare = (jwk: Record<string, unknown>, ...dropped: string[]) =>
  Object.fromEntries(Object.entries(jwk).filter(([name]) => !dropped.includes(name)));

const skipped: readonly (readonly [string, unknown])[] = [
  ['a symmetric key', { kty: 'oct', k: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', alg: 'HS256' }],
  ['a symmetric key that calls itself RS256', { kty: 'oct', k: 'AAAA', alg: 'RS256', use: 'sig' }],
  ['an encryption key', { ...rsa.jwk, use: 'enc' }],
  ['a key of an unknown use', { ...rsa.jwk, use: 'tls' }],
  ['a key that may only encrypt', { ...bare(rsa.jwk, 'use'), key_ops: ['encrypt'] }],
  ['a key that may only sign', { ...rsa.jwk, key_ops: ['sign'] }],
  ['key_ops of a wrong type', { ...rsa.jwk, key_ops: 'verify' }],
  ['a key for another algorithm', { ...rsa.jwk, alg: 'RSA-OAEP' }],
  ['an RSA key that says ES256', { ...rsa.jwk, alg: 'ES256' }],
  ['an unknown kty', { ...rsa.jwk, kty: 'XYZ' }],
  ['kty in lower case', { ...rsa.jwk, kty: 'rsa' }],
  ['kty of a wrong type', { ...rsa.jwk, kty: ['RSA'] }],
  ['kid of a wrong type', { ...rsa.jwk, kid: 7 }],
  ['no modulus', bare(rsa.jwk, 'n')],
  ['an RSA key below 2048 bits', makeKey('RS256', 'short', 1024).jwk],
  ['an RSA exponent of one', { ...rsa.jwk, e: 'AQ' }],
  ['an even RSA exponent', { ...rsa.jwk, e: 'AgA' }],
  ['an RSA modulus of 16384 bits', { ...rsa.jwk, n: Buffer.alloc(2048, 0xff).toString('base64url') }],
  ['an EC point off the curve', { ...ec.jwk, y: ec.jwk['x'] }],
  ['an EC key of another curve', { ...ec.jwk, crv: 'P-384' }],
  ['secp256k1', { ...bare(ec.jwk, 'alg'), crv: 'secp256k1' }],
  ['X25519', { ...bare(ed.jwk, 'alg'), crv: 'X25519' }],
  ['an Ed25519 key called Ed448', { ...ed.jwk, crv: 'Ed448' }],
  ['null', null],
  ['a string', 'key'],
  ['an array', [rsa.jwk]],
];

for (const [name, jwk] of skipped) {
  test(`passed over in a key set: ${name}`, () => {
    const set = keySetFrom(jwk, rsa.jwk);
    assert.equal(set.keys.length, 1);
    assert.equal(set.skipped, 1);
  });
}

test('private members are never kept', () => {
  const jwk = { ...rsa.privateKey.export({ format: 'jwk' }), kid: 'p' };
  const key = importVerificationKey(jwk);
  assert.equal(key?.key.type, 'public');
  assert.deepEqual(Object.keys(key?.jwk ?? {}).sort(), ['e', 'kid', 'kty', 'n']);
});

test('a JWK without alg serves every algorithm of its type, one with alg only that', () => {
  assert.equal(importVerificationKey(bare(rsa.jwk, 'alg'))?.algorithms.length, 6);
  assert.deepEqual(importVerificationKey(rsa.jwk)?.algorithms, ['RS256']);
  assert.deepEqual(importVerificationKey(bare(ec.jwk, 'alg'))?.algorithms, ['ES256']);
});

test('an Edwards key may name its curve as its algorithm', () => {
  assert.deepEqual(importVerificationKey({ ...ed.jwk, alg: 'Ed25519' })?.algorithms, ['EdDSA']);
  assert.equal(importVerificationKey({ ...ed.jwk, alg: 'Ed448' }), undefined);
});

test('a set may be empty and may hold as many keys as the limit, not more', () => {
  assert.equal(keySetFrom().keys.length, 0);
  const many = Array.from({ length: limits.jwksKeysMax }, () => null);
  assert.equal(keySetOf({ keys: many }).kind, 'ok');
  const problem = keySetOf({ keys: [...many, null] });
  assert.equal(problem.kind === 'problem' && problem.code, 'jwks.too_many_keys');
});

test('keys of one kid are told apart by algorithm', () => {
  const set = keySetFrom({ ...rsa.jwk, kid: 'same' }, { ...ec.jwk, kid: 'same' });
  const hints = { kid: 'same', x5t: undefined, x5tS256: undefined };
  assert.equal(findKeys(set, { ...hints, alg: 'ES256' }).keys[0]?.jwk['kty'], 'EC');
  assert.equal(findKeys(set, { ...hints, alg: 'RS256' }).keys.length, 1);
  assert.deepEqual(findKeys(set, { ...hints, alg: 'ES384' }), { by: 'none', keys: [] });
});

test('keys are found by kid, then by thumbprint, then by algorithm', () => {
  const set = keySetFrom({ ...rsa.jwk, x5t: 'tp', 'x5t#S256': 'tp256' }, { ...rsa.jwk, kid: 'two' }, ec.jwk);
  const hints: KeyHints = { alg: 'RS256', kid: undefined, x5t: undefined, x5tS256: undefined };
  assert.deepEqual(pick({ ...hints, kid: 'two' }), ['kid', 1]);
  assert.deepEqual(pick({ ...hints, kid: 'unknown', x5t: 'tp' }), ['thumbprint', 1]);
  assert.deepEqual(pick({ ...hints, x5tS256: 'tp256' }), ['thumbprint', 1]);
  assert.deepEqual(pick({ ...hints, kid: 'unknown' }), ['algorithm', 2]);
  assert.deepEqual(pick(hints), ['algorithm', 2]);
  assert.deepEqual(pick({ ...hints, alg: 'PS256' }), ['none', 0]);
  function pick(given: KeyHints) {
    const found = findKeys(set, given);
    return [found.by, found.keys.length];
  }
});

test('merged sets keep the order of their sources', () => {
  const merged = mergeKeySets([keySetFrom(rsa.jwk), keySetFrom({ ...ec.jwk, kid: 'rsa' }, null)]);
  assert.deepEqual(
    merged.byKid.get('rsa')?.map((key) => key.jwk['kty']),
    ['RSA', 'EC'],
  );
  assert.equal(merged.skipped, 1);
  assert.equal(mergeKeySets([]).keys.length, 0);
});

test('an answer that is no key set is unusable, and one that is becomes keys', () => {
  const codes = ['[]', '{}', '{"keys":{}}', '{"keys":null}', 'x', '{"__proto__":{"keys":[]}}'].map((body) => {
    const result = processJwks(answer(body));
    return result.kind === 'problem' ? `${result.code} ${result.answer}` : 'ok';
  });
  assert.deepEqual(codes, [
    'provider.not_json unusable',
    'jwks.malformed unusable',
    'jwks.malformed unusable',
    'jwks.malformed unusable',
    'provider.not_json unusable',
    'jwks.malformed unusable',
  ]);
  const set = processJwks(answer({ keys: [rsa.jwk], unknown: 1 }));
  assert.equal(set.kind === 'ok' && set.keys.length, 1);
});

test("a provider that refuses its key set is never the caller's fault", () => {
  for (const status of [400, 401, 403, 404]) {
    const result = processJwks(answer('', status));
    assert.equal(result.kind === 'problem' && result.answer, 'unusable');
  }
});

test('the request for a key set is a plain GET', () => {
  const request = jwksRequest({ url: 'https://op.example/jwks', timeoutMs: 500, tlsVerify: true, keepalive: false });
  assert.deepEqual(structuredClone(request), request);
  assert.equal(request.method, 'GET');
  assert.equal(request.body, undefined);
  assert.equal(request.timeoutMs, 500);
});

test('the thumbprint is the one of RFC 7638 section 3.1', async () => {
  const jwk = {
    kty: 'RSA',
    n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
    e: 'AQAB',
    alg: 'RS256',
    kid: '2011-04-29',
  };
  assert.equal(await jwkThumbprint(jwk), 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
  assert.equal(await jwkThumbprint({ kty: 'RSA' }), undefined);
});
