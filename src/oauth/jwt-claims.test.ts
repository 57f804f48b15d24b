import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkIssuer, checkTimeClaims, expiryMs } from './jwt-claims.ts';

const now = 1_800_000_000;
const rules = { nowMs: now * 1000, leewaySeconds: 0, allowMissingExp: false };
const check = (claims: Record<string, unknown>, extra: Partial<Parameters<typeof checkTimeClaims>[1]> = {}) =>
  checkTimeClaims(claims, { ...rules, ...extra })?.code;
const live = { exp: now + 60 };

test('the moment of exp counts as expired, the second before does not', () => {
  assert.equal(check({ exp: now + 1 }), undefined);
  assert.equal(check({ exp: now }), 'jwt.expired');
  assert.equal(check({ exp: now - 1 }), 'jwt.expired');
  assert.equal(check({ exp: now + 0.5 }), undefined);
  assert.equal(check({ exp: now + 0.5 }, { nowMs: now * 1000 + 500 }), 'jwt.expired');
});

test('leeway moves every boundary, and its own end counts as expired', () => {
  const leeway = { leewaySeconds: 30 };
  assert.equal(check({ exp: now - 29 }, leeway), undefined);
  assert.equal(check({ exp: now - 30 }, leeway), 'jwt.expired');
  assert.equal(check({ ...live, nbf: now + 30, iat: now + 30 }, leeway), undefined);
  assert.equal(check({ ...live, nbf: now + 31 }, leeway), 'jwt.nbf_future');
  assert.equal(check({ ...live, iat: now + 31 }, leeway), 'jwt.iat_future');
});

test('a missing exp is refused unless allowed', () => {
  assert.equal(check({}), 'jwt.exp_missing');
  assert.equal(check({}, { allowMissingExp: true }), undefined);
  assert.equal(checkTimeClaims(Object.create({ exp: now + 60 }), rules)?.code, 'jwt.exp_missing');
});

test('nbf and iat of this moment are accepted, later ones refused', () => {
  assert.equal(check({ ...live, nbf: now, iat: now }), undefined);
  assert.equal(check({ ...live, nbf: now + 1 }), 'jwt.nbf_future');
  assert.equal(check({ ...live, iat: now + 1 }), 'jwt.iat_future');
});

test('decimal strings count as numbers', () => {
  assert.equal(check({ exp: String(now + 1), nbf: String(now), iat: `${now}.5` }, { leewaySeconds: 1 }), undefined);
  assert.equal(check({ exp: String(now) }), 'jwt.expired');
});

test('a wrong JSON type, a number no clock reaches or another spelling is refused', () => {
  const odd = [null, true, false, [], [now + 60], {}, '', ' ', 'soon', '0x7fffffff', '1e10', `${now} `, '+1', '-1'];
  const huge = [Number.NaN, Infinity, -Infinity, -1, 1e300, (now + 60) * 1000, '999999999999', '9'.repeat(400)];
  for (const value of [...odd, ...huge]) {
    assert.equal(check({ exp: value }), 'jwt.exp_malformed', String(value));
    assert.equal(check({ exp: value }, { allowMissingExp: true }), 'jwt.exp_malformed', String(value));
    assert.equal(check({ ...live, nbf: value }), 'jwt.nbf_malformed', String(value));
    assert.equal(check({ ...live, iat: value }), 'jwt.iat_malformed', String(value));
    assert.equal(check({ ...live, auth_time: value }, { maxAgeSeconds: 1 }), 'jwt.auth_time_malformed', String(value));
  }
});

test('max_age bounds the time since authentication', () => {
  const age = (auth_time: unknown, leewaySeconds = 0) =>
    check({ ...live, auth_time }, { maxAgeSeconds: 100, leewaySeconds });
  assert.equal(age(now - 100), undefined);
  assert.equal(age(now - 101), 'jwt.auth_time_too_old');
  assert.equal(age(now - 101, 1), undefined);
  assert.equal(age(now + 1), 'jwt.auth_time_future');
  assert.equal(check(live, { maxAgeSeconds: 100 }), 'jwt.auth_time_missing');
  assert.equal(check({ ...live, auth_time: 1 }), undefined);
});

test('iss must equal the issuer of the metadata byte for byte', () => {
  const issuer = (iss: unknown) => checkIssuer({ iss }, { metadataIssuer: 'https://op.example/' })?.code;
  assert.equal(issuer('https://op.example/'), undefined);
  for (const iss of ['https://op.example', 'https://OP.example/', 'https://op.example//', '', ' https://op.example/']) {
    assert.equal(issuer(iss), 'jwt.iss_mismatch', iss);
  }
  for (const iss of [null, 1, ['https://op.example/'], {}]) assert.equal(issuer(iss), 'jwt.iss_malformed');
  assert.equal(checkIssuer({}, { metadataIssuer: 'https://op.example/' })?.code, 'jwt.iss_missing');
  assert.equal(checkIssuer({ iss: 'x' }, { metadataIssuer: undefined })?.code, 'jwt.iss_mismatch');
});

test('issuers_allowed takes the place of the metadata issuer', () => {
  const given = { metadataIssuer: 'https://op.example/', issuersAllowed: ['https://a.example', 'https://b.example'] };
  assert.equal(checkIssuer({ iss: 'https://b.example' }, given), undefined);
  assert.equal(checkIssuer({ iss: 'https://op.example/' }, given)?.code, 'jwt.iss_mismatch');
  assert.equal(checkIssuer({ iss: 'https://op.example/' }, { ...given, issuersAllowed: [] }), undefined);
});

test('the expiry for caches is exp in milliseconds, or nothing', () => {
  assert.equal(expiryMs({ exp: 10 }), 10_000);
  assert.equal(expiryMs({ exp: '10' }), 10_000);
  assert.equal(expiryMs({ exp: 'x' }), undefined);
  assert.equal(expiryMs({}), undefined);
});
