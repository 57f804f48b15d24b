import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../support/gateway.ts';
import { type HeaderScene, type Pairs, startHeaderScene } from './scene.ts';

const own = {
  server: /^sallyport\/\S+$/,
  via: /^1\.1 sallyport\/\S+$/,
  'x-kong-upstream-latency': /^\d+$/,
  'x-kong-proxy-latency': /^\d+$/,
  'x-kong-response-latency': /^\d+$/,
  'x-kong-upstream-status': /^\d+$/,
  'x-kong-request-id': /^[0-9a-f]{32}$/,
} as const;
type Own = keyof typeof own;
const latencies: Own[] = ['x-kong-upstream-latency', 'x-kong-proxy-latency', 'x-kong-response-latency'];

/** Values of `headers`, and what is on a proxied answer and on one of the gateway's own; unit tests have more. */
const settings: Readonly<Record<string, readonly Own[]>> = {
  'Server_Tokens, latency_tokens, X-Kong-Upstream-Status': ['server', 'via', ...latencies, 'x-kong-upstream-status'],
  'X-Kong-Proxy-Latency,x-kong-request-id': ['x-kong-proxy-latency', 'x-kong-request-id'],
};
const onlyProxied = new Set<Own>(['via', 'x-kong-upstream-latency', 'x-kong-proxy-latency', 'x-kong-upstream-status']);
const onlyOwn = new Set<Own>(['server', 'x-kong-response-latency']);

function assertOwn(headers: Readonly<Record<string, string>>, expected: ReadonlySet<Own>): void {
  for (const name of Object.keys(own) as Own[]) {
    if (expected.has(name)) assert.match(headers[name] ?? '', own[name], name);
    else assert.equal(headers[name], undefined, name);
  }
}

/** Fields of the upstream's answer, and what the client must get of them. */
const passed: readonly (readonly [string, Pairs, Readonly<Record<string, string | undefined>>])[] = [
  [
    'end-to-end fields',
    [
      ['X-A', '1'],
      ['X-A', '2'],
    ],
    { 'x-a': '1, 2' },
  ],
  ["Server stays the upstream's", [['Server', 'up/1']], { server: 'up/1' }],
  [
    'cookies stay apart',
    [
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
    ],
    { 'set-cookie': 'a=1, b=2' },
  ],
  ['Keep-Alive', [['Keep-Alive', 'timeout=7']], { 'keep-alive': undefined }],
  ['Proxy-Connection', [['Proxy-Connection', 'close']], { 'proxy-connection': undefined }],
  ['Upgrade that nobody asked for', [['Upgrade', 'h2c']], { upgrade: undefined }],
  ['Trailer that the client cannot read', [['Trailer', 'X-T']], { trailer: undefined }],
  [
    'named in Connection',
    [
      ['Connection', 'X-Hop'],
      ['X-Hop', '1'],
    ],
    { 'x-hop': undefined },
  ],
  [
    'named there in another case',
    [
      ['connection', 'x-hOP, close'],
      ['X-Hop', '1'],
    ],
    { 'x-hop': undefined },
  ],
  ...[
    'Set-Cookie',
    'Strict-Transport-Security',
    'Content-Security-Policy',
    'X-Frame-Options',
    'Cache-Control',
    'WWW-Authenticate',
    'Access-Control-Allow-Origin',
    'Vary',
    'Location',
    'Content-Type',
    'ETag',
  ].map((name): (typeof passed)[number] => [
    `Connection cannot make ${name} disappear`,
    [
      ['Connection', name],
      [name, 'kept'],
    ],
    { [name.toLowerCase()]: 'kept' },
  ]),
  [
    'a request id of the upstream',
    [['X-Kong-Request-Id', 'forged']],
    { 'x-kong-request-id': own['x-kong-request-id'].source },
  ],
  [
    'a latency of the upstream',
    [['X-Kong-Proxy-Latency', 'forged']],
    { 'x-kong-proxy-latency': own['x-kong-proxy-latency'].source },
  ],
  [
    'Via grows',
    [
      ['Via', '1.0 up'],
      ['Via', '1.1 cache'],
    ],
    { via: '^1\\.0 up, 1\\.1 cache, 1\\.1 sallyport/\\S+$' },
  ],
  ['debug fields are not invented', [], { 'kong-route-id': undefined, 'kong-service-id': undefined }],
];

