import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { eventually } from '../support/wire.ts';
import type { Backend } from './backend.ts';
import { type BalancingScene, type Place, startBalancingScene } from './scene.ts';

const noPeer = '503 failure to get a peer from the ring-balancer';

for (const workers of [1, 2]) {
  describe(`health of targets, workers: ${workers}`, () => {
    let scene: BalancingScene;
    let a: Backend;
    let b: Backend;
    before(async () => {
      scene = await startBalancingScene(workers);
      const [first, second] = await scene.backends(2);
      assert.ok(first !== undefined && second !== undefined);
      [a, b] = [first, second];
    });
    beforeEach(() => {
      for (const backend of [a, b]) {
        backend.mood = { kind: 'fine' };
        backend.health = 200;
      }
    });
    after(() => scene.stop());

    const checked = (healthchecks: Record<string, unknown>, more: Record<string, unknown> = {}): Promise<Place> =>
      scene.place({ targets: [a.target, b.target], upstream: { healthchecks, ...more }, service: { retries: 0 } });

    /** The parts a test turns on, with everything else off. */
    const active = (more: Record<string, unknown> = {}) => ({
      active: {
        http_path: '/healthz',
        timeout: 1,
        healthy: { interval: 0.2, successes: 2 },
        unhealthy: { interval: 0.2, http_failures: 2, tcp_failures: 2, timeouts: 2 },
        ...more,
      },
    });
    const passive = (unhealthy: Record<string, unknown>, healthy: Record<string, unknown> = {}) => ({
      passive: { unhealthy, healthy },
    });

    /** The order of targets in an answer is not that of their making. */
    const eitherWay = (place: Place, first: string, second: string) =>
      eventually(
        `${a.target} is ${first}, ${b.target} is ${second}`,
        async () => {
          const health = await scene.health(place);
          return health[a.target] === first && health[b.target] === second;
        },
        20_000,
      );

    test('is off unless something is checked', async () => {
      const place = await checked({});
      await eitherWay(place, 'HEALTHCHECKS_OFF', 'HEALTHCHECKS_OFF');
      const answer = await scene.admin.send('PUT', `/upstreams/${place.upstream}/targets/${a.target}/unhealthy`);
      assert.equal(answer.status, 400);
    });

    test('is found out by probes, which also bring a target back', async () => {
      const place = await checked(active());
      await eitherWay(place, 'HEALTHY', 'HEALTHY');
      a.health = 500;
      await eitherWay(place, 'UNHEALTHY', 'HEALTHY');
      assert.deepEqual(await scene.tally(place, 8), { b: 8 });
      a.health = 200;
      await eitherWay(place, 'HEALTHY', 'HEALTHY');
      assert.deepEqual(await scene.tally(place, 8), { a: 4, b: 4 });
    });

    test('is asked for with the headers and the Host of the upstream', async () => {
      a.probes.length = 0;
      const place = await checked(active({ headers: { 'X-Probe': ['one', 'two'] } }), { host_header: 'told.example' });
      await eventually(
        'a probe comes',
        () => a.probes.some(({ headers }) => headers['x-probe'] === 'one, two'),
        20_000,
      );
      const mine = a.probes.find(({ headers }) => headers['x-probe'] !== undefined);
      assert.equal(mine?.headers.host, `told.example:${a.port}`);
      await scene.admin.must('DELETE', `/upstreams/${place.upstream}`);
    });

    test('is found out by probes of type tcp, which look at connections alone', async () => {
      const place = await checked(active({ type: 'tcp' }));
      a.health = 500;
      await b.stop();
      await eitherWay(place, 'HEALTHY', 'UNHEALTHY');
      await b.start();
      await eitherWay(place, 'HEALTHY', 'HEALTHY');
    });

    test('suffers from statuses of traffic, as many as are configured', async () => {
      const place = await checked(passive({ http_failures: 3, http_statuses: [500] }, { successes: 1 }));
      a.mood = { kind: 'status', status: 500 };
      const seen: string[] = [];
      for (let round = 0; round < 12; round += 1) seen.push(await scene.ask(place));
      assert.equal(seen.filter((who) => who === 'a').length, 3);
      await eitherWay(place, 'UNHEALTHY', 'HEALTHY');
      a.mood = { kind: 'fine' };
      assert.deepEqual(await scene.tally(place, 4), { b: 4 }, 'nothing recovers by itself');
    });

    test('suffers from refused connections and from time-outs', async () => {
      const refused = await checked(passive({ tcp_failures: 1 }));
      await a.stop();
      const counts = await scene.tally(refused, 8);
      await a.start();
      assert.deepEqual(counts, { b: 7, '502 An invalid response was received from the upstream server': 1 });
      const slow = await scene.place({
        targets: [a.target, b.target],
        upstream: { healthchecks: passive({ timeouts: 1 }) },
        service: { retries: 0, read_timeout: 300 },
      });
      a.mood = { kind: 'silent' };
      assert.deepEqual(await scene.tally(slow, 8), { b: 7, '504 The upstream server is timing out': 1 });
    });

    test('is not touched by statuses in no list', async () => {
      const place = await checked(passive({ http_failures: 1, http_statuses: [500] }));
      a.mood = { kind: 'status', status: 418 };
      assert.deepEqual(await scene.tally(place, 8), { a: 4, b: 4 });
    });

    test('can be set by hand, for every worker at once', async () => {
      const place = await checked(passive({ http_failures: 1 }));
      const set = async (target: string, state: string) =>
        scene.admin.must('PUT', `/upstreams/${place.upstream}/targets/${target}/${state}`);
      await set(a.target, 'unhealthy');
      assert.deepEqual(await scene.tally(place, 10), { b: 10 });
      await set(b.target, 'unhealthy');
      assert.equal(await scene.ask(place), noPeer);
      await set(`${a.target}/127.0.0.1:${a.port}`, 'healthy');
      assert.deepEqual(await scene.tally(place, 10), { a: 10 });
      await eitherWay(place, 'HEALTHY', 'UNHEALTHY');
      await set(b.target, 'healthy');
      assert.deepEqual(await scene.tally(place, 10), { a: 5, b: 5 });
    });

    test('outlives changes of the upstream, and ends with the checks', async () => {
      const place = await checked(passive({ http_failures: 1 }));
      await scene.admin.must('PUT', `/upstreams/${place.upstream}/targets/${a.target}/unhealthy`);
      await scene.admin.must('PATCH', `/upstreams/${place.upstream}`, {
        tags: ['x'],
        slots: 100,
        algorithm: 'least-connections',
      });
      assert.deepEqual(await scene.tally(place, 6), { b: 6 });
      await scene.admin.must('PATCH', `/upstreams/${place.upstream}/targets/${b.target}`, { weight: 50 });
      assert.deepEqual(await scene.tally(place, 6), { b: 6 });
      const off = { http_failures: 0, tcp_failures: 0, timeouts: 0 };
      await scene.admin.must('PATCH', `/upstreams/${place.upstream}`, {
        healthchecks: { passive: { unhealthy: off } },
      });
      assert.ok((await scene.tally(place, 6))['a'] !== undefined);
    });

    test('of too small a share makes the whole upstream unavailable', async () => {
      const place = await scene.place({
        targets: [
          [a.target, 60],
          [b.target, 40],
        ],
        upstream: { healthchecks: { ...passive({ http_failures: 1 }), threshold: 50 } },
      });
      await scene.admin.must('PUT', `/upstreams/${place.upstream}/targets/${b.target}/unhealthy`);
      assert.deepEqual(await scene.tally(place, 4), { a: 4 });
      await scene.admin.must('PUT', `/upstreams/${place.upstream}/targets/${b.target}/healthy`);
      await scene.admin.must('PUT', `/upstreams/${place.upstream}/targets/${a.target}/unhealthy`);
      assert.equal(await scene.ask(place), noPeer);
    });

    test('is told with the weights of the addresses', async () => {
      const place = await checked(passive({ http_failures: 1 }));
      await scene.admin.must('PUT', `/upstreams/${place.upstream}/targets/${a.target}/unhealthy`);
      const { body } = await scene.admin.get(`/upstreams/${place.upstream}/health`);
      const data = body?.['data'] as unknown as readonly { target: string; data: unknown }[];
      assert.deepEqual(data.find(({ target }) => target === a.target)?.data, {
        host: '127.0.0.1',
        port: a.port,
        dns: 'ip',
        nodeWeight: 100,
        weight: { total: 100, available: 0, unavailable: 100 },
        addresses: [{ ip: '127.0.0.1', port: a.port, weight: 100, health: 'UNHEALTHY' }],
      });
      const whole = await scene.admin.get(`/upstreams/${place.upstream}/health?balancer_health=1`);
      const summary = whole.body?.['data'] as unknown as { health: string; details: { weight: unknown } };
      assert.equal(summary.health, 'HEALTHY');
      assert.deepEqual(summary.details.weight, { total: 200, available: 100, unavailable: 100 });
    });
  });
}
