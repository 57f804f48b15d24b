import assert from 'node:assert/strict';
import test from 'node:test';
import { faultFields, type PlainObject, processInsert } from '../schema/index.ts';
import { type EntityKind, entityDefinitions } from './index.ts';

const upstreamId = '22222222-2222-4222-8222-222222222222';
const generators = {
  uuid: () => '11111111-1111-4111-8111-111111111111',
  now: () => 1700000000,
  nowMs: () => 1700000000123,
  secret: () => 's',
};

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
  assert.ok(done.kind === 'invalid', `refused: ${JSON.stringify(body)}`);
  return faultFields(done.faults);
}

const conditional = (field: string) => `failed conditional validation given value of field '${field}'`;

test('an upstream is answered with every field, the defaults of its health checks filled', () => {
  assert.deepEqual(create('upstreams', { name: 'u' }), {
    id: generators.uuid(),
    created_at: 1700000000,
    name: 'u',
    updated_at: 1700000000,
    algorithm: 'round-robin',
    hash_on: 'none',
    hash_fallback: 'none',
    hash_on_header: null,
    hash_fallback_header: null,
    hash_on_cookie: null,
    hash_on_cookie_path: '/',
    hash_on_query_arg: null,
    hash_fallback_query_arg: null,
    hash_on_uri_capture: null,
    hash_fallback_uri_capture: null,
    slots: 10000,
    healthchecks: {
      active: {
        type: 'http',
        timeout: 1,
        concurrency: 10,
        http_path: '/',
        https_sni: null,
        https_verify_certificate: true,
        headers: null,
        healthy: { interval: 0, successes: 0, http_statuses: [200, 302] },
        unhealthy: {
          interval: 0,
          http_statuses: [429, 404, 500, 501, 502, 503, 504, 505],
          tcp_failures: 0,
          timeouts: 0,
          http_failures: 0,
        },
      },
      passive: {
        type: 'http',
        healthy: {
          successes: 0,
          http_statuses: [
            200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 306, 307, 308,
          ],
        },
        unhealthy: { tcp_failures: 0, timeouts: 0, http_failures: 0, http_statuses: [429, 500, 503] },
      },
      threshold: 0,
    },
    tags: null,
    host_header: null,
    client_certificate: null,
    use_srv_name: false,
  });
});

test('parts of the health checks may be sent alone; the rest has its defaults', () => {
  const { healthchecks } = create('upstreams', {
    name: 'u',
    healthchecks: { active: { healthy: { interval: 0.5 }, headers: { 'x-probe': ['a', 'b'] } }, threshold: 50.5 },
  });
  assert.partialDeepStrictEqual(healthchecks, {
    active: { healthy: { interval: 0.5, http_statuses: [200, 302] }, headers: { 'x-probe': ['a', 'b'] } },
    passive: { unhealthy: { http_statuses: [429, 500, 503] } },
    threshold: 50.5,
  });
});

test("faults of upstreams have Kong's texts", () => {
  const named = (more: PlainObject) => ({ name: 'u', ...more });
  const cases: [PlainObject, Record<string, unknown>][] = [
    [{}, { name: 'required field missing' }],
    [{ name: '1.2.3.4' }, { name: "Invalid name ('1.2.3.4'); no ip addresses allowed" }],
    [{ name: '[::1]' }, { name: "Invalid name ('[::1]'); no ip addresses allowed" }],
    [{ name: 'a.com:80' }, { name: "Invalid name ('a.com:80'); no port allowed" }],
    [{ name: 'a b' }, { name: "Invalid name ('a b'); must be a valid hostname" }],
    [
      named({ algorithm: 'x' }),
      { algorithm: 'expected one of: consistent-hashing, least-connections, round-robin, latency' },
    ],
    [named({ slots: 9 }), { slots: 'value should be between 10 and 65536' }],
    [named({ hash_on: 'header' }), { '@entity': [conditional('hash_on')], hash_on_header: 'required field missing' }],
    [
      named({ hash_on: 'ip', hash_fallback: 'header' }),
      { '@entity': [conditional('hash_fallback')], hash_fallback_header: 'required field missing' },
    ],
    [named({ hash_on: 'cookie' }), { '@entity': [conditional('hash_on')], hash_on_cookie: 'required field missing' }],
    [
      named({ hash_on: 'cookie', hash_on_cookie: 'c', hash_fallback: 'ip' }),
      { '@entity': [conditional('hash_on')], hash_fallback: 'expected one of: none' },
    ],
    [named({ hash_fallback: 'ip' }), { '@entity': [conditional('hash_on')], hash_fallback: 'expected one of: none' }],
    [
      named({ hash_on: 'ip', hash_fallback: 'ip' }),
      {
        '@entity': [conditional('hash_on')],
        hash_fallback: 'expected one of: none, consumer, header, cookie, path, query_arg, uri_capture',
      },
    ],
    [
      named({ hash_on: 'header', hash_on_header: 'a', hash_fallback: 'header', hash_fallback_header: 'a' }),
      { '@entity': ["values of these fields must be distinct: 'hash_on_header', 'hash_fallback_header'"] },
    ],
    [
      named({ hash_on: 'query_arg' }),
      { '@entity': [conditional('hash_on')], hash_on_query_arg: 'required field missing' },
    ],
    [named({ hash_on: 'uri_capture', hash_on_uri_capture: '' }), { hash_on_uri_capture: 'length must be at least 1' }],
    [
      named({ hash_on_header: 'x y' }),
      { hash_on_header: "bad header name 'x y', allowed characters are A-Z, a-z, 0-9, '_', and '-'" },
    ],
    [
      named({ hash_on_cookie: 'x;y' }),
      { hash_on_cookie: "bad cookie name 'x;y', allowed characters are A-Z, a-z, 0-9, '_', and '-'" },
    ],
    [
      named({ hash_on_cookie_path: '/;Domain=x' }),
      { hash_on_cookie_path: "invalid path: '/;Domain=x' (a cookie's path has no ;)" },
    ],
    [named({ host_header: 'a b' }), { host_header: 'invalid value: a b' }],
    [named({ healthchecks: 1 }), { healthchecks: 'expected a record' }],
    [
      named({ healthchecks: { active: { type: 'grpc', healthy: { http_statuses: [99] } }, threshold: 101 } }),
      {
        healthchecks: {
          active: {
            type: "'grpc' is not supported yet by this version of Sallyport",
            healthy: { http_statuses: ['value should be between 100 and 999'] },
          },
          threshold: 'value should be between 0 and 100',
        },
      },
    ],
    [
      named({ healthchecks: { active: { headers: { a: ['x\r\ny'] }, https_sni: '10.0.0.1' } } }),
      {
        healthchecks: {
          active: { headers: { a: ['invalid value: not a header field value'] }, https_sni: 'must not be an IP' },
        },
      },
    ],
  ];
  for (const [body, fields] of cases) assert.deepEqual(refuse('upstreams', body), fields, JSON.stringify(body));
});