for (const workers of [1, 2]) {
  describe(`headers to the client, workers: ${workers}`, () => {
    let scene: HeaderScene;
    before(async () => {
      scene = await startHeaderScene(workers);
      await scene.route('plain');
      for (const status of [426, 301, 302, 307, 308]) {
        await scene.route(`secure-${status}`, { protocols: ['https'], https_redirect_status_code: status });
      }
    });
    after(() => scene.stop());

    for (const [name, headers, expected] of passed) {
      test(`of the upstream's fields: ${name}`, async () => {
        const { answer } = await scene.ask('/plain', { reply: { headers } });
        assert.equal(answer.status, 200);
        for (const [field, value] of Object.entries(expected)) {
          if (value?.startsWith('^')) assert.match(answer.headers[field] ?? '', new RegExp(value), field);
          else assert.equal(answer.headers[field], value, field);
        }
      });
    }

    test('Trailer is passed to a client that reads trailers', async () => {
      const { answer } = await scene.ask('/plain', {
        headers: [['TE', 'trailers']],
        reply: { headers: [['Trailer', 'X-T']] },
      });
      assert.equal(answer.headers['trailer'], 'X-T');
    });

    test('client and upstream get the same request id, another one each time', async () => {
      const [first, second] = [await scene.ask('/plain'), await scene.ask('/plain')];
      assert.equal(first.answer.requestId, first.seen?.header('x-kong-request-id'));
      assert.notEqual(first.answer.requestId, second.answer.requestId);
    });

    test('an error of the upstream passes as it is, whatever the client accepts', async () => {
      for (const status of [400, 404, 418, 500, 503]) {
        const { answer } = await scene.ask('/plain', {
          headers: [['Accept', 'text/html']],
          reply: { status, headers: [['Content-Type', 'text/x']], body: 'as it is' },
        });
        assert.deepEqual([answer.status, answer.text, answer.headers['content-type']], [status, 'as it is', 'text/x']);
      }
    });

    test('the Admin API tells who it is and how long it took', async () => {
      const { headers } = await scene.admin.get('/services');
      assert.match(headers.get('server') ?? '', own.server);
      assert.match(headers.get('x-kong-admin-latency') ?? '', /^\d+$/);
    });

    test('Kong-Debug is no question unless it is allowed', async () => {
      const { answer } = await scene.ask('/plain', { headers: [['Kong-Debug', '1']] });
      assert.equal(answer.headers['kong-route-name'], undefined);
    });

    test('plain http on an https route asks for an upgrade', async () => {
      const { answer, seen } = await scene.ask('/secure-426/x?y=1');
      assert.equal(answer.status, 426);
      assert.equal(answer.message, 'Please use HTTPS protocol');
      assert.match(answer.headers['connection'] ?? '', /upgrade/i);
      assert.equal(answer.headers['upgrade'], 'TLS/1.2, HTTP/1.1');
      assert.equal(seen, undefined);
    });

    for (const status of [301, 302, 307, 308]) {
      test(`plain http on an https route is redirected with ${status}`, async () => {
        const { answer, seen } = await scene.ask(`/secure-${status}/%61//b?y=1&z`, {
          headers: [
            ['Host', 'Shop.test:8000'],
            ['X-Forwarded-Host', 'evil.test'],
            ['X-Forwarded-Proto', 'https'],
          ],
        });
        assert.equal(answer.status, status);
        assert.equal(answer.headers['location'], `https://shop.test/secure-${status}/%61//b?y=1&z`);
        assert.equal(answer.text, '');
        assert.equal(seen, undefined);
      });
    }
  });

  describe(`the setting headers, workers: ${workers}`, () => {
    // Each value takes a gateway of its own; what several workers could get wrong shows with one of them.
    for (const [value, names] of Object.entries(settings).slice(0, workers === 1 ? undefined : 1)) {
      test(`"${value}" adds what it says, and nothing else`, async () => {
        const scene = await startHeaderScene(workers, { KONG_HEADERS: value });
        try {
          await scene.route('plain');
          const proxied = await scene.ask('/plain', { reply: { status: 201 } });
          assert.equal(proxied.answer.status, 201);
          assertOwn(proxied.answer.headers, new Set(names.filter((name) => !onlyOwn.has(name))));
          const refused = await scene.ask('/nowhere');
          assert.equal(refused.answer.status, 404);
          assertOwn(refused.answer.headers, new Set(names.filter((name) => !onlyProxied.has(name))));
          if (names.includes('x-kong-upstream-status')) {
            assert.equal(proxied.answer.headers['x-kong-upstream-status'], '201');
          }
        } finally {
          await scene.stop();
        }
      });
    }
  });

  describe(`settings about single requests, workers: ${workers}`, () => {
    let scene: HeaderScene;
    const port = freePort();
    before(async () => {
      scene = await startHeaderScene(workers, {
        KONG_HEADERS: 'off',
        KONG_HEADERS_UPSTREAM: 'off',
        KONG_ALLOW_DEBUG_HEADER: 'on',
        KONG_TRUSTED_IPS: '127.0.0.1',
        SALLYPORT_PROXY_LISTEN: `127.0.0.1:${await port}`,
        KONG_PORT_MAPS: `80:${await port}, 443:1`,
      });
      await scene.route('plain');
      await scene.route('moved', { protocols: ['https'], https_redirect_status_code: 308 });
      await scene.admin.must('POST', '/routes', { name: 'lonely', paths: ['/lonely'] });
    });
    after(() => scene.stop());
    const ask = (path: string, question: Parameters<HeaderScene['ask']>[1] = {}) => scene.askAt(port, path, question);

    test("headers_upstream=off keeps the id to itself, and the client's own does not take its place", async () => {
      const { seen } = await ask('/plain', { headers: [['X-Kong-Request-Id', 'forged']] });
      assert.equal(seen?.header('x-kong-request-id'), undefined);
    });

    test('headers=off is followed by the Admin API', async () => {
      const { headers } = await scene.admin.get('/services');
      assert.equal(headers.get('server'), null);
      assert.equal(headers.get('x-kong-admin-latency'), null);
    });

    test('headers=off leaves what an inner gateway said', async () => {
      const headers: Pairs = [
        ['X-Kong-Proxy-Latency', '7'],
        ['Via', '1.1 inner'],
      ];
      const { answer } = await ask('/plain', { reply: { headers } });
      assert.equal(answer.headers['x-kong-proxy-latency'], '7');
      assert.equal(answer.headers['via'], '1.1 inner');
    });

    test('port_maps: the published port is told', async () => {
      assert.equal((await ask('/plain')).seen?.header('x-forwarded-port'), '80');
    });

    test('Kong-Debug: 1 tells route and service, on answers of the upstream and of the gateway', async () => {
      const { answer } = await ask('/plain', { headers: [['Kong-Debug', '1']] });
      assert.equal(answer.headers['kong-route-name'], 'plain');
      assert.equal(answer.headers['kong-service-name'], 'plain');
      assert.match(answer.headers['kong-route-id'] ?? '', /^[0-9a-f-]{36}$/);
      assert.match(answer.headers['kong-service-id'] ?? '', /^[0-9a-f-]{36}$/);
      const lonely = await ask('/lonely', { headers: [['Kong-Debug', '1']] });
      assert.equal(lonely.answer.status, 503);
      assert.equal(lonely.answer.headers['kong-route-name'], 'lonely');
      assert.equal(lonely.answer.headers['kong-service-name'], undefined);
      for (const value of ['0', 'true', '']) {
        const silent = await ask('/plain', { headers: [['Kong-Debug', value]] });
        assert.equal(silent.answer.headers['kong-route-name'], undefined, value);
      }
    });

    for (const [told, expected] of [
      ['public.test', 'public.test'],
      ['public.test:8443', 'public.test'],
      ['evil.test, public.test', 'public.test'],
      ['[2001:db8::1]:8443', '[2001:db8::1]'],
      ['evil.test/path', 'gw.test'],
      ['user@evil.test', 'gw.test'],
      ['evil.test#', 'gw.test'],
      ['', 'gw.test'],
    ] as const) {
      test(`a redirect for a trusted peer that tells the host "${told}" goes to ${expected}`, async () => {
        const { answer } = await ask('/moved/a?b', { headers: [['X-Forwarded-Host', told]] });
        assert.equal(answer.status, 308);
        assert.equal(answer.headers['location'], `https://${expected}/moved/a?b`);
      });
    }
  });
}
