import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PluginResponse } from '../../pdk/index.ts';
import {
  faultsOf,
  prepared,
  type TestRequest,
  testAnswer,
  testContext,
  testCounters,
  testIdentity,
  testServices,
} from '../../pdk/testing.ts';
import { check } from './checks.ts';
import { rateLimiting } from './index.ts';
import { windowAt } from './windows.ts';

const start = Date.UTC(2026, 4, 20, 10, 30, 15);

/** A gateway with this configuration; `ask` sends a request and tells status and headers. */
function gateway(config: Record<string, unknown>, room?: number) {
  const clock = { ms: start };
  const services = testServices({ now: () => clock.ms, counters: testCounters(room) });
  const settings = prepared(rateLimiting, config);
  const ask = (request: TestRequest = {}) => {
    const context = testContext({ services, ...request });
    const answer = rateLimiting.access?.(context, settings) as PluginResponse | undefined;
    const head = testAnswer(context, answer?.headers ?? []);
    rateLimiting.headerFilter?.(head, settings);
    return {
      status: answer?.status ?? 200,
      message: answer?.message,
      headers: head.fields(),
      decision: context.decision,
    };
  };
  return { clock, ask };
}

test('what is over the limit is refused until the window ends', () => {
  const { ask, clock } = gateway({ minute: 2 });
  assert.deepEqual([ask().status, ask().status, ask().status], [200, 200, 429]);
  clock.ms += 44_999;
  assert.equal(ask().status, 429);
  clock.ms += 1;
  assert.equal(ask().status, 200);
});

test('headers tell the limits, what is left, and of the tightest when it ends', () => {
  const { ask } = gateway({ minute: 2, hour: 10 });
  assert.deepEqual(ask().headers, {
    'x-ratelimit-limit-minute': '2',
    'x-ratelimit-remaining-minute': '1',
    'x-ratelimit-limit-hour': '10',
    'x-ratelimit-remaining-hour': '9',
    'ratelimit-limit': '2',
    'ratelimit-remaining': '1',
    'ratelimit-reset': '45',
  });
  ask();
  const refused = ask();
  assert.equal(refused.message, 'API rate limit exceeded');
  assert.deepEqual(refused.headers, {
    'x-ratelimit-limit-minute': '2',
    'x-ratelimit-remaining-minute': '0',
    'x-ratelimit-limit-hour': '10',
    'x-ratelimit-remaining-hour': '8',
    'ratelimit-limit': '2',
    'ratelimit-remaining': '0',
    'ratelimit-reset': '45',
    'retry-after': '45',
  });
});

test('a refused request counts in no window', () => {
  const { ask, clock } = gateway({ second: 5, hour: 6 });
  for (let request = 0; request < 50; request += 1) ask();
  clock.ms += 1000;
  assert.deepEqual([ask().status, ask().status], [200, 429]);
  assert.equal(ask().headers['x-ratelimit-remaining-second'], '4');
});

test('hidden headers are hidden, also from refusals', () => {
  const { ask } = gateway({ minute: 1, hide_client_headers: true });
  assert.deepEqual(ask().headers, {});
  assert.deepEqual([ask().status, ask().headers], [429, {}]);
});

test('status and message of a refusal can be chosen', () => {
  const { ask } = gateway({ minute: 1, error_code: 503, error_message: 'later' });
  ask();
  const { status, message } = ask();
  assert.deepEqual([status, message], [503, 'later']);
});

test('a refusal says who used up what, and what to change', () => {
  const { ask } = gateway({ day: 1 });
  const allowed = ask().decision;
  const view = rateLimiting.describeCheck?.(check['limit.day'], allowed.facts, prepared(rateLimiting, { day: 1 }));
  assert.deepEqual(view, { seen: 'request 1 of address 192.0.2.1', expected: 'at most 1 in a day' });
  const { failure } = ask().decision;
  assert.equal(failure?.check, check['limit.day']);
  assert.equal(failure.seen, 'one more than 1 of address 192.0.2.1');
  assert.match(failure.hint, /config\.day/);
});

