import assert from 'node:assert/strict';
import { createSecretKey, sign } from 'node:crypto';
import { test } from 'node:test';
import { limits } from '../base/limits.ts';
import type { KeySet } from './jwks.ts';
import type { VerifyRules } from './jws.ts';
import {
  accessTokenTypes,
  allAlgorithms,
  asymmetricAlgorithms,
  checkType,
  decodeJws,
  hmacVerificationKey,
  looksLikeJwe,
  looksLikeJws,
  verifyJws,
} from './jws.ts';
import type { JwsAlgorithm } from './jws-algorithms.ts';
import type { CredentialProblemCode } from './problem.ts';
import { encode, keySetFrom, makeKey, makeToken, signatureOver, signParts } from './test-tokens.ts';

const rsa = makeKey('RS256', 'rsa');
const otherRsa = makeKey('RS256', 'other');
const ec = makeKey('ES256', 'ec');
const ec384 = makeKey('ES384', 'ec384');
const ed = makeKey('EdDSA', 'ed25519');
const ed448 = makeKey('EdDSA', 'ed448');
const keys = keySetFrom(rsa.jwk, ec.jwk, ec384.jwk, ed.jwk, ed448.jwk);
const rules: VerifyRules = { keys, algorithms: asymmetricAlgorithms };
const claims = { iss: 'https://issuer.example/', sub: 'someone', exp: 4_000_000_000 };
const rs256 = { alg: 'RS256', kid: 'rsa' };
const good = makeToken(rsa, claims);
const [goodHeader = '', goodPayload = '', goodSignature = ''] = good.split('.');

/** What happens to a token from end to end: 'verified' or the code of the refusal. */
function verdict(token: string, given: VerifyRules = rules): 'verified' | CredentialProblemCode {
  const decoded = decodeJws(token);
  if (decoded.kind === 'problem') return decoded.code;
  const verified = verifyJws(decoded, given);
  return verified.kind === 'verified' ? 'verified' : verified.code;
}

/** A token with the RS256 key's honest signature over a header that lies or tricks. */
function tricked(header: unknown, payload: unknown = claims): string {
  return signParts(rsa, encode(header), encode(payload));
}

function unsigned(header: unknown, signature = ''): string {
  return `${encode(header)}.${encode(claims)}.${signature}`;
}

