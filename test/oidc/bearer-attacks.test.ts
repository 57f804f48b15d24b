import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { CheckName } from '../../src/plugins/openid-connect/checks.ts';
import { type Protected, type Scene, startScene } from '../support/scene.ts';
import { bearer, eventually, form, type WireAnswer, type WireRequest } from '../support/wire.ts';

interface Attack {
  readonly name: string;
  readonly make: (scene: Scene) => Promise<string> | string;
  readonly status: 401 | 403;
  readonly check: CheckName;
  readonly text: RegExp;
}

const now = () => Math.floor(Date.now() / 1000);
const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
/** A good token with one of its three parts replaced. */
const withPart = async (scene: Scene, index: 0 | 1 | 2, change: (part: string) => string) => {
  const parts = (await scene.sign()).split('.');
  parts[index] = change(parts[index] ?? '');
  return scene.remember(parts.join('.'));
};
const changedPayload = (part: string, claims: Record<string, unknown>) =>
  encode({ ...JSON.parse(Buffer.from(part, 'base64url').toString()), ...claims });

const claimAttacks: readonly Attack[] = [
  {
    name: 'a wrong iss',
    make: (s) => s.sign({ iss: 'https://evil.example/' }),
    status: 401,
    check: 'token.issuer',
    text: /issued by another issuer$/,
  },
  {
    name: 'an iss without the slash',
    make: (s) => s.sign({ iss: s.provider.issuer.slice(0, -1) }),
    status: 401,
    check: 'token.issuer',
    text: /only the trailing slash differs/,
  },
  { name: 'no iss', make: (s) => s.sign({ iss: null }), status: 401, check: 'token.issuer', text: /has no issuer/ },
  {
    name: 'an iss that is a list',
    make: (s) => s.sign({ iss: [s.provider.issuer] }),
    status: 401,
    check: 'token.issuer',
    text: /not a string/,
  },
  {
    name: 'a wrong aud',
    make: (s) => s.sign({ aud: 'https://other/' }),
    status: 403,
    check: 'token.audience',
    text: /another audience/,
  },
  {
    name: 'no aud',
    make: (s) => s.sign({ aud: null }),
    status: 403,
    check: 'token.audience',
    text: /names no audience/,
  },
  {
    name: 'an exp in the past',
    make: (s) => s.sign({}, { expiresInSeconds: -60 }),
    status: 401,
    check: 'token.expiry',
    text: /has expired/,
  },
  { name: 'no exp', make: (s) => s.sign({ exp: null }), status: 401, check: 'token.expiry', text: /has no expiry/ },
  {
    name: 'an exp that is a word',
    make: (s) => s.sign({ exp: 'tomorrow' }),
    status: 401,
    check: 'token.expiry',
    text: /expiry is not a usable number/,
  },
  {
    name: 'an nbf in the future',
    make: (s) => s.sign({ nbf: now() + 600 }),
    status: 401,
    check: 'token.not_before',
    text: /not valid yet/,
  },
  {
    name: 'an nbf that is an object',
    make: (s) => s.sign({ nbf: {} }),
    status: 401,
    check: 'token.not_before',
    text: /not-before time is not/,
  },
  {
    name: 'an iat in the future',
    make: (s) => s.sign({ iat: now() + 600 }),
    status: 401,
    check: 'token.issued_at',
    text: /issued in the future/,
  },
  {
    name: 'an iat that is negative',
    make: (s) => s.sign({ iat: -1 }),
    status: 401,
    check: 'token.issued_at',
    text: /time of issue is not/,
  },
  {
    name: 'a missing scope',
    make: (s) => s.sign({ scope: 'other:things' }),
    status: 403,
    check: 'token.scopes',
    text: /lacks a required scope/,
  },
  {
    name: 'no scope at all',
    make: (s) => s.sign({ scope: null }),
    status: 403,
    check: 'token.scopes',
    text: /holds no scopes/,
  },
];