describe('limit_by', () => {
  const alice = { identity: testIdentity('alice') };
  const bob = { identity: testIdentity('bob') };
  const otherAddress = { clientAddress: '192.0.2.77' };
  const otherKey = { identity: testIdentity('alice', { credential: { id: 'another' } }) };
  const noConsumer = { identity: testIdentity('alice', { consumer: null }) };
  const rows: [string, Record<string, unknown>, TestRequest, TestRequest, 'together' | 'apart'][] = [
    ['consumer: one consumer with two credentials', {}, alice, otherKey, 'together'],
    ['consumer: two consumers', {}, alice, bob, 'apart'],
    ['consumer: from two addresses', {}, alice, { ...alice, ...otherAddress }, 'together'],
    ['consumer: a credential alone', {}, noConsumer, { ...noConsumer, ...otherAddress }, 'together'],
    ['consumer: nobody, from two addresses', {}, {}, otherAddress, 'apart'],
    ['credential: one consumer with two', { limit_by: 'credential' }, alice, otherKey, 'apart'],
    ['ip: two consumers at one address', { limit_by: 'ip' }, alice, bob, 'together'],
    ['ip: two addresses', { limit_by: 'ip' }, alice, { ...alice, ...otherAddress }, 'apart'],
    ['service: everybody', { limit_by: 'service' }, alice, { ...bob, ...otherAddress }, 'together'],
    [
      'header: one value',
      { limit_by: 'header', header_name: 'X-Tenant' },
      { headers: [['x-tenant', 'a']] },
      { headers: [['X-Tenant', 'a']], ...otherAddress },
      'together',
    ],
    [
      'header: two values',
      { limit_by: 'header', header_name: 'X-Tenant' },
      { headers: [['x-tenant', 'a']] },
      { headers: [['x-tenant', 'b']] },
      'apart',
    ],
    [
      'header: a value that reads like an address is none',
      { limit_by: 'header', header_name: 'X-Tenant' },
      { headers: [['x-tenant', '192.0.2.1']] },
      {},
      'apart',
    ],
    ['path: the path', { limit_by: 'path', path: '/a' }, { path: '/a' }, { path: '/a', ...otherAddress }, 'together'],
    [
      'path: another one, by address',
      { limit_by: 'path', path: '/a' },
      { path: '/b' },
      { path: '/b', ...otherAddress },
      'apart',
    ],
  ];
  for (const [title, config, first, second, expected] of rows) {
    test(`${title}: ${expected}`, () => {
      const { ask } = gateway({ hour: 1, ...config });
      assert.equal(ask(first).status, 200);
      assert.equal(ask(second).status, expected === 'together' ? 429 : 200);
    });
  }
});

describe('without room for a new counter', () => {
  const others = ['a', 'b', 'c'].map((name) => ({ clientAddress: name }));

  test('a tolerant configuration counts on', () => {
    const { ask } = gateway({ hour: 1 }, 2);
    for (const other of others) assert.equal(ask(other).status, 200);
    assert.equal(ask(others[2]).status, 429);
  });

  test('another one refuses with 500 and keeps nothing', () => {
    const { ask } = gateway({ minute: 1, hour: 1, fault_tolerant: false }, 3);
    assert.equal(ask(others[0]).status, 200);
    const { status, decision } = ask(others[1]);
    assert.equal(status, 500);
    assert.equal(decision.failure?.check, check['limit.counters']);
    assert.equal(ask(others[0]).status, 429);
  });
});

test('windows are those of the clock and the calendar, in UTC', () => {
  const window = (name: Parameters<typeof windowAt>[0], at: number) => {
    const { startMs, lengthMs } = windowAt(name, at);
    return [new Date(startMs).toISOString(), new Date(startMs + lengthMs).toISOString()];
  };
  const at = Date.UTC(2028, 1, 29, 23, 59, 59, 999);
  assert.deepEqual(window('second', at), ['2028-02-29T23:59:59.000Z', '2028-03-01T00:00:00.000Z']);
  assert.deepEqual(window('minute', at), ['2028-02-29T23:59:00.000Z', '2028-03-01T00:00:00.000Z']);
  assert.deepEqual(window('hour', at), ['2028-02-29T23:00:00.000Z', '2028-03-01T00:00:00.000Z']);
  assert.deepEqual(window('day', at), ['2028-02-29T00:00:00.000Z', '2028-03-01T00:00:00.000Z']);
  assert.deepEqual(window('month', at), ['2028-02-01T00:00:00.000Z', '2028-03-01T00:00:00.000Z']);
  assert.deepEqual(window('year', at), ['2028-01-01T00:00:00.000Z', '2029-01-01T00:00:00.000Z']);
});

test('faults of a configuration', () => {
  const faults = (config: Record<string, unknown>) => faultsOf(rateLimiting, config);
  assert.match(
    faults({}).join(),
    /^@entity: at least one of these fields must be non-empty: 'config\.second', 'config\.minute'/,
  );
  assert.deepEqual(faults({ second: 10, minute: 5 }), [
    ': The limit for minute(5.0) cannot be lower than the limit for second(10.0)',
  ]);
  assert.deepEqual(faults({ second: 10, minute: 10 }), []);
  assert.deepEqual(faults({ minute: 1, limit_by: 'header' }), [
    "@entity: failed conditional validation given value of field 'config.limit_by'",
    'header_name: required field missing',
  ]);
  assert.match(faults({ minute: 1, limit_by: 'path' }).join(), /path: required field missing/);
  assert.equal(faults({ minute: 0 }).length, 1);
  assert.equal(faults({ minute: 1, error_code: 99 }).length, 1);
});

test('what needs a database or Redis is refused by name', () => {
  for (const config of [
    { policy: 'cluster' },
    { policy: 'redis' },
    { redis: { host: 'r' } },
    { redis_host: 'r' },
    { sync_rate: 1 },
  ]) {
    const [fault, ...more] = faultsOf(rateLimiting, { minute: 1, ...config });
    assert.match(String(fault), /not supported/, JSON.stringify(config));
    assert.deepEqual(more, []);
  }
  const defaults = { policy: 'local', sync_rate: -1, redis: { port: 6379, timeout: 2000 } };
  assert.deepEqual(faultsOf(rateLimiting, { minute: 1, ...defaults }), []);
});
