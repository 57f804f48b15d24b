import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PluginResponse } from '../../pdk/index.ts';
import { faultsOf, prepared, testAnswer, testContext } from '../../pdk/testing.ts';
import { cors } from './index.ts';

type Config = Record<string, unknown>;
type Pair = readonly [string, string];

/** Fields of an answer from the upstream to a request with this origin. */
function answerTo(config: Config, origin: string | undefined, upstream: readonly Pair[] = []): Record<string, string> {
  const context = testContext({ headers: origin === undefined ? [] : [['Origin', origin]] });
  const policy = prepared(cors, config);
  assert.equal(cors.access?.(context, policy), undefined);
  const answer = testAnswer(context, upstream);
  cors.headerFilter?.(answer, policy);
  return answer.fields();
}

function preflight(
  config: Config,
  more: readonly Pair[] = [],
): { answer?: PluginResponse; fields: Record<string, string> } {
  const context = testContext({
    method: 'OPTIONS',
    headers: [['Origin', 'https://a.com'], ['Access-Control-Request-Method', 'PUT'], ...more],
  });
  const policy = prepared(cors, config);
  const answer = cors.access?.(context, policy) as PluginResponse | undefined;
  const head = testAnswer(context, answer?.headers ?? []);
  cors.headerFilter?.(head, policy);
  return answer === undefined ? { fields: head.fields() } : { answer, fields: head.fields() };
}

const allowed = (config: Config, origin: string | undefined) => answerTo(config, origin)['access-control-allow-origin'];

describe('origins', () => {
  test('none configured, and `*`, let everybody in', () => {
    assert.deepEqual(answerTo({}, 'https://a.com'), { 'access-control-allow-origin': '*' });
    assert.deepEqual(answerTo({}, undefined), { 'access-control-allow-origin': '*' });
    assert.equal(allowed({ origins: ['*'] }, 'https://a.com'), '*');
    assert.equal(allowed({ origins: ['https://b.com', '*'] }, 'https://a.com'), '*');
  });

  test('a single exact origin is told whoever asks', () => {
    for (const origin of ['https://a.com', 'https://b.com', undefined]) {
      assert.deepEqual(answerTo({ origins: ['https://a.com'] }, origin), {
        'access-control-allow-origin': 'https://a.com',
      });
    }
  });

  const several = { origins: ['https://a.com', 'b.com', '.*\\.c\\.com', 'http://d\\.com(:80[0-9]{2})?'] };
  for (const [origin, answer] of [
    ['https://a.com', true],
    ['https://A.com', true],
    ['https://a.com:443', true],
    ['http://a.com', false],
    ['https://a.com:8443', false],
    ['https://b.com', true],
    ['http://b.com:9000', true],
    ['https://xb.com', false],
    ['https://b.com.evil.org', false],
    ['https://x.c.com', true],
    ['https://c.com', false],
    ['https://x.c.com.evil.org', false],
    ['https://xc.com', false],
    ['http://d.com', true],
    ['http://d.com:8012', true],
    ['http://d.com:9012', false],
    ['http://dxcom', false],
    ['null', false],
    ['garbage', false],
  ] as const) {
    test(`of several, ${origin} ${answer ? 'is told again' : 'gets none'}, and caches know`, () => {
      const fields = answerTo(several, origin);
      assert.equal(fields['access-control-allow-origin'], answer ? origin : undefined);
      assert.equal(fields['vary'], 'Origin');
    });
  }

  test('a single regex is no exact origin', () => {
    assert.equal(allowed({ origins: ['https?://a\\.com'] }, 'http://a.com'), 'http://a.com');
    assert.equal(allowed({ origins: ['https?://a\\.com'] }, 'http://b.com'), undefined);
  });

  test('`null` gets in by an entry that names it, never by a pattern', () => {
    assert.equal(allowed({ origins: ['.*', 'b.com'] }, 'null'), undefined);
    assert.equal(allowed({ origins: ['null', 'b.com'] }, 'null'), 'null');
  });

  test('what an upstream says of origins is replaced, its Vary is kept', () => {
    const fields = answerTo(several, 'https://evil.org', [
      ['Access-Control-Allow-Origin', '*'],
      ['Vary', 'Accept, origin'],
    ]);
    assert.deepEqual(fields, { vary: 'Accept, origin' });
  });
});

