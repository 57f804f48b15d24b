import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../support/gateway.ts';
import { Load } from '../support/load.ts';
import { type Protected, type Scene, startScene } from '../support/scene.ts';
import { eventually, isClosed } from '../support/wire.ts';

const changes = 500;

for (const workers of [1, 2]) {
  describe(`changes of routes and plugins during load, workers: ${workers}`, () => {
    let scene: Scene;
    before(async () => {
      scene = await startScene({ workers });
    });
    after(() => scene.stop());

    /** One life of a route and its plugin; the change is in force when its answer arrives. */
    async function cycle(index: number, steady: Protected): Promise<number> {
      const { admin, gateway } = scene;
      const path = `/churn-${index}`;
      const status = async () => (await scene.send(`${gateway.proxyUrl}${path}`)).status;
      await admin.must('PUT', `/services/${steady.service}/routes/churn-${index}`, { paths: [path] });
      assert.equal(await status(), 401, 'the plugin of the service guards the new route');
      const plugin = await admin.must('POST', `/routes/churn-${index}/plugins`, {
        name: 'openid-connect',
        config: scene.bearerConfig({ unauthorized_error_message: 'of the route' }),
      });
      assert.equal((await scene.send(`${gateway.proxyUrl}${path}`)).message, 'of the route');
      const id = plugin?.['id'];
      await admin.must('PATCH', `/plugins/${id}`, { config: { unauthorized_error_message: `patched ${index}` } });
      assert.equal((await scene.send(`${gateway.proxyUrl}${path}`)).message, `patched ${index}`);
      await admin.must('PATCH', `/routes/churn-${index}`, { paths: [path, `${path}-more`], tags: [`t${index}`] });
      // The busy route and its plugin change as well, without a difference to its callers.
      await admin.must('PATCH', `/routes/${steady.route}`, { tags: [`t${index}`] });
      await admin.must('PATCH', `/plugins/${steady.plugin}`, { config: { leeway: index % 7 } });
      await admin.must('PATCH', `/services/${steady.service}`, { retries: index % 9 });
      await admin.must('DELETE', `/plugins/${id}`);
      await admin.must('PATCH', `/routes/churn-${index}`, { name: `churned-${index}` });
      await admin.must('DELETE', `/routes/churned-${index}`);
      assert.equal(await status(), 404);
      return 10;
    }

    test(`${changes} changes fail no request of keep-alive clients, and each is in force when acknowledged`, async (context) => {
      const steady = await scene.protect(scene.guideConfig({ cache_tokens_salt: 'one-salt-for-the-whole-test' }));
      const plain = await scene.expose();
      const headers = { authorization: scene.basic()[1] };
      const loads = [
        new Load({ urls: [steady.url, `${steady.url}/deeper`], headers, lanes: 6, keepAlive: true }),
        new Load({ urls: [scene.gateway.proxyUrl + plain.path], lanes: 4, keepAlive: true, bodyBytes: 20_000 }),
        new Load({ urls: [scene.gateway.proxyUrl + plain.path], lanes: 1, keepAlive: false }),
      ];
      context.after(() => Promise.all(loads.map((load) => load.stop())));
      await eventually('traffic', () => loads.every(({ answered }) => answered > 20));
      let done = 0;
      for (let index = 0; done < changes; index += 1) done += await cycle(index, steady);
      for (const load of loads) await load.stop();
      const failures = loads.flatMap((load) => load.failures);
      const answered = loads.reduce((sum, load) => sum + load.answered, 0);
      context.diagnostic(`${answered} requests during ${done} changes`);
      assert.deepEqual(failures, []);
      assert.ok(answered > 1000, `${answered} requests`);
      assert.ok(loads.every((load) => load.answered > 100));
      const { tokenRequests } = await scene.control.state();
      assert.equal(tokenRequests, 1, 'the token outlives every change that does not concern it');
    });
  });

  describe(`SIGTERM under load, workers: ${workers}`, () => {
    let slow: Server;
    let slowUrl: string;
    let waiting = 0;
    before(async () => {
      // Answers in two parts, so that requests are under way in every state when the signal comes.
      slow = createServer((_request, response) => {
        waiting += 1;
        setTimeout(() => response.write('first half, '), 300);
        setTimeout(() => response.end('second half'), 900);
      });
      const port = await freePort();
      await new Promise<void>((resolve) => slow.listen(port, '127.0.0.1', resolve));
      slowUrl = `http://127.0.0.1:${port}`;
    });
    after(() => {
      slow.closeAllConnections();
      slow.close();
    });

    test('every request under way is answered to its end, then the ports close and the exit status is 0', async (context) => {
      const scene = await startScene({ workers });
      context.after(() => scene.abandon());
      await scene.admin.must('POST', '/services', { name: 'slow', url: slowUrl });
      await scene.admin.must('POST', '/services/slow/routes', { name: 'slow', paths: ['/slow'] });
      waiting = 0;
      const answers = Array.from({ length: 40 }, () => scene.send(`${scene.gateway.proxyUrl}/slow`));
      await eventually('40 requests at the upstream', () => waiting === 40);
      const signalled = performance.now();
      const ended = scene.gateway.stop();
      for (const answer of await Promise.all(answers)) {
        assert.equal(answer.status, 200);
        assert.equal(answer.text, 'first half, second half');
      }
      assert.equal(await ended, 0);
      assert.ok(performance.now() - signalled < 5000, 'it does not wait longer than it must');
      for (const url of [scene.gateway.proxyUrl, scene.gateway.adminUrl])
        assert.ok(await isClosed(Number(new URL(url).port)));
    });

    test('without a delay no request sent before the signal is lost, and none after it gets a wrong answer', async (context) => {
      const scene = await startScene({ workers });
      context.after(() => scene.abandon());
      const at = await scene.protect(scene.guideConfig());
      const headers = { authorization: scene.basic()[1] };
      const load = new Load({ urls: [at.url], headers, lanes: 16, keepAlive: true });
      context.after(() => load.stop());
      await eventually('traffic', () => load.answered > 500);
      const signalled = performance.now();
      assert.equal(await scene.gateway.stop(), 0);
      await load.stop();
      assert.deepEqual(
        load.failures.filter(({ startedAt, what }) => startedAt < signalled || /status|cut off/.test(what)),
        [],
      );
    });

    test('with a shutdown delay readiness ends first and no request sent before the signal is lost', async (context) => {
      const statusPort = await freePort();
      const env = { SALLYPORT_SHUTDOWN_DELAY: '1000', SALLYPORT_STATUS_LISTEN: `127.0.0.1:${statusPort}` };
      const scene = await startScene({ workers, env });
      context.after(() => scene.abandon());
      const readiness = async () => {
        const answer = await fetch(`http://127.0.0.1:${statusPort}/status/ready`);
        await answer.arrayBuffer();
        return answer.status;
      };
      assert.equal(await readiness(), 200);
      const at = await scene.protect(scene.guideConfig());
      const headers = { authorization: scene.basic()[1] };
      const loads = [
        new Load({ urls: [at.url], headers, lanes: 8, keepAlive: true }),
        new Load({ urls: [at.url], headers, lanes: 4, keepAlive: false }),
      ];
      context.after(() => Promise.all(loads.map((load) => load.stop())));
      await eventually('traffic', () => loads.every(({ answered }) => answered > 100));
      const before = loads.map(({ answered }) => answered);
      const signalled = performance.now();
      const ended = scene.gateway.stop();
      await eventually('readiness answers 503', async () => (await readiness()) === 503, 900);
      assert.equal(await ended, 0);
      const closedAfter = performance.now() - signalled;
      for (const load of loads) await load.stop();
      for (const [index, load] of loads.entries())
        assert.ok(load.answered > (before[index] ?? 0), 'accepted during the delay');
      const failures = loads.flatMap((load) => load.failures);
      assert.deepEqual(
        failures.filter(({ startedAt }) => startedAt < signalled + 900),
        [],
      );
      assert.deepEqual(
        failures.filter(({ what }) => /status|cut off/.test(what)),
        [],
        'no answer is cut or wrong',
      );
      context.diagnostic(`closed ${Math.round(closedAfter)} ms after the signal`);
    });
  });
}
