import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { accessLogFieldNames, defaultAccessLogFields } from '../../src/base/access-log-names.ts';
import { loadSettings } from '../../src/settings/load-settings.ts';
import { freePort, temporaryPrefix } from '../support/gateway.ts';
import { eventually } from '../support/wire.ts';
import { type HeaderScene, type Pairs, startHeaderScene } from './scene.ts';

type Line = Record<string, unknown>;

const secret = 'Very-Secret-Value';
const extra = [
  'request_header.X-Tenant',
  'request_header.Authorization',
  'request_header.Cookie',
  'request_header.X-Door',
  'request_header.X-Added',
  'response_header.Content-Type',
  'response_header.X-Kong-Request-Id',
  'query.page',
  'query.door',
  'query.x-door',
];
const isMs = (value: unknown) => typeof value === 'number' && value >= 0 && value < 60_000;

for (const workers of [1, 2]) {
  describe(`the access log, workers: ${workers}`, () => {
    let scene: HeaderScene;
    let usual: HeaderScene;
    before(async () => {
      const fields = [...Object.keys(accessLogFieldNames), ...extra].join(', ');
      [scene, usual] = await Promise.all([
        startHeaderScene(workers, { SALLYPORT_PROXY_ACCESS_LOG_FIELDS: fields, KONG_TRUSTED_IPS: '127.0.0.1' }),
        startHeaderScene(workers),
      ]);
      await usual.route('plain');
      await scene.route('plain');
      await scene.route('guarded');
      await scene.route('dead', {}, { url: `http://127.0.0.1:${await freePort()}`, retries: 2 });
      const { admin } = scene;
      await admin.must('POST', '/consumers', { username: 'ann' });
      await admin.must('POST', '/consumers/ann/key-auth', { key: secret });
      await admin.must('POST', '/routes/guarded/plugins', {
        name: 'key-auth',
        config: { key_names: ['x-door', 'door'], hide_credentials: false },
      });
      await admin.must('POST', '/routes/guarded/plugins', {
        name: 'correlation-id',
        config: { header_name: 'X-Added', generator: 'uuid' },
      });
    });
    after(async () => {
      assert.ok(!scene.gateway.accessLog().includes(secret));
      await Promise.all([scene.stop(), usual.stop()]);
    });

    /** The line of one request, looked up by its id. */
    const lineOf = async (of: HeaderScene, requestId: string): Promise<Line> => {
      let line: Line | undefined;
      await eventually('the line is written', () => {
        line = of.lines().find((candidate) => candidate['request_id'] === requestId);
        return line !== undefined;
      });
      return line ?? {};
    };
    const ask = async (path: string, question: Parameters<HeaderScene['ask']>[1] = {}) => {
      const { answer } = await scene.ask(path, question);
      return { answer, line: await lineOf(scene, answer.requestId) };
    };

    test('has the fields that are asked for, in their order', async () => {
      const { line } = await ask('/plain');
      assert.deepEqual(Object.keys(line), [...Object.keys(accessLogFieldNames), ...extra]);
    });

    test('has the usual fields where none are asked for', async () => {
      const { answer } = await usual.ask(`/plain/a?access_token=${secret}`, { headers: [['Authorization', secret]] });
      const line = await lineOf(usual, answer.requestId);
      assert.deepEqual(Object.keys(line), [...defaultAccessLogFields]);
      assert.equal(line['path'], '/plain/a');
      assert.equal(line['consumer'], null);
      assert.ok(!usual.gateway.accessLog().includes(secret));
    });

    test('tells what was asked and what became of it', async () => {
      const { answer, line } = await ask('/plain/%C3%A9?page=7&b=2', {
        method: 'POST',
        body: 'hello',
        headers: [
          ['Host', 'Shop.test:81'],
          ['User-Agent', 'a "quoted" agent'],
          ['X-Real-IP', '192.0.2.9'],
          ['X-Tenant', 'blue'],
        ],
        reply: { status: 201, headers: [['Content-Type', 'text/x']], body: 'done' },
      });
      assert.equal(answer.status, 201);
      const { at, peer, bytes_in, bytes_out, ms_total, ms_plugins, ms_upstream, ms_gateway, route_id, service_id } =
        line;
      assert.ok(Math.abs(Date.parse(String(at)) - Date.now()) < 60_000);
      assert.match(String(peer), /^127\.0\.0\.1:\d+$/);
      assert.ok(Number(bytes_in) > 100 && Number(bytes_out) > 100, JSON.stringify(line));
      for (const ms of [ms_total, ms_plugins, ms_upstream, ms_gateway]) assert.ok(isMs(ms), JSON.stringify(line));
      for (const id of [route_id, service_id]) assert.match(String(id), /^[0-9a-f-]{36}$/);
      const expected = {
        client: '192.0.2.9',
        scheme: 'http',
        version: '1.1',
        method: 'POST',
        host: 'shop.test:81',
        path: '/plain/%C3%A9',
        query: 'page=***&b=***',
        status: 201,
        source: 'upstream',
        route: 'plain',
        service: 'plain',
        consumer: null,
        consumer_username: null,
        credential: null,
        upstream: `127.0.0.1:${scene.upstreamPort}`,
        upstream_status: 201,
        tries: 1,
        tls_version: null,
        sni: null,
        user_agent: 'a "quoted" agent',
        correlation_id: null,
        'request_header.X-Tenant': 'blue',
        'request_header.Authorization': null,
        'response_header.Content-Type': 'text/x',
        'response_header.X-Kong-Request-Id': answer.requestId,
        'query.page': '7',
      };
      for (const [name, value] of Object.entries(expected)) assert.equal(line[name], value, name);
    });

    test('tells who called and which id the request was given, never the credential', async () => {
      const { answer, line } = await ask(`/guarded?x-door=${secret}`, { headers: [['x-door', secret]] });
      assert.equal(answer.status, 200);
      assert.equal(line['consumer_username'], 'ann');
      assert.match(String(line['consumer']), /^[0-9a-f-]{36}$/);
      assert.match(String(line['credential']), /^[0-9a-f-]{36}$/);
      assert.notEqual(line['credential'], line['consumer']);
      assert.match(String(line['correlation_id']), /^[0-9a-f-]{36}$/);
      assert.equal(line['request_header.X-Added'], line['correlation_id']);
      assert.equal(line['request_header.X-Door'], '***');
      assert.equal(line['query.x-door'], '***');
      assert.ok(isMs(line['ms_plugins']));
    });

    test('masks every value of a query, and fields that are credentials by their names', async () => {
      const query = `access_token=${secret}&client_secret=${secret}&x=${secret}&${secret}&door=1`;
      const { line } = await ask(`/plain?${query}`, {
        headers: [
          ['Authorization', `Bearer ${secret}`],
          ['Cookie', `session=${secret}`],
        ],
      });
      assert.equal(line['query'], 'access_token=***&client_secret=***&x=***&***&door=***');
      assert.equal(line['request_header.Authorization'], '***');
      assert.equal(line['request_header.Cookie'], '***');
      assert.equal(line['query.door'], '1', 'nobody takes it for a credential on this route');
      const guarded = await ask(`/guarded?door=${secret}`);
      assert.equal(guarded.answer.status, 200);
      assert.equal(guarded.line['query.door'], '***');
    });

    test('tells refusals and what is not found', async () => {
      const refused = await ask('/guarded');
      assert.equal(refused.answer.status, 401);
      const { status, source, route, upstream, tries, upstream_status } = refused.line;
      assert.deepEqual([status, source, route, upstream, tries], [401, 'gateway', 'guarded', null, 0]);
      assert.equal(upstream_status, null);
      const missing = await ask('/nowhere');
      assert.deepEqual([missing.line['status'], missing.line['route'], missing.line['service']], [404, null, null]);
      assert.equal(missing.line['query'], null);
    });

    test('tells every try of a request that no upstream took', async () => {
      const { answer, line } = await ask('/dead');
      assert.equal(answer.status, 502);
      assert.equal(line['tries'], 3);
      assert.match(String(line['upstream']), /^127\.0\.0\.1:\d+$/);
      assert.equal(line['source'], 'gateway');
    });

    test('a line stays one line, and control characters are spelled out', async () => {
      const headers: Pairs = [
        ['User-Agent', 'a\u00c2\u009b31mb'],
        ['X-Tenant', 'caf\u00c3\u00a9'],
      ];
      const { line } = await ask('/plain/%0a%22%5c/x', { headers });
      assert.equal(line['path'], '/plain/%0A%22%5C/x');
      assert.equal(line['request_header.X-Tenant'], 'café');
      assert.ok(!/[\u007f-\u009f]/.test(scene.gateway.accessLog()));
    });

    test('tells version and server name of TLS', async () => {
      const requestId = await new Promise<string>((resolve, reject) => {
        const socket = connectTls({
          host: '127.0.0.1',
          port: scene.tlsPort,
          servername: 'shop.test',
          rejectUnauthorized: false,
        });
        socket.once('error', reject);
        socket.once('data', (bytes) => {
          resolve(/x-kong-request-id: (\w+)/i.exec(bytes.toString('latin1'))?.[1] ?? '');
          socket.destroy();
        });
        socket.write('GET /plain HTTP/1.1\r\nHost: shop.test\r\n\r\n');
      });
      const line = await lineOf(scene, requestId);
      assert.deepEqual([line['scheme'], line['tls_version'], line['sni']], ['https', 'TLSv1.3', 'shop.test']);
    });
  });
}

describe('proxy_access_log_fields', () => {
  const load = (fields: string) =>
    loadSettings({
      mode: 'start',
      env: { SALLYPORT_PREFIX: temporaryPrefix(), SALLYPORT_PROXY_ACCESS_LOG_FIELDS: fields },
      confFiles: [],
    });

  test('a name that is no field stops the start', () => {
    for (const field of ['pth', 'AT', 'header.x', 'request_header.', 'request_header.a b', 'query.', 'toString']) {
      const loaded = load(`at, ${field}`);
      assert.equal(loaded.kind, 'faults', field);
      assert.match(loaded.kind === 'faults' ? loaded.faults.join() : '', /proxy_access_log_fields/);
    }
  });

  test('an argument that is a credential by its name cannot be asked for', () => {
    for (const name of ['access_token', 'client_secret', 'apikey', 'api_key', 'token', 'password', 'code', 'key']) {
      assert.equal(load(`query.${name}`).kind, 'faults', name);
    }
    for (const name of ['page', 'limit', 'keyboard', 'sort_by', 'monkey'])
      assert.equal(load(`query.${name}`).kind, 'ok', name);
  });
});
