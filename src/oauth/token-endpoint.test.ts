import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProviderFault, ProviderOutcome } from '../base/exchange.ts';
import { limits } from '../base/limits.ts';
import { parseForm } from './form.ts';
import { clientStatus } from './problem.ts';
import { answer } from './test-tokens.ts';
import type { ClientCredentialsOptions } from './token-endpoint.ts';
import { clientCredentialsRequest, processTokenResponse } from './token-endpoint.ts';

const options: ClientCredentialsOptions = {
  tokenEndpoint: 'https://op.example/oauth/token',
  client: { id: 'caller', secret: 's3cret' },
  method: 'client_secret_basic',
  scopes: ['openid', 'read'],
  audience: ['https://api.example'],
  args: [],
  headers: [],
  timeoutMs: 10_000,
  tlsVerify: true,
  keepalive: true,
};
const at = 1_000_000;
const good = { access_token: 'at', token_type: 'Bearer', expires_in: 60 };
const fields = (given: Partial<ClientCredentialsOptions>) =>
  parseForm(clientCredentialsRequest({ ...options, ...given }).body ?? '');

test('the request is the client credentials grant with the credentials of the caller', () => {
  const request = clientCredentialsRequest(options);
  assert.deepEqual(structuredClone(request), request);
  assert.equal(request.method, 'POST');
  assert.equal(request.url, options.tokenEndpoint);
  assert.equal(request.body, 'grant_type=client_credentials&scope=openid+read&audience=https%3A%2F%2Fapi.example');
  assert.deepEqual(request.headers, [
    ['accept', 'application/json'],
    ['content-type', 'application/x-www-form-urlencoded'],
    ['authorization', `Basic ${Buffer.from('caller:s3cret').toString('base64')}`],
  ]);
});

test('without scopes and audience neither is sent', () => {
  assert.deepEqual(fields({ scopes: [], audience: [] }), [['grant_type', 'client_credentials']]);
});

test('client_secret_post puts the pair into the body and sends no Authorization', () => {
  const request = clientCredentialsRequest({ ...options, method: 'client_secret_post' });
  assert.match(request.body ?? '', /&client_id=caller&client_secret=s3cret$/);
  assert.equal(
    request.headers.some(([name]) => name === 'authorization'),
    false,
  );
});

test('extra arguments replace built-in ones of their name and may repeat', () => {
  assert.deepEqual(
    fields({
      args: [
        ['audience', 'one'],
        ['resource', 'a'],
        ['resource', 'b'],
        ['scope', 'x y'],
        ['audience', 'two'],
      ],
    }),
    [
      ['grant_type', 'client_credentials'],
      ['audience', 'one'],
      ['resource', 'a'],
      ['resource', 'b'],
      ['scope', 'x y'],
      ['audience', 'two'],
    ],
  );
});

test('no extra argument or header can put another client in the place of the caller', () => {
  for (const method of ['client_secret_basic', 'client_secret_post'] as const) {
    const request = clientCredentialsRequest({
      ...options,
      method,
      args: [
        ['client_id', 'operator'],
        ['client_secret', 'operator-secret'],
        ['client_assertion', 'jwt'],
        ['client_assertion_type', 'urn:x'],
      ],
      headers: [
        ['Authorization', 'Basic b3BlcmF0b3I6c2VjcmV0'],
        ['Content-Type', 'text/plain'],
        ['Content-Length', '3'],
        ['X-Ok', 'yes'],
      ],
    });
    const text = JSON.stringify(request);
    assert.doesNotMatch(text, /operator|b3BlcmF0b3I6|client_assertion|text\/plain|content-length/);
    assert.match(text, /"x-ok","yes"/);
  }
});

test('values that look like form syntax stay values', () => {
  const odd = 'a=b&scope=admin%20\r\n+é';
  const pairs = fields({ client: { id: odd, secret: odd }, method: 'client_secret_post', args: [['x', odd]] }) ?? [];
  assert.deepEqual(
    pairs.filter(([, value]) => value === odd).map(([name]) => name),
    ['x', 'client_id', 'client_secret'],
  );
  assert.equal(pairs.filter(([name]) => name === 'scope').length, 1);
});

