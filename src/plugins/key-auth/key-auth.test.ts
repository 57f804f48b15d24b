import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AccessResult } from '../../pdk/index.ts';
import {
  faultsOf,
  prepared,
  type TestContext,
  type TestRequest,
  testConsumer,
  testContext,
  testIdentity,
} from '../../pdk/testing.ts';
import { check } from './checks.ts';
import { keyAuth } from './index.ts';

const alice = testConsumer('alice');
const guest = testConsumer('guest');
const holder = { credential: { id: 'credential of alice' }, consumer: alice };
const nothing = () => undefined;
const services = {
  credentials: {
    keyAuth: (key: string) => (key === 'secret' || key === 'kéy' ? holder : undefined),
    groupsOf: () => [],
  },
  consumers: {
    byId: (id: string) => (id === guest.id ? guest : undefined),
    byUsername: (name: string) => (name === 'guest' ? guest : undefined),
    byUsernameIgnoringCase: nothing,
    byCustomId: nothing,
  },
};

async function run(
  config: Record<string, unknown>,
  request: TestRequest,
): Promise<{ answer: AccessResult; context: TestContext }> {
  const context = testContext({ services, ...request });
  const answer = await keyAuth.access?.(context, prepared(keyAuth, config));
  return { answer, context };
}

const form: [string, string] = ['Content-Type', 'application/x-www-form-urlencoded'];
const json: [string, string] = ['Content-Type', 'application/json; charset=utf-8'];

describe('where the key is looked for', () => {
  const places: [string, Record<string, unknown>, TestRequest, boolean][] = [
    ['a header', {}, { headers: [['APIKEY', 'secret']] }, true],
    ['the query', {}, { query: 'a=1&apikey=secret' }, true],
    ['a form, if asked', { key_in_body: true }, { method: 'POST', headers: [form], body: 'apikey=secret' }, true],
    ['JSON, if asked', { key_in_body: true }, { method: 'POST', headers: [json], body: '{"apikey":"secret"}' }, true],
    ['no body otherwise', {}, { method: 'POST', headers: [form], body: 'apikey=secret' }, false],
    ['no header where that is off', { key_in_header: false }, { headers: [['apikey', 'secret']] }, false],
    ['no query where that is off', { key_in_query: false }, { query: 'apikey=secret' }, false],
    ['names of its own', { key_names: ['x-key', 'k'] }, { query: 'k=secret' }, true],
    ['no other name', { key_names: ['x-key'] }, { query: 'apikey=secret' }, false],
    ['an empty value is none', {}, { headers: [['apikey', '']], query: 'apikey=secret' }, true],
    ['letters beyond ASCII in UTF-8', {}, { headers: [['apikey', Buffer.from('kéy').toString('latin1')]] }, true],
    [
      'never multipart',
      { key_in_body: true },
      { headers: [['Content-Type', 'multipart/form-data; boundary=b']], body: 'apikey=secret' },
      false,
    ],
    ['a number in JSON is no key', { key_in_body: true }, { headers: [json], body: '{"apikey":1}' }, false],
    [
      'an encoded body is not read',
      { key_in_body: true },
      { headers: [form, ['Content-Encoding', 'gzip']], body: 'apikey=secret' },
      false,
    ],
  ];
  for (const [title, config, request, found] of places) {
    test(title, async () => {
      const { answer, context } = await run(config, request);
      if (found) {
        assert.equal(answer, undefined);
        assert.equal(context.identity?.consumer, alice);
      } else {
        assert.equal(answer?.status, 401);
        assert.equal(answer.message, 'No API key found in request');
        assert.equal(context.decision.failure?.check, check['key.present']);
        assert.equal(context.identity, null);
      }
    });
  }
});

test('the upstream is told who calls', async () => {
  const { context } = await run({}, { headers: [['apikey', 'secret']] });
  assert.deepEqual(context.told, [
    'X-Consumer-ID',
    'id of alice',
    'X-Consumer-Username',
    'alice',
    'X-Credential-Identifier',
    'credential of alice',
  ]);
});

test('a key that is given twice is refused, also when both are the same', async () => {
  for (const request of [
    { headers: [['apikey', 'secret'] as const, ['apikey', 'secret'] as const] },
    { query: 'apikey=secret&apikey=secret' },
    { query: 'apikey=secret&apikey=other' },
  ]) {
    const { answer, context } = await run({}, request);
    assert.equal(answer?.message, 'Duplicate API key found');
    assert.equal(answer?.status, 401);
    assert.equal(context.decision.failure?.check, check['key.unambiguous']);
  }
});