const signatureAttacks: readonly Attack[] = [
  {
    name: 'alg none',
    make: (s) => s.sign({}, { key: 'none' }),
    status: 401,
    check: 'token.algorithm',
    text: /is not signed/,
  },
  {
    name: 'HS256 signed with the public key',
    make: (s) => s.sign({}, { key: 'public-key-as-secret' }),
    status: 401,
    check: 'token.algorithm',
    text: /algorithm is not allowed/,
  },
  {
    name: 'an unknown kid',
    make: (s) => s.sign({}, { key: 'unknown' }),
    status: 401,
    check: 'token.key',
    text: /no key of the issuer fits the token$/,
  },
  {
    name: 'an embedded jwk',
    make: (s) => s.sign({}, { key: 'embedded-jwk' }),
    status: 401,
    check: 'token.key',
    text: /the jwk in its header does not count/,
  },
  {
    name: 'a jku',
    make: (s) => s.sign({}, { key: 'unknown', header: { jku: `${s.provider.issuer}.well-known/jwks.json` } }),
    status: 401,
    check: 'token.key',
    text: /the jku in its header does not count/,
  },
  {
    name: 'an x5u',
    make: (s) => s.sign({}, { key: 'unknown', header: { x5u: 'https://evil.example/' } }),
    status: 401,
    check: 'token.key',
    text: /the x5u in its header/,
  },
  {
    name: 'an x5c',
    make: (s) => s.sign({}, { key: 'unknown', header: { x5c: ['MII='] } }),
    status: 401,
    check: 'token.key',
    text: /the x5c in its header/,
  },
  {
    name: 'a known kid over an embedded jwk',
    make: async (s) => s.sign({}, { key: 'embedded-jwk', header: { kid: (await s.control.state()).keys[0] } }),
    status: 401,
    check: 'token.signature',
    text: /the jwk in its header does not count/,
  },
  {
    name: 'a tampered payload',
    make: (s) => withPart(s, 1, (part) => changedPayload(part, { sub: 'admin' })),
    status: 401,
    check: 'token.signature',
    text: /signature is not valid$/,
  },
  {
    name: 'crit',
    make: (s) => s.sign({}, { header: { crit: ['exp'] } }),
    status: 401,
    check: 'token.header',
    text: /extension that is not understood/,
  },
  {
    name: 'b64=false',
    make: (s) => s.sign({}, { header: { b64: false } }),
    status: 401,
    check: 'token.header',
    text: /unencoded payload/,
  },
  {
    name: 'the typ of an ID token',
    make: (s) => s.sign({}, { header: { typ: 'id_token+jwt' } }),
    status: 401,
    check: 'token.header',
    text: /of another type/,
  },
];

const shapeAttacks: readonly Attack[] = [
  { name: 'an opaque token', make: () => 'b2Jm-opaque_token.', status: 401, check: 'token.format', text: /is opaque/ },
  {
    name: 'an encrypted token',
    make: () => `${encode({ alg: 'RSA-OAEP', enc: 'A256GCM' })}.a.b.c.d`,
    status: 401,
    check: 'token.format',
    text: /is encrypted/,
  },
  {
    name: 'a payload that is no object',
    make: (s) => withPart(s, 1, () => encode('[1]')),
    status: 401,
    check: 'token.format',
    text: /payload is not a JSON object/,
  },
  {
    name: 'a header without alg',
    make: (s) => withPart(s, 0, () => encode({ typ: 'JWT' })),
    status: 401,
    check: 'token.format',
    text: /header is not a JSON object/,
  },
  {
    name: 'a claim twice',
    make: (s) => withPart(s, 1, () => encode('{"sub":"a","sub":"b"}')),
    status: 401,
    check: 'token.format',
    text: /member name twice/,
  },
  {
    name: 'padded base64url',
    make: (s) => withPart(s, 1, (part) => `${part}=`),
    status: 401,
    check: 'credential.format',
    text: /well-formed bearer token/,
  },
  {
    name: 'base64url with loose last bits',
    make: (s) => withPart(s, 1, () => 'eyJhIjoxfR'),
    status: 401,
    check: 'token.format',
    text: /strict base64url/,
  },
  {
    name: 'very deep claims',
    make: (s) => withPart(s, 1, () => encode(`{"a":${'['.repeat(60)}${']'.repeat(60)}}`)),
    status: 401,
    check: 'token.format',
    text: /nested too deeply/,
  },
];

const challenge = (answer: WireAnswer) => answer.headers['www-authenticate'] ?? '';

