import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { AdminClient } from '../support/admin-client.ts';
import { startSallyport, type TestGateway } from '../support/gateway.ts';
import { Load } from '../support/load.ts';
import { eventually, send } from '../support/wire.ts';
import { Backend } from './backend.ts';
import { type BalancingScene, startBalancingScene } from './scene.ts';

for (const workers of [1, 2]) {
  describe(`changes under load, workers: ${workers}`, () => {
    let scene: BalancingScene;
    let backends: Backend[];
    before(async () => {
      scene = await startBalancingScene(workers);
      backends = await scene.backends(3);
    });
    after(() => scene.stop());

    for (const algorithm of ['round-robin', 'least-connections', 'consistent-hashing', 'latency']) {
      test(`targets come and go, and no request is lost (${algorithm})`, async () => {
        const [a, b, c] = backends.map((backend) => backend.target);
        assert.ok(a !== undefined && b !== undefined && c !== undefined);
        const place = await scene.place({
          targets: [a],
          upstream: { algorithm, hash_on: algorithm === 'consistent-hashing' ? 'path' : 'none' },
        });
        const urls = Array.from({ length: 8 }, (_, index) => `${place.url}/${index}`);
        const load = new Load({ urls, lanes: 4, keepAlive: true });
        for (let round = 0; round < 6; round += 1) {
          await scene.addTarget(place.upstream, b);
          await scene.addTarget(place.upstream, [c, 1 + round]);
          await scene.admin.must('PATCH', `/upstreams/${place.upstream}`, { slots: 100 + round });
          const reached = load.answered + 40;
          await eventually('traffic flows', () => load.answered >= reached || load.failures.length > 0, 20_000);
          for (const gone of [b, c]) {
            await scene.admin.must('DELETE', `/upstreams/${place.upstream}/targets/${gone}`);
          }
        }
        await load.stop();
        assert.deepEqual(load.failures, []);
      });
    }

    test('a target that dies is taken out by probes, and no GET is lost', async () => {
      const [a, b] = backends;
      assert.ok(a !== undefined && b !== undefined);
      const place = await scene.place({
        targets: [a.target, b.target],
        upstream: {
          healthchecks: {
            active: {
              http_path: '/healthz',
              healthy: { interval: 0.2, successes: 1 },
              unhealthy: { interval: 0.2, tcp_failures: 1 },
            },
          },
        },
      });
      const load = new Load({ urls: [place.url], lanes: 4, keepAlive: true });
      for (let round = 0; round < 2; round += 1) {
        await eventually('both serve', async () => Object.keys(await scene.tally(place, 6)).length === 2, 20_000);
        await b.stop();
        await eventually('it is taken out', async () => (await scene.health(place))[b.target] === 'UNHEALTHY', 20_000);
        await b.start();
        await eventually('it comes back', async () => (await scene.health(place))[b.target] === 'HEALTHY', 20_000);
      }
      await load.stop();
      assert.deepEqual(load.failures, []);
    });

    test('an upstream used by its service from the moment it exists', async () => {
      for (let round = 0; round < 10; round += 1) {
        const place = await scene.place({ targets: [backends[0]?.target ?? ''] });
        assert.equal(await scene.ask(place), 'a');
      }
    });
  });

  describe(`starting with targets, workers: ${workers}`, () => {
    let gateway: TestGateway | undefined;
    const backend = new Backend('a');
    before(() => backend.start());
    after(() => backend.stop());
    afterEach(async () => {
      assert.equal(await gateway?.stop(), 0);
      gateway = undefined;
    });

    const ask = async (url: string) => (await send(url)).headers['x-backend'];

    test('a gateway that starts again serves what it served', async () => {
      const first = await startSallyport({ workers });
      const admin = new AdminClient(first.adminUrl);
      await admin.must('POST', '/upstreams', { name: 'kept' });
      await admin.must('POST', '/upstreams/kept/targets', { target: backend.target });
      await admin.must('POST', '/services', { name: 's', url: 'http://kept' });
      await admin.must('POST', '/services/s/routes', { paths: ['/kept'] });
      assert.equal(await first.stop(), 0);
      gateway = await startSallyport({ workers, prefix: first.prefix });
      assert.equal(await ask(`${gateway.proxyUrl}/kept`), 'a');
    });

    test('targets of a declarative file serve from the first request on', async () => {
      const config = {
        _format_version: '3.0',
        upstreams: [{ name: 'declared', targets: [{ target: backend.target }] }],
        services: [{ name: 's', url: 'http://declared', routes: [{ name: 'r', paths: ['/declared'] }] }],
      };
      const env = { KONG_DATABASE: 'off', KONG_DECLARATIVE_CONFIG_STRING: JSON.stringify(config) };
      gateway = await startSallyport({ workers, env });
      assert.equal(await ask(`${gateway.proxyUrl}/declared`), 'a');
    });
  });
}
