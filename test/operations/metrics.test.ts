import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type EchoUpstream, startEcho } from '../../src/dev/echo.ts';
import { AdminClient } from '../support/admin-client.ts';
import { freePort, startSallyport, type TestGateway, temporaryPrefix } from '../support/gateway.ts';
import { Load } from '../support/load.ts';
import { eventually, send } from '../support/wire.ts';
import { metricOf } from './support.ts';

const crashOnDemand = new URL('./crash-on-demand.ts', import.meta.url).href;

for (const workers of [1, 2]) {
  describe(`metrics, workers: ${workers}`, () => {
    const prefix = temporaryPrefix();
    const crashFile = join(prefix, 'crash');
    let gateway: TestGateway;
    let echo: EchoUpstream;
    let admin: AdminClient;
    let statusUrl: string;
    before(async () => {
      const statusPort = await freePort();
      statusUrl = `http://127.0.0.1:${statusPort}`;
      [gateway, echo] = await Promise.all([
        startSallyport({
          workers,
          prefix,
          env: {
            SALLYPORT_STATUS_LISTEN: `127.0.0.1:${statusPort}`,
            SALLYPORT_METRICS_PER_CONSUMER: 'on',
            NODE_OPTIONS: `--import=${crashOnDemand}`,
            TEST_CRASH_FILE: crashFile,
          },
        }),
        startEcho(),
      ]);
      admin = new AdminClient(gateway.adminUrl);
      await admin.must('POST', '/services', { name: 'things', url: echo.url });
      await admin.must('POST', '/services/things/routes', { name: 'open', paths: ['/open'] });
      await admin.must('POST', '/services/things/routes', { name: 'guarded', paths: ['/guarded'] });
      await admin.must('POST', '/routes/guarded/plugins', { name: 'key-auth' });
      await admin.must('POST', '/consumers', { username: 'ann' });
      await admin.must('POST', '/consumers/ann/key-auth', { key: 'key-of-ann' });
    });
    after(async () => {
      await Promise.all([gateway.stop(), echo.stop()]);
    });

    test('requests, bytes and latencies are counted by service, route, status and source', async () => {
      for (let time = 0; time < 5; time += 1) await send(`${gateway.proxyUrl}/open`);
      await send(`${gateway.proxyUrl}/guarded`);
      await send(`${gateway.proxyUrl}/nowhere`);
      await send(`${gateway.proxyUrl}/guarded`, { headers: [['apikey', 'key-of-ann']] });
      const count = (labels: Record<string, string>) => metricOf(gateway.adminUrl, 'kong_http_requests_total', labels);
      await eventually('the last request is counted', async () => (await count({ consumer: 'ann' })) === 1);
      assert.equal(await count({ service: 'things', route: 'open', code: '200', source: 'service' }), 5);
      assert.equal(await count({ service: 'things', route: 'guarded', code: '401', source: 'exit' }), 1);
      assert.equal(await count({ service: '', route: '', code: '404', source: 'exit' }), 1);
      assert.equal(await metricOf(gateway.adminUrl, 'kong_request_latency_ms_count', { route: 'open' }), 5);
      assert.equal(await metricOf(gateway.adminUrl, 'kong_upstream_latency_ms_count', { route: 'open' }), 5);
      assert.equal(await metricOf(gateway.adminUrl, 'kong_kong_latency_ms_count', { route: 'guarded' }), 2);
      assert.ok(
        (await metricOf(gateway.adminUrl, 'kong_bandwidth_bytes', { route: 'open', direction: 'egress' })) > 500,
      );
      assert.ok(
        (await metricOf(gateway.adminUrl, 'kong_bandwidth_bytes', { route: 'open', direction: 'ingress' })) > 100,
      );
    });

    test('the node tells its version, store, workers, connections and revision', async () => {
      assert.equal(await metricOf(gateway.adminUrl, 'kong_node_info'), 1);
      assert.equal(await metricOf(gateway.adminUrl, 'kong_datastore_reachable'), 1);
      assert.equal(await metricOf(gateway.adminUrl, 'sallyport_workers'), workers);
      assert.ok((await metricOf(gateway.adminUrl, 'kong_memory_workers_lua_vms_bytes')) > 1_000_000 * workers);
      assert.ok((await metricOf(gateway.adminUrl, 'kong_nginx_connections_total', { state: 'accepted' })) >= 8);
      const revision = (where: string) => metricOf(gateway.adminUrl, 'sallyport_config_revision', { where });
      assert.ok((await revision('store')) > 0);
      assert.equal(await revision('workers'), await revision('store'));
      assert.equal(await metricOf(gateway.adminUrl, 'sallyport_worker_restarts_total'), 0);
    });

    test('a message that never became a request is counted', async () => {
      await send(`${gateway.proxyUrl}/open`, { headers: [['Bad header', 'x']] });
      await eventually('the refusal is counted', async () => {
        return (await metricOf(gateway.adminUrl, 'sallyport_refused_messages_total')) === 1;
      });
    });

    test('verdicts of plugins are counted with the check that refused', async () => {
      const name = 'sallyport_decisions_total';
      assert.equal(await metricOf(gateway.adminUrl, name, { plugin: 'key-auth', verdict: 'allowed' }), 1);
      assert.equal(await metricOf(gateway.adminUrl, name, { plugin: 'key-auth', verdict: 'refused' }), 1);
    });

    test('health of targets is told by upstream, target and address', async () => {
      await admin.must('POST', '/upstreams', { name: 'pool.internal' });
      await admin.must('POST', '/upstreams/pool.internal/targets', { target: `127.0.0.1:${echo.port}` });
      const labels = { upstream: 'pool.internal', target: `127.0.0.1:${echo.port}`, state: 'healthchecks_off' };
      await eventually('the target is there', async () => {
        return (await metricOf(gateway.adminUrl, 'kong_upstream_target_health', labels)) === 1;
      });
    });

    test('the status listener has the same metrics, in the form of Prometheus', async () => {
      const answer = await fetch(`${statusUrl}/metrics`);
      assert.equal(answer.status, 200);
      assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
      const text = await answer.text();
      assert.match(text, /^kong_http_requests_total\{service="things",route="open",code="200"/m);
      for (const line of text.split('\n')) {
        assert.match(line, /^(|# (HELP|TYPE) .*|[a-z_]+(\{([a-z_]+="[^"]*",?)*\})? (\+Inf|NaN|-?[0-9.e+-]+))$/, line);
      }
      assert.ok(!text.includes('key-of-ann'));
    });

    test('what a crashed worker had counted stays, and its replacement counts on', async () => {
      const load = new Load({ urls: [`${gateway.proxyUrl}/open`], lanes: 4, keepAlive: false });
      await eventually('load is counted', () => load.answered > 100);
      await load.stop();
      const count = () => metricOf(gateway.adminUrl, 'kong_http_requests_total', { route: 'open', code: '200' });
      const expected = 5 + load.answered;
      await eventually('every request is counted', async () => (await count()) === expected);
      writeFileSync(crashFile, '');
      await eventually(
        'a worker was replaced',
        async () => {
          return (
            (await metricOf(gateway.adminUrl, 'sallyport_worker_restarts_total')) === 1 &&
            (await metricOf(gateway.adminUrl, 'sallyport_workers')) === workers
          );
        },
        15_000,
      );
      assert.equal(await count(), expected);
      const total = (await admin.get('/status')).body?.['server']?.['total_requests'];
      assert.ok(Number(total) >= expected, `total_requests ${total} is less than before the crash`);
      for (let time = 0; time < 10; time += 1) await send(`${gateway.proxyUrl}/open`);
      await eventually('further requests are added', async () => (await count()) === expected + 10);
    });
  });
}