test('an unknown key is refused, and no text of the decision holds it', async () => {
  const { answer, context } = await run({ realm: 'my "api"' }, { headers: [['apikey', 'wrong-key']] });
  assert.equal(answer?.status, 401);
  assert.equal(answer.message, 'Unauthorized');
  assert.deepEqual(answer.headers, [['WWW-Authenticate', 'Key realm="my \\"api\\""']]);
  assert.ok(!JSON.stringify([answer, context.decision]).includes('wrong-key'));
  assert.equal((await run({}, {})).answer?.headers[0]?.[1], 'Key');
});

test('the key is hidden where it was found, everything else stays', async () => {
  const config = { hide_credentials: true, key_in_body: true };
  const header = await run(config, { headers: [['apikey', 'secret']], query: 'a=%7e&apikey=secret&b' });
  assert.deepEqual(header.context.removed, ['apikey']);
  assert.equal(header.context.query, 'a=%7e&b');
  const body = await run(config, { headers: [json], body: '{"a":1.0,"apikey":"secret","b":[]}' });
  assert.equal(body.context.body, '{"a":1.0,"b":[]}');
  const both = await run(config, { headers: [['apikey', 'secret'], form], body: 'x=1&apikey=secret' });
  assert.equal(both.context.body, 'x=1');
  const shown = await run({}, { headers: [['apikey', 'secret']], query: 'apikey=secret' });
  assert.deepEqual([shown.context.removed, shown.context.query], [[], null]);
});

test('preflights need a key unless told otherwise', async () => {
  assert.equal((await run({}, { method: 'OPTIONS' })).answer?.status, 401);
  assert.equal((await run({ run_on_preflight: false }, { method: 'OPTIONS' })).answer, undefined);
  assert.equal((await run({ run_on_preflight: false }, {})).answer?.status, 401);
});

test('a body that is too large counts as none', async () => {
  const large = `apikey=secret&${'x'.repeat(1024 * 1024)}`;
  const { answer, context } = await run({ key_in_body: true }, { headers: [form], body: large });
  assert.equal(answer?.status, 401);
  assert.equal(context.decision.failure?.seen, 'a body of more than 1 MiB');
});

describe('anonymous', () => {
  for (const anonymous of ['guest', guest.id]) {
    test(`the consumer named ${anonymous} stands in for callers without a good key`, async () => {
      for (const request of [{}, { headers: [['apikey', 'wrong'] as const] }]) {
        const { answer, context } = await run({ anonymous }, request);
        assert.equal(answer, undefined);
        assert.deepEqual([context.identity?.consumer, context.identity?.credential], [guest, null]);
        assert.ok(context.told?.includes('X-Anonymous-Consumer'));
      }
    });
  }

  test('a consumer that does not exist is an error of the gateway', async () => {
    const { answer, context } = await run({ anonymous: 'nobody' }, {});
    assert.equal(answer?.status, 500);
    assert.equal(context.decision.failure?.check, check['consumer.anonymous']);
  });

  test('who is recognised already stays; without anonymous the key decides', async () => {
    const identity = testIdentity('bob');
    const alternative = await run({ anonymous: 'guest' }, { identity, headers: [['apikey', 'secret']] });
    assert.equal(alternative.context.identity, identity);
    const required = await run({}, { identity, headers: [['apikey', 'secret']] });
    assert.equal(required.context.identity?.consumer, alice);
    assert.equal((await run({}, { identity })).answer?.status, 401);
  });

  test('a key replaces the anonymous consumer of an earlier plugin', async () => {
    const identity = testIdentity('guest', { anonymous: true, credential: null });
    const { context } = await run({ anonymous: 'guest' }, { identity, headers: [['apikey', 'secret']] });
    assert.equal(context.identity?.consumer, alice);
  });
});

test('names of framing headers are refused', () => {
  assert.match(faultsOf(keyAuth, { key_names: ['Transfer_Encoding'] }).join(), /^key_names\.1: must not be one of/);
  assert.match(faultsOf(keyAuth, { key_names: ['a b'] }).join(), /invalid header name/);
});