test('a good answer becomes a token set with its end of life counted from the answer', () => {
  const body = { ...good, scope: 'read', refresh_token: 'rt', id_token: 'it', unknown: {} };
  const result = processTokenResponse(answer(body, 200, [['x-request-id', '1']], at), at + 5000);
  assert.deepEqual(result, {
    kind: 'ok',
    tokenSet: {
      accessToken: 'at',
      tokenType: 'Bearer',
      expiresAt: at + 60_000,
      scope: 'read',
      refreshToken: 'rt',
      idToken: 'it',
      headers: [['x-request-id', '1']],
    },
  });
});

const lifetimes: readonly (readonly [unknown, number | undefined])[] = [
  [undefined, undefined],
  [null, undefined],
  [3600, 3_600_000],
  ['3600', 3_600_000],
  [0.5, 500],
  ['1.5', 1500],
  [0, 0],
  [-1, 0],
  ['-1', 0],
  ['0', 0],
  ['', 0],
  ['never', 0],
  ['1e9', 0],
  ['0x10', 0],
  [' 60', 0],
  [true, 0],
  [[], 0],
  [[3600], 0],
  [{}, 0],
  [1e300, limits.tokenLifetimeSecondsMax * 1000],
  [Number.MAX_SAFE_INTEGER, limits.tokenLifetimeSecondsMax * 1000],
];
for (const [value, expected] of lifetimes) {
  test(`expires_in ${JSON.stringify(value)} gives a life of ${expected} ms`, () => {
    const result = processTokenResponse(answer({ ...good, expires_in: value }, 200, [], at), at);
    assert.equal(result.kind, 'ok');
    if (result.kind !== 'ok') return;
    assert.equal(result.tokenSet.expiresAt, expected === undefined ? undefined : at + expected);
  });
}

test('an infinite expires_in ends at once', () => {
  const result = processTokenResponse(answer('{"access_token":"a","token_type":"bearer","expires_in":1e999}'), at);
  assert.equal(result.kind === 'ok' && result.tokenSet.expiresAt, at);
});

