import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBasic } from './basic-credentials.ts';
import { checkTokenSyntax, parseAuthorization } from './bearer-token.ts';
import { claimAt, claimWords } from './claims.ts';
import { discoveryUrl, issuerKey, processDiscovery } from './discovery.ts';
import { parseForm } from './form.ts';
import { processJwks } from './jwks.ts';
import { asymmetricAlgorithms, decodeJws, verifyJws } from './jws.ts';
import { checkIssuer, checkTimeClaims } from './jwt-claims.ts';
import { answer, encode, keySetFrom, makeKey, makeToken, randomSource, signParts } from './test-tokens.ts';
import { processTokenResponse } from './token-endpoint.ts';
import { bearerChallenge } from './www-authenticate.ts';

/** Each loop runs for a share of two seconds; a failure names the round's input. */
const loopMs = 300;
const rsa = makeKey('RS256', 'k');
const keys = keySetFrom(rsa.jwk);
const claims = { iss: 'https://op.example/', exp: 4_000_000_000, scope: 'a b', realm: { roles: ['x'] } };
const token = makeToken(rsa, claims);
const issuer = 'https://op.example';

function loop(seed: number, round: (random: (below: number) => number) => void): void {
  const random = randomSource(seed);
  let rounds = 0;
  for (const end = performance.now() + loopMs; performance.now() < end; rounds++) round(random);
  assert.ok(rounds > 50, `only ${rounds} rounds`);
}

const odd = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '.',
  '=',
  '%',
  '\0',
  '\r\n',
  '\u2028',
  '\ud800',
  'é',
  '🎈',
  '-1',
  '1e999',
];
const words = [
  'null',
  'true',
  '"__proto__":',
  '"constructor":',
  '"exp":',
  '"keys":',
  '"kty":"oct"',
  '"issuer":',
  '9'.repeat(30),
];

/** The text with a few pieces dropped, doubled, replaced or put in. */
function mangle(text: string, random: (below: number) => number): string {
  let result = text;
  for (let edits = 1 + random(4); edits > 0; edits--) {
    const from = random(result.length + 1);
    const to = Math.min(result.length, from + random(8));
    const pool = random(2) === 0 ? odd : words;
    const piece = random(4) === 0 ? result.slice(from, to).repeat(2) : (pool[random(pool.length)] ?? '');
    result = result.slice(0, from) + piece + result.slice(random(2) === 0 ? from : to);
  }
  return result;
}

/** A random JSON value of any type, sometimes deep. */
function anything(random: (below: number) => number, depth = 0): unknown {
  const scalars = [null, true, 0, -1, 1e21, '', 'text', '1', ' ', 'https://op.example', '\ud800'];
  if (depth > 5 || random(3) === 0) return scalars[random(scalars.length)];
  if (random(2) === 0) return Array.from({ length: random(4) }, () => anything(random, depth + 1));
  return Object.fromEntries(Array.from({ length: random(4) }, (_, n) => [`m${n}`, anything(random, depth + 1)]));
}

/** The object with some members replaced by values of any type. */
function warp(value: Record<string, unknown>, random: (below: number) => number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, random(3) === 0 ? anything(random) : member]),
  );
}

test('no mangled JWT throws, and none verifies unless it is the honest one', () => {
  loop(1, (random) => {
    const text = mangle(token, random);
    const decoded = decodeJws(text);
    checkTokenSyntax(text);
    if (decoded.kind === 'problem') return;
    const verified = verifyJws(decoded, { keys, algorithms: asymmetricAlgorithms });
    assert.equal(verified.kind === 'verified', text === token, text);
  });
});

test('no header or payload text makes decoding throw', () => {
  const header = JSON.stringify({ alg: 'RS256', kid: 'k', typ: 'JWT' });
  loop(2, (random) => {
    const decoded = decodeJws(
      `${encode(mangle(header, random))}.${encode(mangle(JSON.stringify(claims), random))}.AAAA`,
    );
    if (decoded.kind === 'ok') {
      checkTimeClaims(decoded.claims, { nowMs: 1, leewaySeconds: 0, allowMissingExp: true, maxAgeSeconds: 1 });
      checkIssuer(decoded.claims, { metadataIssuer: issuer });
      claimWords(claimAt(decoded.claims, ['realm', 'roles', '1']));
    }
  });
});