/** An HS token keyed with something public. */
function hmacWith(secret: string | Buffer, header: unknown = { alg: 'HS256', kid: 'rsa' }): string {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${signatureOver(input, 'HS256', createSecretKey(Buffer.from(secret))).toString('base64url')}`;
}

const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
const der = (input: string) => sign('sha256', Buffer.from(input), { key: ec.privateKey, dsaEncoding: 'der' });
const ecInput = `${encode({ alg: 'ES256', kid: 'ec' })}.${encode(claims)}`;
const foreignJwk = otherRsa.publicKey.export({ format: 'jwk' });
const flipLast = (text: string, alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_') =>
  text.slice(0, -1) + alphabet[alphabet.indexOf(text.slice(-1)) ^ 1];

const attacks: readonly (readonly [name: string, token: string, expected: CredentialProblemCode])[] = [
  ['alg none without a signature', unsigned({ alg: 'none' }), 'jws.alg_none'],
  ['alg none with a signature', unsigned({ alg: 'none' }, goodSignature), 'jws.alg_none'],
  ['alg None', unsigned({ alg: 'None' }), 'jws.alg_none'],
  ['alg NONE', unsigned({ alg: 'NONE' }), 'jws.alg_none'],
  ['alg nOnE with a kid', unsigned({ alg: 'nOnE', kid: 'rsa' }), 'jws.alg_none'],
  ['alg none with a trailing space', unsigned({ alg: 'none ' }), 'jws.alg_not_allowed'],
  ['alg empty', tricked({ alg: '', kid: 'rsa' }), 'jws.alg_not_allowed'],
  ['alg in lower case', tricked({ alg: 'rs256', kid: 'rsa' }), 'jws.alg_not_allowed'],
  ['alg missing', tricked({ kid: 'rsa' }), 'jws.header_malformed'],
  ['alg null', tricked({ alg: null, kid: 'rsa' }), 'jws.header_malformed'],
  ['alg as an array', tricked({ alg: ['RS256'], kid: 'rsa' }), 'jws.header_malformed'],
  ['alg inherited by __proto__', tricked('{"__proto__":{"alg":"RS256"},"kid":"rsa"}'), 'jws.header_malformed'],
  ['alg of an object property (constructor)', tricked({ alg: 'constructor', kid: 'rsa' }), 'jws.alg_not_allowed'],
  ['alg RS1', tricked({ alg: 'RS1', kid: 'rsa' }), 'jws.alg_not_allowed'],
  ['alg of encryption (dir)', tricked({ alg: 'dir', enc: 'A256GCM', kid: 'rsa' }), 'jws.alg_not_allowed'],
  ['alg ES256K', tricked({ alg: 'ES256K', kid: 'ec' }), 'jws.alg_not_allowed'],
  ['HS256 keyed with the RSA public key in PEM', hmacWith(pem), 'jws.alg_not_allowed'],
  ['HS256 keyed with the trimmed PEM', hmacWith(pem.trim()), 'jws.alg_not_allowed'],
  ['HS256 keyed with the RSA JWK', hmacWith(JSON.stringify(rsa.jwk)), 'jws.alg_not_allowed'],
  ['HS256 keyed with the modulus', hmacWith(String(rsa.jwk['n'])), 'jws.alg_not_allowed'],
  ['HS256 with an empty key', hmacWith(''), 'jws.alg_not_allowed'],
  ['PS256 header over an RS256 signature', tricked({ alg: 'PS256', kid: 'rsa' }), 'jws.key_unknown'],
  ['RS384 header where the key says RS256', tricked({ alg: 'RS384', kid: 'rsa' }), 'jws.key_unknown'],
  ['ES256 header naming the RSA key', tricked({ alg: 'ES256', kid: 'rsa' }), 'jws.key_unknown'],
  ['EdDSA header naming the RSA key', tricked({ alg: 'EdDSA', kid: 'rsa' }), 'jws.key_unknown'],
  ['RS256 header naming the EC key', tricked({ alg: 'RS256', kid: 'ec' }), 'jws.key_unknown'],
  ['another key, same kid', makeToken(otherRsa, claims, rs256), 'jws.signature_invalid'],
  ['another key, unknown kid', makeToken(otherRsa, claims), 'jws.key_unknown'],
  ['another key, no kid', makeToken(otherRsa, claims, { alg: 'RS256' }), 'jws.key_unknown'],
  ['embedded jwk', makeToken(otherRsa, claims, { ...rs256, jwk: foreignJwk }), 'jws.signature_invalid'],
  ['embedded jwk, no kid', makeToken(otherRsa, claims, { alg: 'RS256', jwk: foreignJwk }), 'jws.key_unknown'],
  ['jku', makeToken(otherRsa, claims, { alg: 'RS256', jku: 'https://evil.example/jwks' }), 'jws.key_unknown'],
  ['x5u', makeToken(otherRsa, claims, { alg: 'RS256', x5u: 'https://evil.example/cert' }), 'jws.key_unknown'],
  ['x5c', makeToken(otherRsa, claims, { alg: 'RS256', x5c: ['MIIB'] }), 'jws.key_unknown'],
  ['crit with an unknown name', tricked({ ...rs256, crit: ['exp'], exp: 1 }), 'jws.crit'],
  ['crit empty', tricked({ ...rs256, crit: [] }), 'jws.crit'],
  ['crit null', tricked({ ...rs256, crit: null }), 'jws.crit'],
  ['crit as a string', tricked({ ...rs256, crit: 'b64' }), 'jws.crit'],
  ['b64 false, critical', tricked({ ...rs256, crit: ['b64'], b64: false }), 'jws.crit'],
  ['b64 false', tricked({ ...rs256, b64: false }), 'jws.b64'],
  ['b64 true', tricked({ ...rs256, b64: true }), 'jws.b64'],
  ['kid as a path', makeToken(otherRsa, claims, { alg: 'RS256', kid: '../../../dev/null' }), 'jws.key_unknown'],
  ['kid as SQL', makeToken(otherRsa, claims, { alg: 'RS256', kid: "' UNION SELECT 'x" }), 'jws.key_unknown'],
  ['kid as a URL', makeToken(otherRsa, claims, { alg: 'RS256', kid: 'http://127.0.0.1/k' }), 'jws.key_unknown'],
  ['kid __proto__', makeToken(otherRsa, claims, { alg: 'RS256', kid: '__proto__' }), 'jws.key_unknown'],
  ['kid constructor', makeToken(otherRsa, claims, { alg: 'RS256', kid: 'constructor' }), 'jws.key_unknown'],
  ['kid as a number', tricked({ alg: 'RS256', kid: 1 }), 'jws.header_malformed'],
  ['kid as an object', tricked({ alg: 'RS256', kid: { rsa: 1 } }), 'jws.header_malformed'],
  ['kid null', tricked({ alg: 'RS256', kid: null }), 'jws.header_malformed'],
  ['kid too long', tricked({ alg: 'RS256', kid: 'k'.repeat(limits.keyIdCharsMax + 1) }), 'jws.header_malformed'],
  ['alg twice', tricked('{"alg":"none","alg":"RS256","kid":"rsa"}'), 'jws.duplicate_member'],
  ['kid twice', tricked('{"alg":"RS256","kid":"x","kid":"rsa"}'), 'jws.duplicate_member'],
  ['alg twice, once escaped', tricked('{"alg":"RS256","\\u0061lg":"RS256","kid":"rsa"}'), 'jws.duplicate_member'],
  ['a claim twice', tricked(rs256, '{"sub":"a","sub":"b","exp":4000000000}'), 'jws.duplicate_member'],
  ['a nested claim twice', tricked(rs256, '{"a":[{"r":1,"r":2}]}'), 'jws.duplicate_member'],
  ['__proto__ twice', tricked(rs256, '{"__proto__":1,"__proto__":2}'), 'jws.duplicate_member'],
  ['ES256 with a DER signature', `${ecInput}.${der(ecInput).toString('base64url')}`, 'jws.signature_invalid'],
  ['ES256 with an all-zero signature', `${ecInput}.${Buffer.alloc(64).toString('base64url')}`, 'jws.signature_invalid'],
  ['ES256 with an empty signature', `${ecInput}.`, 'jws.signature_invalid'],
  [
    'ES256 with a signature too long',
    `${ecInput}.${Buffer.alloc(65, 1).toString('base64url')}`,
    'jws.signature_invalid',
  ],
  ['ES256 header with a P-384 key', makeToken(ec384, claims, { alg: 'ES256', kid: 'ec384' }), 'jws.key_unknown'],
  ['ES384 header with a P-256 key', makeToken(ec, claims, { alg: 'ES384', kid: 'ec' }), 'jws.key_unknown'],
  [
    'Ed25519 signature under the Ed448 kid',
    makeToken(ed, claims, { alg: 'EdDSA', kid: 'ed448' }),
    'jws.signature_invalid',
  ],
  ['payload changed', `${goodHeader}.${encode({ ...claims, sub: 'admin' })}.${goodSignature}`, 'jws.signature_invalid'],
  ['header changed', `${encode({ ...rs256, typ: 'JWT' })}.${goodPayload}.${goodSignature}`, 'jws.signature_invalid'],
  ['signature removed', `${goodHeader}.${goodPayload}.`, 'jws.signature_invalid'],
  [
    'signature cut by one byte',
    `${goodHeader}.${goodPayload}.${Buffer.from(goodSignature, 'base64url').subarray(1).toString('base64url')}`,
    'jws.signature_invalid',
  ],
  [
    'signature of zeros',
    `${goodHeader}.${goodPayload}.${Buffer.alloc(256).toString('base64url')}`,
    'jws.signature_invalid',
  ],
  ['unused last bits of the signature set', `${goodHeader}.${goodPayload}.${flipLast(goodSignature)}`, 'jws.base64'],
  ['signature padded', `${good}==`, 'jws.base64'],
  ['header padded', signParts(rsa, `${encode({ ...rs256, x: 1 })}=`, goodPayload), 'jws.base64'],
  [
    'a line break in the payload',
    signParts(rsa, goodHeader, `${goodPayload.slice(0, 4)}\n${goodPayload.slice(4)}`),
    'jws.base64',
  ],
  ['a space before the token', ` ${good}`, 'jws.base64'],
  ['a space behind the token', `${good} `, 'jws.base64'],
  [
    'standard base64 instead of base64url',
    signParts(rsa, goodHeader, Buffer.from('{"a":"???>>>~~~"}').toString('base64').replaceAll('=', '')),
    'jws.base64',
  ],
  ['one character of base64', signParts(rsa, goodHeader, 'A'), 'jws.base64'],
  ['characters beyond latin1', `${goodHeader}.${goodPayload}.\u{1f600}`, 'jws.base64'],
  ['empty text', '', 'jws.malformed'],
  ['dots only', '..', 'jws.malformed'],
  ['two parts', `${goodHeader}.${goodPayload}`, 'jws.malformed'],
  ['four parts', `${good}.AAAA`, 'jws.malformed'],
  ['five parts (JWE)', `${good}.AAAA.AAAA`, 'jws.malformed'],
  ['empty header', `.${goodPayload}.${goodSignature}`, 'jws.malformed'],
  [
    'JSON serialization',
    JSON.stringify({ payload: goodPayload, protected: goodHeader, signature: goodSignature }),
    'jws.malformed',
  ],
  ['a 64 KB token', makeToken(rsa, { ...claims, pad: 'x'.repeat(48 * 1024) }, rs256), 'jws.too_large'],
  ['64 KB of dots', '.'.repeat(64 * 1024), 'jws.too_large'],
  ['deep header', tricked(`{"alg":"RS256","kid":"rsa","x":${nested(40)}}`), 'jws.too_deep'],
  ['deep payload', tricked(rs256, nested(limits.jsonClaimsDepthMax + 1)), 'jws.too_deep'],
  ['thousands of brackets', tricked(rs256, '['.repeat(12_000)), 'jws.too_deep'],
  ['payload is an array', tricked(rs256, '[1]'), 'jws.payload_malformed'],
  ['payload is a string', tricked(rs256, '"text"'), 'jws.payload_malformed'],
  ['payload is null', tricked(rs256, 'null'), 'jws.payload_malformed'],
  ['payload is empty', signParts(rsa, goodHeader, ''), 'jws.payload_malformed'],
  ['payload is not JSON', tricked(rs256, 'sub=admin'), 'jws.payload_malformed'],
  ['payload with text behind the object', tricked(rs256, '{"sub":"a"}x'), 'jws.payload_malformed'],
  ['payload with a NUL behind the object', tricked(rs256, '{"sub":"a"}\0'), 'jws.payload_malformed'],
  ['payload with a byte order mark', tricked(rs256, '\ufeff{"sub":"a"}'), 'jws.payload_malformed'],
  ['payload with NaN', tricked(rs256, '{"exp":NaN}'), 'jws.payload_malformed'],
  ['payload with a comment', tricked(rs256, '{"sub":"a"/**/}'), 'jws.payload_malformed'],
  ['payload with a trailing comma', tricked(rs256, '{"sub":"a",}'), 'jws.payload_malformed'],
  [
    'payload with invalid UTF-8',
    signParts(rsa, goodHeader, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString('base64url')),
    'jws.payload_malformed',
  ],
  [
    'payload with an overlong slash',
    signParts(rsa, goodHeader, Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]).toString('base64url')),
    'jws.payload_malformed',
  ],
  [
    'payload in UTF-16',
    signParts(rsa, goodHeader, Buffer.from('{"sub":"a"}', 'utf16le').toString('base64url')),
    'jws.payload_malformed',
  ],
  ['header is an array', tricked(['RS256']), 'jws.header_malformed'],
  ['header is null', tricked('null'), 'jws.header_malformed'],
  ['header is not JSON', tricked('alg=RS256'), 'jws.header_malformed'],
  ['typ as a number', tricked({ ...rs256, typ: 1 }), 'jws.header_malformed'],
  ['x5t as an array', tricked({ alg: 'RS256', x5t: ['a'] }), 'jws.header_malformed'],
];

for (const [name, token, expected] of attacks) {
  test(`refused: ${name}`, () => assert.equal(verdict(token), expected));
}

test('each algorithm verifies an honest token with a key of its own', () => {
  for (const alg of asymmetricAlgorithms) {
    const key = makeKey(alg, 'k');
    assert.equal(verdict(makeToken(key, claims), { ...rules, keys: keySetFrom(key.jwk) }), 'verified', alg);
  }
  assert.equal(verdict(makeToken(ed448, claims)), 'verified');
});

test('jku, x5u, jwk and x5c beside an honest signature do no harm', () => {
  const header = { ...rs256, jku: 'https://evil.example', x5u: 'https://evil.example', jwk: foreignJwk, x5c: ['MIIB'] };
  assert.equal(verdict(makeToken(rsa, claims, header)), 'verified');
});

test('a configured list narrows the algorithms', () => {
  const only = new Set<JwsAlgorithm>(['ES256']);
  assert.equal(verdict(good, { ...rules, algorithms: only }), 'jws.alg_not_allowed');
  assert.equal(verdict(makeToken(ec, claims), { ...rules, algorithms: only }), 'verified');
});

test('HS256 verifies only with the secret and the list together', () => {
  const token = hmacWith('client secret', { alg: 'HS256' });
  const hmacKey = hmacVerificationKey('client secret');
  assert.equal(verdict(token, { keys, algorithms: allAlgorithms, hmacKey }), 'verified');
  assert.equal(verdict(token, { keys, algorithms: allAlgorithms }), 'jws.alg_not_allowed');
  assert.equal(verdict(token, { keys, algorithms: asymmetricAlgorithms, hmacKey }), 'jws.alg_not_allowed');
  const wrong = hmacVerificationKey('another secret');
  assert.equal(verdict(token, { keys, algorithms: allAlgorithms, hmacKey: wrong }), 'jws.signature_invalid');
});

test('with HS switched on, the public key is still not a secret', () => {
  const hmacKey = hmacVerificationKey('client secret');
  for (const secret of [pem, pem.trim(), JSON.stringify(rsa.jwk), '']) {
    assert.equal(verdict(hmacWith(secret), { keys, algorithms: allAlgorithms, hmacKey }), 'jws.signature_invalid');
  }
});

test('a client secret of fewer than two characters never becomes a key', () => {
  assert.equal(hmacVerificationKey(''), undefined);
  assert.equal(hmacVerificationKey('x'), undefined);
});

test('a cut token is refused at every length', () => {
  for (let length = 0; length < good.length; length++) assert.notEqual(verdict(good.slice(0, length)), 'verified');
});

test('changing any single character is refused', () => {
  for (let at = 0; at < good.length; at++) {
    const other = good[at] === 'A' ? 'B' : 'A';
    assert.notEqual(verdict(good.slice(0, at) + other + good.slice(at + 1)), 'verified', `at ${at}`);
  }
});

test('claims called __proto__ and constructor are ordinary own members', () => {
  const decoded = decodeJws(makeToken(rsa, '{"__proto__":{"admin":true},"constructor":1,"exp":4000000000}'));
  assert.equal(decoded.kind, 'ok');
  if (decoded.kind !== 'ok') return;
  assert.equal(decoded.claims['admin'], undefined);
  assert.deepEqual(Object.keys(decoded.claims), ['__proto__', 'constructor', 'exp']);
  assert.equal(({} as Record<string, unknown>)['admin'], undefined);
});

test('a payload beyond ASCII is read as UTF-8', () => {
  const decoded = decodeJws(makeToken(rsa, { name: 'Zoë 漢字 🎈', quote: '"\\":{[' }));
  assert.equal(decoded.kind === 'ok' && decoded.claims['name'], 'Zoë 漢字 🎈');
});

test('the deepest allowed payload is accepted', () => {
  assert.equal(verdict(tricked(rs256, nested(limits.jsonClaimsDepthMax))), 'verified');
});

test('a token of exactly the size limit is decoded', () => {
  const base = makeToken(rsa, { p: '' }).length;
  let token = '';
  for (let pad = Math.floor((limits.tokenBytesMax - base) * 0.75) - 4; token.length < limits.tokenBytesMax; pad++) {
    token = makeToken(rsa, { p: 'x'.repeat(pad) });
  }
  assert.equal(token.length, limits.tokenBytesMax);
  assert.equal(verdict(token), 'verified');
});

test('without a kid at most a bounded number of keys is tried', () => {
  const entries = Array.from({ length: limits.verificationKeysTriedMax }, (_, n) => ({
    ...otherRsa.jwk,
    kid: `k${n}`,
  }));
  const crowded: KeySet = keySetFrom(...entries, rsa.jwk);
  assert.equal(verdict(makeToken(rsa, claims, { alg: 'RS256' }), { ...rules, keys: crowded }), 'jws.key_unknown');
  assert.equal(verdict(good, { ...rules, keys: crowded }), 'verified');
});

test('nothing verifies against an empty key set', () => {
  assert.equal(verdict(good, { ...rules, keys: keySetFrom() }), 'jws.key_unknown');
});

test('typ must be one of the accepted types or absent', () => {
  const typed = (typ: string | undefined) => {
    const decoded = decodeJws(makeToken(rsa, claims, typ === undefined ? rs256 : { ...rs256, typ }));
    return decoded.kind === 'ok' ? checkType(decoded.header, accessTokenTypes)?.code : decoded.code;
  };
  for (const typ of [undefined, 'JWT', 'jwt', 'at+jwt', 'application/at+JWT']) assert.equal(typed(typ), undefined);
  for (const typ of ['logout+jwt', 'dpop+jwt', '', 'JWE', 'application/application/jwt']) {
    assert.equal(typed(typ), 'jws.typ', typ);
  }
});

test('JWS, JWE and opaque tokens are told apart by shape', () => {
  assert.equal(looksLikeJws(good), true);
  assert.equal(looksLikeJws(signParts(rsa, encode('{\n "alg": "RS256"}'), goodPayload)), true);
  assert.equal(looksLikeJwe(good), false);
  assert.equal(looksLikeJwe('eyJhbGciOiJkaXIifQ..iv.text.tag'), true);
  for (const opaque of ['', 'abc', '2YotnFZFEjr1zCsicMWpAA', 'a.b.c', 'ey.', '.'.repeat(100_000)]) {
    assert.equal(looksLikeJws(opaque), false);
    assert.equal(looksLikeJwe(opaque), false);
  }
});

test('a refusal shows hostile header values only as short printable text', () => {
  const decoded = decodeJws(tricked({ alg: `X\r\nSet-Cookie: a=b\u0000${'y'.repeat(5000)}` }));
  assert.equal(decoded.kind, 'problem');
  if (decoded.kind !== 'problem') return;
  assert.match(decoded.seen, /^[\x20-\x7e]{1,200}$/);
});
