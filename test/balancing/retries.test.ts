import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { freePort } from '../support/gateway.ts';
import type { Backend } from './backend.ts';
import { type BalancingScene, startBalancingScene } from './scene.ts';

for (const workers of [1, 2]) {
  describe(`another try, workers: ${workers}`, () => {
    let scene: BalancingScene;
    let a: Backend;
    let b: Backend;
    let dead: string;
    before(async () => {
      scene = await startBalancingScene(workers);
      const [first, second] = await scene.backends(2);
      assert.ok(first !== undefined && second !== undefined);
      [a, b] = [first, second];
      dead = `127.0.0.1:${await freePort()}`;
    });
    beforeEach(() => {
      for (const backend of [a, b]) {
        backend.mood = { kind: 'fine' };
        backend.requests.length = 0;
      }
    });
    after(() => scene.stop());

    for (const algorithm of ['round-robin', 'least-connections', 'consistent-hashing', 'latency']) {
      test(`goes to another target when one refuses (${algorithm})`, async () => {
        const place = await scene.place({ targets: [dead, a.target], upstream: { algorithm } });
        assert.deepEqual(await scene.tally(place, 10), { a: 10 });
      });
    }

    test('is made for a POST that reached nobody, with its body', async () => {
      const place = await scene.place({ targets: [dead, a.target] });
      for (let round = 0; round < 6; round += 1) {
        assert.equal(await scene.ask(place, { method: 'POST', body: `body-${round}` }), 'a');
      }
      assert.deepEqual(
        a.requests.map(({ body }) => body),
        Array.from({ length: 6 }, (_, round) => `body-${round}`),
      );
    });

    test('is made for a GET that was cut off, never for a POST', async () => {
      const place = await scene.place({ targets: [a.target, b.target], service: { retries: 3 } });
      a.mood = { kind: 'cut' };
      assert.deepEqual(await scene.tally(place, 10), { b: 10 });
      assert.ok(a.requests.length >= 1);
      for (const backend of [a, b]) backend.requests.length = 0;
      const answers: string[] = [];
      for (let round = 0; round < 10; round += 1) {
        answers.push(await scene.ask(place, { method: 'POST', body: `once-${round}` }));
      }
      const bodies = [...a.requests, ...b.requests].map(({ body }) => body).sort();
      assert.deepEqual(
        bodies,
        Array.from({ length: 10 }, (_, round) => `once-${round}`),
        'each exactly once',
      );
      assert.deepEqual([...new Set(answers)].sort(), [
        '502 An invalid response was received from the upstream server',
        'b',
      ]);
    });

    test('is not made after an answer, whatever its status', async () => {
      const place = await scene.place({ targets: [a.target, b.target] });
      for (const backend of [a, b]) backend.mood = { kind: 'status', status: 503 };
      await scene.request(place);
      assert.equal(a.requests.length + b.requests.length, 1);
    });

    test('ends after retries, with 502 when all refuse', async () => {
      const place = await scene.place({ targets: [dead], service: { retries: 2 } });
      assert.equal(await scene.ask(place), '502 An invalid response was received from the upstream server');
      const none = await scene.place({ targets: [dead, a.target], service: { retries: 0 } });
      const counts = await scene.tally(none, 10);
      assert.equal(counts['a'], 5, JSON.stringify(counts));
    });

    test('is made after a time-out, and all of them timing out is a 504', async () => {
      const place = await scene.place({
        targets: [a.target, b.target],
        service: { read_timeout: 300, retries: 1 },
      });
      a.mood = { kind: 'silent' };
      assert.deepEqual(await scene.tally(place, 4), { b: 4 });
      b.mood = { kind: 'silent' };
      assert.equal(await scene.ask(place), '504 The upstream server is timing out');
    });

    test('goes to the other addresses of a name', async () => {
      scene.dns.answers.set('pair.example SRV', {
        records: [
          { type: 'SRV', ttl: 600, priority: 1, weight: 1, port: Number(dead.split(':')[1]), target: 'one.example' },
          { type: 'SRV', ttl: 600, priority: 1, weight: 1, port: a.port, target: 'one.example' },
        ],
      });
      scene.dns.answers.set('one.example A', { records: [{ type: 'A', ttl: 600, address: '127.0.0.1' }] });
      const place = await scene.serve('http://pair.example');
      assert.deepEqual(await scene.tally(place, 10), { a: 10 });
    });

    test('says the host of the target it goes to', async () => {
      scene.dns.answers.set('second.example A', { records: [{ type: 'A', ttl: 600, address: '127.0.0.1' }] });
      const place = await scene.place({ targets: [dead, `second.example:${a.port}`] });
      await scene.tally(place, 4);
      assert.deepEqual([...new Set(a.requests.map(({ host }) => host))], [`second.example:${a.port}`]);
    });
  });
}