test('claims of any type are judged, not thrown at', () => {
  loop(3, (random) => {
    const warped = warp({ iss: issuer, exp: 9, nbf: 1, iat: 1, auth_time: 1, scope: 'a' }, random);
    const honest = decodeJws(signParts(rsa, encode({ alg: 'RS256' }), encode(warped)));
    assert.equal(honest.kind, 'ok', JSON.stringify(warped));
    checkTimeClaims(warped, { nowMs: 1, leewaySeconds: 1, allowMissingExp: false, maxAgeSeconds: 1 });
    checkIssuer(warped, { metadataIssuer: issuer, issuersAllowed: ['x'] });
    for (const word of claimWords(warped['scope'])) assert.equal(typeof word, 'string');
  });
});

test('no key set throws, and none yields a symmetric or private key', () => {
  loop(4, (random) => {
    const set = { keys: [warp(rsa.jwk, random), warp({ ...rsa.jwk, d: 'AQAB' }, random), anything(random)] };
    const body = random(2) === 0 ? JSON.stringify(set) : mangle(JSON.stringify(set), random);
    const result = processJwks(answer(body));
    if (result.kind !== 'ok') return;
    for (const key of result.keys) assert.equal(key.key.type, 'public', body);
  });
});

test('no metadata throws, and none gives an https issuer another scheme or issuer', () => {
  const document = {
    issuer,
    token_endpoint: `${issuer}/t`,
    jwks_uri: `${issuer}/j`,
    userinfo_endpoint: `${issuer}/u`,
    scopes_supported: ['a'],
  };
  loop(5, (random) => {
    const warped = JSON.stringify(warp(document, random));
    const body = random(2) === 0 ? warped : mangle(warped, random);
    const result = processDiscovery(answer(body), { configuredIssuer: issuer, allowIssuerMismatch: false });
    discoveryUrl(body);
    issuerKey(body);
    if (result.kind !== 'ok') return;
    assert.ok(result.metadata.issuer === issuer || result.metadata.issuer === `${issuer}/`, body);
    for (const url of [result.metadata.token_endpoint, result.metadata.jwks_uri]) {
      assert.ok(url === undefined || url.toLowerCase().startsWith('https://'), body);
    }
  });
});

test('no token response throws, and every accepted token is safe in a header and bounded in time', () => {
  const body = { access_token: 'abc', token_type: 'Bearer', expires_in: 60, scope: 'a', refresh_token: 'r' };
  const statuses = [200, 200, 200, 200, 400, 401, 429, 503, 302, 0, -1, 999];
  loop(6, (random) => {
    const warped = JSON.stringify(warp(body, random));
    const text = random(2) === 0 ? warped : mangle(warped, random);
    const outcome = answer(text, statuses[random(statuses.length)], [['retry-after', text]]);
    const result = processTokenResponse(outcome, 2_000_000, ['abc']);
    if (result.kind === 'problem') {
      assert.match(`${result.seen}${result.providerErrorDescription ?? ''}`, /^[\x20-\x7e]*$/);
      return;
    }
    assert.match(result.tokenSet.accessToken, /^[\x21-\x7e]+$/);
    const { expiresAt } = result.tokenSet;
    assert.ok(expiresAt === undefined || Number.isFinite(expiresAt), text);
  });
});

test('no Authorization field or form throws', () => {
  loop(7, (random) => {
    const field = mangle(['Basic YTpi', 'Bearer abc', 'DPoP x', 'a=b&c=%41'][random(4)] ?? '', random);
    parseBasic(field);
    parseAuthorization(field);
    parseForm(field);
    assert.match(bearerChallenge({ realm: field, error: 'invalid_token', description: field }), /^[\x20-\x7e]+$/);
  });
});