for (const workers of [1, 2]) {
  describe(`attacks on bearer tokens, workers: ${workers}`, () => {
    let scene: Scene;
    let at: Protected;
    const seenFaults = new Map<string, string>();
    before(async () => {
      scene = await startScene({ workers });
      at = await scene.protect(
        scene.bearerConfig({ audience_required: [scene.audience], scopes_required: ['read:things'] }),
      );
    });
    after(() => scene.stop());

    /** Refused, unseen by the upstream, with challenge and decision telling the same. */
    const refused = async (request: WireRequest, expected: Omit<Attack, 'make'>, error: string) => {
      const seen = scene.echo.requests;
      const answer = await scene.send(at.url, request);
      assert.equal(answer.status, expected.status, `${expected.name}: ${answer.text}`);
      assert.equal(scene.echo.requests, seen, 'nothing reached the upstream');
      const decision = await scene.decision(answer.requestId);
      assert.equal(decision.failed, expected.check, expected.name);
      assert.equal(decision.verdict, 'refused');
      const failed = decision.checks.find(({ verdict }) => verdict === 'fail');
      const compared = `${failed?.seen} ${failed?.expected}`;
      assert.doesNotMatch(compared, /\b1[0-9]{9}\b/, 'times are readable');
      assert.ok(failed?.expected !== 'none', 'what was expected is told');
      assert.equal(decision.status, expected.status);
      assert.match(decision.text ?? '', expected.text);
      const value = challenge(answer);
      assert.match(value, /^[\x20-\x7e]+$/);
      assert.match(value, /^Bearer realm="[^"]+", /);
      assert.ok(value.includes(`error="${error}"`), value);
      const description = /error_description="([^"]*)"/.exec(value)?.[1] ?? '';
      assert.equal(description, `${decision.failed}: ${decision.text}`);
      assert.ok(description.length <= 400);
      assert.doesNotMatch(value, /config\./, 'settings are for the operator');
      assert.ok(['Unauthorized', 'Forbidden'].includes(answer.message ?? ''));
      const telling = `${decision.failed}: ${decision.text}`;
      assert.equal(seenFaults.get(telling) ?? expected.name, expected.name, 'two faults never share name and text');
      seenFaults.set(telling, expected.name);
      return answer;
    };

    test('a good token passes and reaches the upstream', async () => {
      const token = await scene.sign();
      const answer = await scene.send(at.url, { headers: [bearer(token)] });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.echoed?.headers['authorization'], `Bearer ${token}`);
    });

    for (const attack of [...claimAttacks, ...signatureAttacks, ...shapeAttacks]) {
      test(`${attack.name}: ${attack.status} ${attack.check}`, async () => {
        const token = await attack.make(scene);
        const error = attack.status === 403 ? 'insufficient_scope' : 'invalid_token';
        const answer = await refused({ headers: [bearer(token)] }, attack, error);
        if (attack.check === 'token.scopes') assert.match(challenge(answer), /, scope="read:things"$/);
        else assert.doesNotMatch(challenge(answer), /, scope=/);
        const again = await scene.send(at.url, { headers: [bearer(token)] });
        assert.equal(again.status, attack.status, 'the same a second time');
      });
    }

    test('a token of 64 KB is refused as too large, in a body as in a header', async () => {
      const token = await scene.sign({ filler: 'x'.repeat(48 * 1024) });
      assert.ok(token.length > 64 * 1024);
      const expected = { name: '64 KB', status: 401, check: 'credential.format', text: /token is too large/ } as const;
      await refused(form({ access_token: token }), expected, 'invalid_token');
      const seen = scene.echo.requests;
      const inHeader = await scene.send(at.url, { headers: [bearer(token)] });
      assert.equal(inHeader.status, 431);
      await eventually('its line in the log', () =>
        scene.gateway.log().includes(`"request_id":"${inHeader.requestId}"`),
      );
      assert.equal((await scene.send(`${at.url}?access_token=${token}`)).status, 414);
      assert.equal(scene.echo.requests, seen);
    });

    test('two Authorization headers are 400, also when both are good', async () => {
      const token = await scene.sign();
      const seen = scene.echo.requests;
      const answer = await scene.send(at.url, { headers: [bearer(token), bearer(token)] });
      assert.equal(answer.status, 400);
      assert.match(challenge(answer), /error="invalid_request", error_description="request\.authorization: /);
      assert.equal((await scene.decision(answer.requestId)).failed, 'request.authorization');
      assert.equal(scene.echo.requests, seen);
    });

    test('two different tokens in two places are 400, one token twice is fine', async () => {
      const [one, other] = [await scene.sign(), await scene.sign({ sub: 'other' })];
      const ambiguous = await scene.send(`${at.url}?access_token=${other}`, { headers: [bearer(one)] });
      assert.equal(ambiguous.status, 400);
      assert.equal((await scene.decision(ambiguous.requestId)).failed, 'credential.unambiguous');
      assert.equal((await scene.send(`${at.url}?access_token=${one}`, { headers: [bearer(one)] })).status, 200);
    });

    for (const [what, value] of [
      ['an empty token', 'Bearer '],
      ['no token', 'Bearer'],
      ['a token with a space', 'Bearer abc def'],
      ['a token with a comma', 'Bearer abc,Bearer def'],
    ] as const) {
      test(`${what} is 401 credential.format`, async () => {
        const answer = await scene.send(at.url, { headers: [['Authorization', value]] });
        assert.equal(answer.status, 401);
        assert.match(challenge(answer), /error="invalid_token", error_description="credential\.format: /);
      });
    }

    test('no token is a bare challenge', async () => {
      const answer = await scene.send(at.url);
      assert.equal(answer.status, 401);
      assert.match(challenge(answer), /^Bearer realm="[^"]+"$/);
    });

    test('bytes that no client sends never make a 5xx', async () => {
      const token = await scene.sign();
      for (const value of [
        'Bearer \x80\xff',
        'Bearer ..',
        'Bearer .',
        'Bearer eyJ.eyJ.eyJ',
        `Bearer ${token}.`,
        `bearer\t${token}`,
        'Bearer %00',
        `DPoP ${token}`,
      ]) {
        const answer = await scene.send(at.url, { headers: [['Authorization', value]] });
        assert.ok(answer.status < 500, `${value}: ${answer.status}`);
      }
      for (const header of [
        { kid: '../../etc/passwd' },
        { kid: '__proto__' },
        { kid: 'x'.repeat(2000) },
        { kid: 5 },
        { typ: 7 },
        { alg: 'none ' },
        { alg: 'RS256\u0000' },
      ]) {
        const forged = await scene.sign({}, { key: 'unknown', header });
        const answer = await scene.send(at.url, { headers: [bearer(forged)] });
        assert.equal(answer.status, 401, JSON.stringify(header));
      }
    });
  });
}