test('credentials: `*` becomes the origin that asks', () => {
  const credentials = true;
  assert.deepEqual(answerTo({ credentials }, 'https://a.com'), {
    vary: 'Origin',
    'access-control-allow-origin': 'https://a.com',
    'access-control-allow-credentials': 'true',
  });
  assert.deepEqual(answerTo({ credentials }, undefined), { 'access-control-allow-origin': '*' });
  assert.equal(
    answerTo({ credentials, origins: ['https://a.com'] }, 'https://x.org')['access-control-allow-credentials'],
    'true',
  );
});

test('exposed headers are told with real answers', () => {
  const fields = answerTo({ exposed_headers: ['X-A', 'X-B'] }, 'https://a.com');
  assert.equal(fields['access-control-expose-headers'], 'X-A,X-B');
});

describe('preflights', () => {
  test('are answered with 200 and nothing else', () => {
    const { answer, fields } = preflight({});
    assert.equal(answer?.status, 200);
    assert.deepEqual(answer.body, { contentType: '', bytes: '' });
    assert.deepEqual(fields, {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS,TRACE,CONNECT',
    });
  });

  test('hear which headers, methods and for how long', () => {
    const { fields } = preflight({ headers: ['X-A', 'X-B'], methods: ['GET', 'PUT'], max_age: 60 }, [
      ['Access-Control-Request-Headers', 'x-asked'],
    ]);
    assert.equal(fields['access-control-allow-headers'], 'X-A,X-B');
    assert.equal(fields['access-control-allow-methods'], 'GET,PUT');
    assert.equal(fields['access-control-max-age'], '60');
    const asked = preflight({}, [['Access-Control-Request-Headers', 'x-asked']]).fields;
    assert.equal(asked['access-control-allow-headers'], 'x-asked');
  });

  test('hear of private networks only where both sides want it', () => {
    const asks: Pair[] = [['Access-Control-Request-Private-Network', 'true']];
    const name = 'access-control-allow-private-network';
    assert.equal(preflight({ private_network: true }, asks).fields[name], 'true');
    assert.equal(preflight({ private_network: true }).fields[name], undefined);
    assert.equal(preflight({}, asks).fields[name], undefined);
  });

  test('go on untouched when the upstream is to answer', () => {
    assert.deepEqual(preflight({ preflight_continue: true, credentials: true }), { fields: {} });
  });

  test('are OPTIONS with both headers; other OPTIONS go on', () => {
    for (const headers of [[], [['Origin', 'https://a.com']], [['Access-Control-Request-Method', 'PUT']]] as Pair[][]) {
      assert.equal(cors.access?.(testContext({ method: 'OPTIONS', headers }), prepared(cors, {})), undefined);
    }
    const headers: Pair[] = [
      ['Origin', 'https://a.com'],
      ['Access-Control-Request-Method', 'PUT'],
    ];
    assert.equal(cors.access?.(testContext({ method: 'PUT', headers }), prepared(cors, {})), undefined);
  });
});

test('faults of a configuration', () => {
  assert.deepEqual(faultsOf(cors, { origins: ['*', 'https://(a'] }), ["origins.2: 'https://(a' is not a valid regex"]);
  assert.match(faultsOf(cors, { methods: ['BREW'] }).join(), /^methods\.1: expected one of/);
  assert.match(faultsOf(cors, { exposed_headers: ['a\r\nb'] }).join(), /exposed_headers\.1/);
  assert.match(faultsOf(cors, { max_age: -1 }).join(), /max_age/);
});
