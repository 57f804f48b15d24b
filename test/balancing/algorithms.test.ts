import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../support/wire.ts';
import type { Backend } from './backend.ts';
import { type BalancingScene, type Place, startBalancingScene } from './scene.ts';

for (const workers of [1, 2]) {
  describe(`choosing a target, workers: ${workers}`, () => {
    let scene: BalancingScene;
    let backends: Backend[];
    let targets: string[];
    before(async () => {
      scene = await startBalancingScene(workers);
      backends = await scene.backends(3);
      targets = backends.map((backend) => backend.target);
    });
    after(() => scene.stop());

    test('round robin gives each target its exact share, whichever worker serves', async () => {
      const place = await scene.place({ targets });
      assert.deepEqual(await scene.tally(place, 30), { a: 10, b: 10, c: 10 });
    });

    test('weights decide the shares, and a weight of 0 takes a target out', async () => {
      const [a = '', b = '', c = ''] = targets;
      const place = await scene.place({
        targets: [
          [a, 30],
          [b, 10],
          [c, 0],
        ],
      });
      assert.deepEqual(await scene.tally(place, 40), { a: 30, b: 10 });
      await scene.admin.must('PATCH', `/upstreams/${place.upstream}/targets/${b}`, { weight: 30 });
      assert.deepEqual(await scene.tally(place, 40), { a: 20, b: 20 });
      await scene.admin.must('DELETE', `/upstreams/${place.upstream}/targets/${b}`);
      assert.deepEqual(await scene.tally(place, 10), { a: 10 });
    });

    test('an upstream without targets, or with none that has a weight, is a 503', async () => {
      const none = await scene.place();
      assert.equal(await scene.ask(none), '503 failure to get a peer from the ring-balancer');
      const off = await scene.place({ targets: [[targets[0] ?? '', 0]] });
      assert.equal(await scene.ask(off), '503 failure to get a peer from the ring-balancer');
    });

    test('the port of the service is left to the target', async () => {
      const place = await scene.place({ targets: targets.slice(0, 1), service: { port: 1 } });
      assert.equal(await scene.ask(place), 'a');
    });

    test('least connections goes where least is under way', async () => {
      const place = await scene.place({ targets, upstream: { algorithm: 'least-connections' } });
      const [a] = backends;
      if (a === undefined) return;
      a.mood = { kind: 'silent' };
      const held: Promise<unknown>[] = [];
      const before = a.requests.length;
      // Requests that hang at one target count against it, until nothing new goes there.
      for (let index = 0; index < 9; index += 1) {
        const count = a.requests.length;
        const asked = scene.request(place).catch(() => undefined);
        const hangs = eventually('it is answered, or hangs', () => a.requests.length > count, 20_000);
        held.push(
          asked,
          hangs.catch(() => undefined),
        );
        await Promise.race([asked, hangs]);
      }
      const stuck = a.requests.length - before;
      assert.ok(stuck >= 1 && stuck <= 2, `${stuck} of 9 went to the target that does not answer`);
      assert.deepEqual(Object.keys(await scene.tally(place, 10)).sort(), ['b', 'c']);
      a.mood = { kind: 'fine' };
      await a.stop();
      await a.start();
      await Promise.all(held);
      await eventually('counts are given back', async () => (await scene.tally(place, 12))['a'] === 4);
    });

    test('latency sends most requests where answers come sooner', async () => {
      const place = await scene.place({ targets, upstream: { algorithm: 'latency' } });
      const [, b] = backends;
      if (b === undefined) return;
      b.mood = { kind: 'slow', delayMs: 150 };
      await scene.tally(place, 20);
      const counts = await scene.tally(place, 40);
      b.mood = { kind: 'fine' };
      assert.ok((counts['b'] ?? 0) < 10, JSON.stringify(counts));
    });
  });

  describe(`consistent hashing, workers: ${workers}`, () => {
    let scene: BalancingScene;
    let targets: string[];
    before(async () => {
      scene = await startBalancingScene(workers, { KONG_TRUSTED_IPS: '127.0.0.1' });
      targets = (await scene.backends(3)).map((backend) => backend.target);
    });
    after(() => scene.stop());

    const keys = Array.from({ length: 30 }, (_, index) => `key-${index}`);

    /** Each key goes to one target however often it comes, and all keys together go to every target. */
    async function assertSticky(ask: (key: string) => Promise<string>): Promise<void> {
      const first = await Promise.all(keys.map(ask));
      assert.deepEqual(await Promise.all(keys.map(ask)), first);
      assert.deepEqual([...new Set(first)].sort(), ['a', 'b', 'c']);
    }

    const hashed = (upstream: Record<string, unknown>, route: Record<string, unknown> = {}): Promise<Place> =>
      scene.place({ targets, upstream, route });

    test('by a header, whatever its spelling', async () => {
      const place = await hashed({ hash_on: 'header', hash_on_header: 'X-Key' });
      await assertSticky((key) => scene.ask(place, { headers: [['x-KEY', key]] }));
    });

    test('by a query argument, its values in any order', async () => {
      const place = await hashed({ hash_on: 'query_arg', hash_on_query_arg: 'a b' });
      await assertSticky((key) => scene.ask(place, { more: `?x=1&a+b=${key}` }));
      assert.equal(
        await scene.ask(place, { more: '?a%20b=1&a+b=2' }),
        await scene.ask(place, { more: '?a+b=2&a+b=1' }),
      );
    });

    test('by the path', async () => {
      const place = await hashed({ hash_on: 'path' });
      await assertSticky((key) => scene.ask(place, { more: `/${key}` }));
      assert.equal(await scene.ask(place, { more: '/key-1' }), await scene.ask(place, { more: '/x/../%6Bey-1?q' }));
    });

    test('by the client address', async () => {
      const place = await hashed({ hash_on: 'ip' });
      await assertSticky((key) => scene.ask(place, { headers: [['X-Real-IP', `10.0.0.${key.slice(4)}`]] }));
    });

    test('by a capture of the route, by name and by number', async () => {
      const byName = await hashed(
        { hash_on: 'uri_capture', hash_on_uri_capture: 'who' },
        { paths: ['~/named/(?<who>[^/]+)'] },
      );
      const named = { ...byName, url: `${scene.gateway.proxyUrl}/named` };
      await assertSticky((key) => scene.ask(named, { more: `/${key}` }));
      const byNumber = await hashed(
        { hash_on: 'uri_capture', hash_on_uri_capture: '1' },
        { paths: ['~/numbered/([^/]+)'] },
      );
      const numbered = { ...byNumber, url: `${scene.gateway.proxyUrl}/numbered` };
      await assertSticky((key) => scene.ask(numbered, { more: `/${key}` }));
    });

    test('by the consumer, or the credential', async () => {
      const place = await hashed({ hash_on: 'consumer' });
      await scene.admin.must('POST', `/services/${place.service}/plugins`, { name: 'key-auth' });
      for (const key of keys) {
        await scene.admin.must('POST', '/consumers', { username: key });
        await scene.admin.must('POST', `/consumers/${key}/key-auth`, { key });
        await scene.admin.must('POST', `/consumers/${key}/key-auth`, { key: `${key}-other` });
      }
      await assertSticky((key) => scene.ask(place, { headers: [['apikey', key]] }));
      for (const key of keys.slice(0, 5)) {
        const other = await scene.ask(place, { headers: [['apikey', `${key}-other`]] });
        assert.equal(other, await scene.ask(place, { headers: [['apikey', key]] }));
      }
    });

    test('by a cookie, which a client without it gets', async () => {
      const place = await hashed({ hash_on: 'cookie', hash_on_cookie: 'stick', hash_on_cookie_path: '/here' });
      await assertSticky((key) => scene.ask(place, { headers: [['Cookie', `other=1; stick=${key}`]] }));
      for (let round = 0; round < 5; round += 1) {
        const fresh = await scene.request(place);
        const cookie = fresh.headers['set-cookie'] ?? '';
        const value = /^stick=([0-9a-f-]{36}); Path=\/here; Same-Site=Lax; HttpOnly$/.exec(cookie)?.[1];
        assert.ok(value !== undefined, cookie);
        const again = await scene.request(place, { headers: [['Cookie', `stick=${value}`]] });
        assert.equal(again.headers['x-backend'], fresh.headers['x-backend']);
        assert.equal(again.headers['set-cookie'], undefined);
      }
    });

    test('by the fallback where the first input is missing, and at one place without any', async () => {
      const place = await hashed({
        hash_on: 'header',
        hash_on_header: 'X-Key',
        hash_fallback: 'query_arg',
        hash_fallback_query_arg: 'key',
      });
      await assertSticky((key) => scene.ask(place, { more: `?key=${key}` }));
      const bare = await Promise.all(keys.map((key) => scene.ask(place, { more: `?other=${key}` })));
      assert.equal(new Set(bare).size, 1);
    });

    test('a target that goes moves its own keys only', async () => {
      const place = await hashed({ hash_on: 'header', hash_on_header: 'X-Key' });
      const ask = (key: string) => scene.ask(place, { headers: [['X-Key', key]] });
      const before = await Promise.all(keys.map(ask));
      await scene.admin.must('DELETE', `/upstreams/${place.upstream}/targets/${targets[1]}`);
      const after = await Promise.all(keys.map(ask));
      const moved = keys.filter((_, index) => before[index] !== 'b' && before[index] !== after[index]);
      assert.ok(moved.length <= 3, `${moved.length} keys moved`);
      assert.ok(!after.includes('b'));
    });
  });
}