const unusable: readonly (readonly [string, unknown])[] = [
  ['an empty body', ''],
  ['HTML', '<html></html>'],
  ['an array', '[]'],
  ['null', 'null'],
  ['no access_token', { token_type: 'Bearer' }],
  ['an error with status 200', { error: 'invalid_client' }],
  ['an empty access_token', { ...good, access_token: '' }],
  ['access_token as a number', { ...good, access_token: 1 }],
  ['access_token as an object', { ...good, access_token: { a: 1 } }],
  ['an access_token with a space', { ...good, access_token: 'a b' }],
  ['an access_token with a line break', { ...good, access_token: 'a\r\nX-Admin: 1' }],
  ['an access_token beyond ASCII', { ...good, access_token: 'é' }],
  ['an access_token that is too large', { ...good, access_token: 'a'.repeat(limits.tokenBytesMax + 1) }],
  ['no token_type', { access_token: 'a' }],
  ['token_type mac', { ...good, token_type: 'mac' }],
  ['token_type DPoP, which was not asked for', { ...good, token_type: 'DPoP' }],
  ['token_type as an array', { ...good, token_type: ['Bearer'] }],
  ['refresh_token as a number', { ...good, refresh_token: 1 }],
  ['id_token as an object', { ...good, id_token: {} }],
  ['scope as a number', { ...good, scope: 1 }],
  ['an access_token of the prototype', '{"__proto__":{"access_token":"a"},"token_type":"Bearer"}'],
  ['a body beyond the limit', `${JSON.stringify(good)}${' '.repeat(limits.providerResponseBytesMax)}`],
  ['deep nesting', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`],
];
for (const [name, body] of unusable) {
  test(`a 200 is unusable (502) with ${name}`, () => {
    const result = processTokenResponse(answer(body), at);
    assert.equal(result.kind, 'problem');
    if (result.kind !== 'problem') return;
    assert.equal(result.answer, 'unusable');
    assert.equal(clientStatus[result.answer], 502);
  });
}

const statuses: readonly (readonly [number, string, number])[] = [
  [400, 'refused', 401],
  [401, 'refused', 401],
  [403, 'refused', 401],
  [408, 'unavailable', 503],
  [429, 'rate_limited', 503],
  [500, 'unavailable', 503],
  [502, 'unavailable', 503],
  [503, 'unavailable', 503],
  [504, 'unavailable', 503],
  [201, 'unusable', 502],
  [204, 'unusable', 502],
  [302, 'unusable', 502],
  [404, 'unusable', 502],
  [405, 'unusable', 502],
];
for (const [status, expected, client] of statuses) {
  test(`status ${status} is ${expected}, for the client ${client}`, () => {
    const result = processTokenResponse(answer(good, status), at);
    assert.equal(result.kind, 'problem');
    if (result.kind !== 'problem') return;
    assert.equal(result.answer, expected);
    assert.equal(clientStatus[result.answer], client);
    assert.equal(result.status, status);
  });
}

const faults: readonly (readonly [ProviderFault, string])[] = [
  ['timeout', 'timeout'],
  ['connect', 'unavailable'],
  ['dns', 'unavailable'],
  ['tls', 'unavailable'],
  ['reset', 'unavailable'],
  ['overloaded', 'unavailable'],
  ['too_large', 'unusable'],
  ['redirect', 'unusable'],
  ['protocol', 'unusable'],
];
for (const [fault, expected] of faults) {
  test(`a call that failed by ${fault} is ${expected}`, () => {
    const outcome: ProviderOutcome = { kind: 'failed', fault, detail: 'why', at };
    const result = processTokenResponse(outcome, at);
    assert.equal(result.kind === 'problem' && result.answer, expected);
    const waits = result.kind === 'problem' ? result.retryAfterSeconds : undefined;
    assert.equal(waits, expected === 'unavailable' ? limits.providerRetryAfterSecondsDefault : undefined);
  });
}

test('a refusal keeps what the provider said for operators, printable, short and without secrets', () => {
  const description = `client s3cret rejected\r\n${'é'.repeat(500)}`;
  const body = { error: 'invalid_client', error_description: description };
  const result = processTokenResponse(answer(body, 401), at, ['s3cret']);
  assert.equal(result.kind, 'problem');
  if (result.kind !== 'problem' || result.about !== 'provider') return;
  assert.equal(result.providerError, 'invalid_client');
  assert.match(result.providerErrorDescription ?? '', /^client \[redacted\] rejected\?\?[\x20-\x7e]+$/);
  assert.equal(result.providerErrorDescription?.length, limits.providerErrorCharsMax);
  assert.doesNotMatch(JSON.stringify(result), /s3cret/);
});

test('a refusal without a readable body is still a refusal', () => {
  for (const body of ['', '<html>', '[]', '{"error":{"a":1}}']) {
    const result = processTokenResponse(answer(body, 400), at);
    assert.equal(result.kind === 'problem' && result.answer, 'refused');
    assert.equal(result.kind === 'problem' && result.providerError, undefined);
  }
});

test('Retry-After of a 429 reaches the problem, bounded and at least one second', () => {
  const wait = (value: string, nowMs = at) => {
    const result = processTokenResponse(answer('', 429, [['retry-after', value]], at), nowMs);
    return result.kind === 'problem' ? result.retryAfterSeconds : undefined;
  };
  assert.equal(wait('30'), 30);
  assert.equal(wait('30', at + 20_000), 10);
  assert.equal(wait('30', at + 60_000), 1);
  assert.equal(wait('0'), 1);
  assert.equal(wait('999999'), limits.providerRetryAfterSecondsMax);
  assert.equal(wait('soon'), limits.providerRetryAfterSecondsDefault);
});
