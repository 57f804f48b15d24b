import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../base/limits.ts';
import { parseBasic } from './basic-credentials.ts';
import { checkTokenSyntax, parseAuthorization } from './bearer-token.ts';
import { authenticateClient, chooseMethod } from './client-authentication.ts';

const base64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64');
const basic = (field: string | undefined) => {
  const result = parseBasic(field);
  if (result.kind === 'basic') return [result.id, result.secret];
  return result.kind === 'bad' ? result.problem.code : result.kind;
};
const bearer = (field: string | undefined) => {
  const result = parseAuthorization(field);
  if (result.kind === 'token') return [result.scheme, result.token];
  return result.kind === 'bad' ? result.problem.code : result.kind;
};

test('Basic credentials are read from base64, padded or not, in any case of the scheme', () => {
  assert.deepEqual(basic(`Basic ${base64('id:secret')}`), ['id', 'secret']);
  assert.deepEqual(basic(`bAsIc \t ${base64('id:secret')}  `), ['id', 'secret']);
  assert.deepEqual(basic('Basic YTpi'), ['a', 'b']);
  assert.deepEqual(basic('Basic YTpiYg=='), ['a', 'bb']);
  assert.deepEqual(basic('Basic YTpiYg'), ['a', 'bb']);
});

test('Basic credentials may be un-encoded', () => {
  assert.deepEqual(basic('Basic id:secret'), ['id', 'secret']);
  assert.deepEqual(basic('Basic id:a b:c=='), ['id', 'a b:c==']);
  assert.deepEqual(basic(`Basic ${Buffer.from('idé:ü').toString('latin1')}`), ['idé', 'ü']);
});

test('the split is at the first colon and nothing is form-decoded', () => {
  assert.deepEqual(basic(`Basic ${base64('a:b:c')}`), ['a', 'b:c']);
  assert.deepEqual(basic(`Basic ${base64('a%3Ab+c:d%20+e')}`), ['a%3Ab+c', 'd%20+e']);
  assert.deepEqual(basic(`Basic ${base64('a: b ')}`), ['a', ' b ']);
  assert.deepEqual(basic(`Basic ${base64('id:')}`), ['id', '']);
  assert.deepEqual(basic(`Basic ${base64('üser:pässword €')}`), ['üser', 'pässword €']);
});

test('no header and other schemes are none, not bad', () => {
  for (const field of [undefined, '', 'Bearer a', 'Basicx a:b', 'Digest a:b', 'Bas', ' Basic a:b']) {
    assert.equal(basic(field), 'none', field);
  }
});

const badBasic: readonly (readonly [string, string])[] = [
  ['nothing behind the scheme', 'Basic'],
  ['blanks behind the scheme', 'Basic   '],
  ['no colon', `Basic ${base64('nocolon')}`],
  ['an empty id', `Basic ${base64(':secret')}`],
  ['an empty un-encoded id', 'Basic :secret'],
  ['a character outside base64', 'Basic YTpi!'],
  ['base64url', `Basic ${base64('a:\u00ff\u00bf>>').replaceAll('+', '-').replaceAll('/', '_')}-`],
  ['wrong padding', 'Basic YTpi='],
  ['unused last bits', 'Basic YTpiYh=='],
  ['two values', 'Basic YTpi YTpi'],
  ['a line break', `Basic ${base64('a:b\r\nX: y')}`],
  ['a NUL', `Basic ${base64('a\0:b')}`],
  ['DEL', `Basic ${base64('a:b\x7f')}`],
  ['an un-encoded tab', 'Basic a:b\tc'],
  ['bytes that are not UTF-8', `Basic ${base64(new Uint8Array([0x61, 0x3a, 0xff]))}`],
  ['latin1 bytes un-encoded', 'Basic a:\u00ff'],
];
for (const [name, field] of badBasic) {
  test(`Basic is refused with ${name}`, () => assert.equal(basic(field), 'basic.malformed'));
}

test('oversized Basic credentials are refused', () => {
  assert.equal(basic(`Basic ${base64(`id:${'x'.repeat(limits.basicCredentialsCharsMax)}`)}`), 'basic.too_large');
});

test('a bearer or DPoP token is read in any case of the scheme', () => {
  assert.deepEqual(bearer('Bearer abc.def'), ['bearer', 'abc.def']);
  assert.deepEqual(bearer('bEARER   abc== '), ['bearer', 'abc==']);
  assert.deepEqual(bearer('DPoP abc'), ['dpop', 'abc']);
  for (const field of [undefined, '', 'Basic a:b', 'Bearerx a', 'Bear', 'abc', ' Bearer a']) {
    assert.equal(bearer(field), 'none', field);
  }
  for (const field of ['Bearer', 'Bearer ', 'Bearer a b', 'Bearer a, Bearer b', 'dpop']) {
    assert.equal(bearer(field), 'bearer.malformed', field);
  }
  assert.equal(bearer(`Bearer ${'a'.repeat(limits.tokenBytesMax + 1)}`), 'bearer.too_large');
});

test('token syntax is the one of RFC 6750', () => {
  for (const token of ['a', 'A-Z._~+/0==', 'a'.repeat(limits.tokenBytesMax)]) {
    assert.equal(checkTokenSyntax(token), undefined);
  }
  for (const token of ['', '=', '==a', 'a=b', 'a b', 'a,b', 'a"b', 'a\n', 'é', 'a\0']) {
    assert.equal(checkTokenSyntax(token)?.code, 'bearer.malformed', JSON.stringify(token));
  }
  assert.equal(checkTokenSyntax('a'.repeat(limits.tokenBytesMax + 1))?.code, 'bearer.too_large');
});

test('outgoing Basic form-encodes both parts', () => {
  const edits = authenticateClient('client_secret_basic', { id: 'a:b c', secret: 'ü%+&=' });
  assert.deepEqual(edits.args, []);
  const [name, value = ''] = edits.headers[0] ?? ['', ''];
  assert.equal(name, 'authorization');
  assert.equal(Buffer.from(value.slice(6), 'base64').toString(), 'a%3Ab+c:%C3%BC%25%2B%26%3D');
});

test('a lone surrogate in a secret does not throw', () => {
  for (const method of ['client_secret_basic', 'client_secret_post'] as const) {
    assert.ok(authenticateClient(method, { id: '\ud800', secret: '\udfff' }));
  }
});

const methods: readonly (readonly [string | null | undefined, string[] | undefined, string])[] = [
  ['client_secret_post', ['client_secret_basic'], 'client_secret_post'],
  ['client_secret_basic', ['client_secret_post'], 'client_secret_basic'],
  [undefined, undefined, 'client_secret_basic'],
  [null, [], 'client_secret_basic'],
  [undefined, ['private_key_jwt', 'client_secret_post', 'client_secret_basic'], 'client_secret_post'],
  [undefined, ['private_key_jwt', 'tls_client_auth'], 'client_secret_basic'],
  ['none', ['client_secret_post', 'client_secret_basic'], 'client_secret_post'],
  ['private_key_jwt', ['client_secret_post', 'client_secret_basic'], 'client_secret_basic'],
  ['private_key_jwt', ['private_key_jwt', 'client_secret_post'], 'client_secret_post'],
  ['tls_client_auth', undefined, 'client_secret_basic'],
  ['constructor', ['__proto__'], 'client_secret_basic'],
];
for (const [configured, supported, expected] of methods) {
  test(`client authentication: configured ${configured}, supported ${supported ?? 'unknown'}: ${expected}`, () => {
    assert.equal(chooseMethod(configured, supported), expected);
  });
}
