import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import test, { before } from 'node:test';
import { type TestCertificate, testCertificate } from '../../test/support/certificates.ts';
import { faultFields, type PlainObject, processInsert } from '../schema/index.ts';
import { type EntityKind, entityDefinitions } from './index.ts';

const generators = { uuid: () => '11111111-1111-4111-8111-111111111111', now: () => 1700000000, secret: () => 's' };

let ec: TestCertificate;
let otherEc: TestCertificate;
let rsa: TestCertificate;
let authority: TestCertificate;
let expired: TestCertificate;

before(async () => {
  [ec, otherEc, rsa, authority, expired] = await Promise.all([
    testCertificate(),
    testCertificate(),
    testCertificate({ keyType: 'rsa' }),
    testCertificate({ authority: true }),
    testCertificate({ authority: true, notAfter: new Date(Date.now() - 3600_000) }),
  ]);
});

function judge(kind: EntityKind, body: PlainObject) {
  const { prepare, record } = entityDefinitions[kind];
  return processInsert(record, prepare === undefined ? body : prepare(body), 'insert', generators);
}

function create(kind: EntityKind, body: PlainObject): PlainObject {
  const done = judge(kind, body);
  assert.ok(done.kind === 'valid', done.kind === 'invalid' ? JSON.stringify(done.faults) : '');
  return done.value;
}

function refuse(kind: EntityKind, body: PlainObject): Record<string, unknown> {
  const done = judge(kind, body);
  assert.ok(done.kind === 'invalid', 'refused');
  return faultFields(done.faults);
}

test('a certificate with its key, and with a second pair of the other type, is accepted', () => {
  create('certificates', { ...ec });
  create('certificates', { ...ec, cert_alt: rsa.cert, key_alt: rsa.key, snis: ['a.com', '*.b.com', 'c.*', '*'] });
  create('certificates', { cert: `${ec.cert}\n${authority.cert}`, key: ec.key });
});

test('a certificate and a key that do not belong together are refused', () => {
  assert.deepEqual(refuse('certificates', { cert: ec.cert, key: otherEc.key }), {
    '@entity': ['certificate does not match key'],
  });
  assert.deepEqual(refuse('certificates', { ...ec, cert_alt: rsa.cert, key_alt: ec.key }), {
    '@entity': ['certificate does not match key'],
  });
});

test('a second pair is whole and of another type', () => {
  assert.deepEqual(refuse('certificates', { ...ec, cert_alt: rsa.cert }), {
    '@entity': ["all or none of these fields must be set: 'cert_alt', 'key_alt'"],
  });
  assert.deepEqual(refuse('certificates', { ...ec, cert_alt: otherEc.cert, key_alt: otherEc.key }), {
    '@entity': ['the keys of cert and cert_alt must be of different types, both are ec'],
  });
});

test('what is no certificate or no key is refused, and no text of it comes back', () => {
  const broken = ec.cert.replace(/\n[A-Za-z0-9+/=]{20}/, '\n!!!!!!!!!!!!!!!!!!!!');
  for (const cert of ['x', ec.key, broken, 'x'.repeat(200_000)]) {
    const fault = String(refuse('certificates', { cert, key: ec.key })['cert']);
    assert.match(fault, /^invalid certificate: /);
    assert.ok(fault.length < 250);
  }
  for (const key of ['x', ec.cert, ec.key.slice(0, 100), `${ec.key.slice(0, 60)}SECRETBYTES${ec.key.slice(60)}`]) {
    const fault = String(refuse('certificates', { cert: ec.cert, key })['key']);
    assert.match(fault, /^invalid key: /);
    assert.doesNotMatch(fault, /SECRETBYTES/);
  }
  const { privateKey } = generateKeyPairSync('x25519');
  const unusable = privateKey.export({ type: 'pkcs8', format: 'pem' });
  assert.match(String(refuse('certificates', { cert: ec.cert, key: unusable })['key']), /type x25519/);
  assert.match(String(refuse('certificates', { ...ec, cert: '{vault://env/x}' })['cert']), /vault references/);
});

test('a key with a passphrase is refused', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'p' });
  assert.match(String(refuse('certificates', { cert: ec.cert, key })['key']), /^invalid key: /);
});

test('the names of a certificate are no part of what is kept', () => {
  const { keep } = entityDefinitions.certificates;
  assert.ok(keep !== undefined);
  assert.equal('snis' in keep(create('certificates', { ...ec, snis: ['a.com'] }), 0), false);
});

test("faults of server names have Kong's texts", () => {
  const certificate = { id: '22222222-2222-4222-8222-222222222222' };
  const cases: [string, string][] = [
    ['10.0.0.1', 'must not be an IP'],
    ['::1', 'must not be an IP'],
    ['a.com:443', 'must not have a port'],
    ['*.a.*', 'only one wildcard must be specified'],
    ['a.*.com', 'wildcard must be leftmost or rightmost character'],
    ['*a.com', 'wildcard must be leftmost or rightmost character'],
    ['a b', 'invalid value: a b'],
    ['*.a b', 'invalid value: *.a b'],
  ];
  for (const [name, text] of cases) assert.deepEqual(refuse('snis', { name, certificate }), { name: text }, name);
  for (const name of ['a.com', '*.a.com', 'a.*', '*', 'a.com.']) create('snis', { name, certificate });
  assert.deepEqual(refuse('snis', { name: 'a.com' }), { certificate: 'required field missing' });
});

test('an authority is one unexpired certificate with the constraint CA, kept with its digest', () => {
  const made = create('ca_certificates', { cert: authority.cert, cert_digest: 'sent' });
  const der = new X509Certificate(authority.cert).raw;
  assert.equal(made['cert_digest'], createHash('sha256').update(der).digest('hex'));
  const cases: [string, RegExp][] = [
    ['x', /^invalid certificate: /],
    [`${authority.cert}\n${authority.cert}`, /^expected exactly one certificate$/],
    [expired.cert, /^the certificate has expired$/],
    [ec.cert, /basic constraint CA/],
  ];
  for (const [cert, text] of cases) assert.match(String(refuse('ca_certificates', { cert })['cert']), text);
});