test('an input to hash by asks for consistent hashing, unless the algorithm cannot hash', () => {
  const chosen = (body: PlainObject) => {
    const { algorithm, hash_on } = create('upstreams', { name: 'u', ...body });
    return [algorithm, hash_on];
  };
  assert.deepEqual(chosen({ hash_on: 'ip' }), ['consistent-hashing', 'ip']);
  assert.deepEqual(chosen({ hash_on: 'ip', algorithm: 'round-robin' }), ['consistent-hashing', 'ip']);
  assert.deepEqual(chosen({ hash_on: 'ip', algorithm: 'least-connections' }), ['least-connections', 'none']);
  assert.deepEqual(chosen({ algorithm: 'consistent-hashing' }), ['consistent-hashing', 'none']);
  assert.deepEqual(chosen({ hash_on: 'none' }), ['round-robin', 'none']);
});

test('a target is kept with its port, an IPv6 address in brackets and in its short form', () => {
  const kept = (target: string) => create('targets', { upstream: { id: upstreamId }, target })['target'];
  assert.equal(kept('a.com'), 'a.com:8000');
  assert.equal(kept('a.com:80'), 'a.com:80');
  assert.equal(kept('10.0.0.1'), '10.0.0.1:8000');
  assert.equal(kept('10.0.0.1:0443'), '10.0.0.1:443');
  assert.equal(kept('::1'), '[::1]:8000');
  assert.equal(kept('[0:0:0:0:0:0:0:1]:81'), '[::1]:81');
  for (const target of ['a b:1', 'a.com:99999', 'a.com:', '[::1', '*', 'http://a']) {
    assert.deepEqual(refuse('targets', { upstream: { id: upstreamId }, target }), {
      target: `Invalid target ('${target}'); not a valid hostname or ip address`,
    });
  }
});

test('times of targets are seconds with milliseconds', () => {
  assert.partialDeepStrictEqual(create('targets', { upstream: { id: upstreamId }, target: 'a' }), {
    created_at: 1700000000.123,
    updated_at: 1700000000.123,
    weight: 100,
  });
  assert.deepEqual(refuse('targets', { target: 'a', weight: 65536 }), {
    upstream: 'required field missing',
    weight: 'value should be between 0 and 65535',
  });
});

test('a key is made when none is given, and ends when its ttl is over', () => {
  const { keep, show } = entityDefinitions.keyauth_credentials;
  assert.ok(keep !== undefined && show !== undefined);
  const consumer = { id: upstreamId };
  const endless = keep(create('keyauth_credentials', { consumer }), 1000);
  assert.equal(endless['key'], 's');
  assert.equal('expires_at' in endless, false);
  assert.equal(show(endless, 2000)['ttl'], null);
  const ending = keep(create('keyauth_credentials', { consumer, key: 'k', ttl: 60 }), 1000);
  assert.equal(ending['expires_at'], 1060);
  assert.equal('ttl' in ending, false);
  assert.equal(show(ending, 1030)['ttl'], 30);
  assert.deepEqual(keep(show(ending, 1030), 1030), ending);
  assert.equal('expires_at' in keep(create('keyauth_credentials', { consumer, ttl: 0 }), 1000), false);
  assert.deepEqual(refuse('keyauth_credentials', { consumer, ttl: 100000001 }), {
    ttl: 'value should be between 0 and 100000000',
  });
  assert.deepEqual(refuse('keyauth_credentials', { consumer, expires_at: 5 }), { expires_at: 'unknown field' });
});

test('a group needs its member', () => {
  assert.deepEqual(refuse('acls', {}), { consumer: 'required field missing', group: 'required field missing' });
});
