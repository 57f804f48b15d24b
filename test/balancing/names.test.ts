import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestRecord } from '../../src/balancer/dns/testing-dns-server.ts';
import { eventually } from '../support/wire.ts';
import type { Backend } from './backend.ts';
import { type BalancingScene, startBalancingScene } from './scene.ts';

const local = (address: string, ttl = 600): TestRecord => ({ type: 'A', ttl, address });
const srv = (backend: Backend, target: string, weight = 1, ttl = 600): TestRecord => ({
  type: 'SRV',
  ttl,
  priority: 1,
  weight,
  port: backend.port,
  target,
});

for (const workers of [1, 2]) {
  describe(`names, workers: ${workers}`, () => {
    let scene: BalancingScene;
    let a: Backend;
    let b: Backend;
    before(async () => {
      scene = await startBalancingScene(workers, { KONG_DNS_STALE_TTL: '2', KONG_DNS_NOT_FOUND_TTL: '1' });
      const [first, second] = await scene.backends(2);
      assert.ok(first !== undefined && second !== undefined);
      [a, b] = [first, second];
    });
    after(() => scene.stop());

    test('a service may name a host, which is sent as Host with the port', async () => {
      scene.dns.answers.set('plain.example A', { records: [local('127.0.0.1')] });
      const place = await scene.serve(`http://plain.example:${a.port}`);
      assert.equal(await scene.ask(place), 'a');
      assert.equal(a.requests.at(-1)?.host, `plain.example:${a.port}`);
    });

    test('the node asks once, before the first request, for all workers', async () => {
      scene.dns.answers.set('once.example A', { records: [local('127.0.0.1')] });
      const place = await scene.serve(`http://once.example:${a.port}`);
      await Promise.all(Array.from({ length: 20 }, () => scene.ask(place)));
      assert.equal(scene.dns.questions.filter((question) => question === 'once.example A').length, 1);
    });

    test('SRV records bring ports and weights, and requests go round', async () => {
      scene.dns.answers.set('srv.example SRV', {
        records: [srv(a, 'one.example', 3), srv(b, 'two.example', 1)],
      });
      for (const name of ['one', 'two']) scene.dns.answers.set(`${name}.example A`, { records: [local('127.0.0.1')] });
      const place = await scene.serve('http://srv.example:1');
      assert.deepEqual(await scene.tally(place, 40), { a: 30, b: 10 });
      assert.equal(a.requests.at(-1)?.host, `srv.example:${a.port}`);
    });

    test('a name nobody knows is a 503, a failing name server a 500 with the reason', async () => {
      const unknown = await scene.serve('http://unknown.example');
      assert.equal(await scene.ask(unknown), '503 name resolution failed');
      scene.dns.answers.set('failing.example', { code: 2 });
      const failing = await scene.serve('http://failing.example');
      assert.equal(
        await scene.ask(failing),
        "500 failed the initial dns/balancer resolve for 'failing.example' with: server failure",
      );
      scene.dns.answers.set('failing.example A', { records: [local('127.0.0.1')] });
      scene.dns.answers.set('failing.example', { records: [] });
      await eventually(
        'the name is asked for again',
        async () => !(await scene.ask(failing)).startsWith('500'),
        20_000,
      );
    });

    test('an answer is followed when it changes, after its TTL', async () => {
      scene.dns.answers.set('moving.example SRV', { records: [srv(a, 'one.example', 1, 1)] });
      scene.dns.answers.set('one.example A', { records: [local('127.0.0.1')] });
      const place = await scene.serve('http://moving.example:1');
      assert.equal(await scene.ask(place), 'a');
      scene.dns.answers.set('moving.example SRV', { records: [srv(b, 'one.example', 1, 1)] });
      await eventually('requests follow', async () => (await scene.ask(place)) === 'b', 20_000);
    });

    test('while name servers are down the last answer serves, for dns_stale_ttl', async () => {
      scene.dns.answers.set('stale.example SRV', { records: [srv(a, 'one.example', 1, 1)] });
      scene.dns.answers.set('one.example A', { records: [local('127.0.0.1')] });
      const place = await scene.serve('http://stale.example:1');
      assert.equal(await scene.ask(place), 'a');
      scene.dns.answers.set('stale.example', { code: 2 });
      scene.dns.answers.set('stale.example SRV', { code: 2 });
      const asked = () => scene.dns.questions.filter((question) => question === 'stale.example SRV').length;
      const before = asked();
      await eventually(
        'the failing server is asked, and the answer serves on',
        async () => {
          const who = await scene.ask(place);
          assert.ok(who === 'a' || asked() > before, who);
          return asked() > before;
        },
        20_000,
      );
      await eventually('it is too old', async () => (await scene.ask(place)).startsWith('500 failed the'), 20_000);
      scene.dns.answers.set('stale.example SRV', { records: [srv(b, 'one.example', 1, 1)] });
      await eventually('it comes back', async () => (await scene.ask(place)) === 'b', 20_000);
    });

    test('a target may be a name, and stands for all its addresses', async () => {
      scene.dns.answers.set('pool.example SRV', { records: [srv(a, 'one.example', 2), srv(b, 'two.example', 2)] });
      for (const name of ['one', 'two']) scene.dns.answers.set(`${name}.example A`, { records: [local('127.0.0.1')] });
      const place = await scene.place({ targets: ['pool.example:9'] });
      assert.deepEqual(await scene.tally(place, 20), { a: 10, b: 10 });
      assert.equal(b.requests.at(-1)?.host, `pool.example:${b.port}`);
      const { body } = await scene.admin.get(`/upstreams/${place.upstream}/health`);
      assert.deepEqual(body?.['data']?.['0']?.['data']?.['addresses'], [
        { ip: '127.0.0.1', port: a.port, weight: 2, health: 'HEALTHCHECKS_OFF' },
        { ip: '127.0.0.1', port: b.port, weight: 2, health: 'HEALTHCHECKS_OFF' },
      ]);
      await scene.admin.must('PATCH', `/upstreams/${place.upstream}`, { use_srv_name: true });
      await scene.tally(place, 4);
      assert.equal(a.requests.at(-1)?.host, `one.example:${a.port}`);
    });

    test('a target whose name is unknown is a DNS error, and others serve', async () => {
      const place = await scene.place({ targets: ['nowhere.example:80'] });
      assert.equal(await scene.ask(place), '503 name resolution failed');
      assert.deepEqual(await scene.health(place), { 'nowhere.example:80': 'DNS_ERROR' });
      await scene.addTarget(place.upstream, a.target);
      assert.deepEqual(await scene.tally(place, 5), { a: 5 });
      scene.dns.answers.set('nowhere.example SRV', { records: [srv(b, 'one.example')] });
      scene.dns.answers.set('one.example A', { records: [local('127.0.0.1')] });
      await eventually('it is asked for again', async () => (await scene.tally(place, 10))['b'] !== undefined, 20_000);
    });

    test('host_header takes the place of the name, preserve_host keeps the client own', async () => {
      const named = await scene.place({ targets: [a.target], upstream: { host_header: 'told.example' } });
      await scene.ask(named);
      assert.equal(a.requests.at(-1)?.host, `told.example:${a.port}`);
      await scene.admin.must('PATCH', `/upstreams/${named.upstream}`, { host_header: 'told.example:99' });
      await scene.ask(named);
      assert.equal(a.requests.at(-1)?.host, 'told.example:99');
      await scene.admin.must('PATCH', `/upstreams/${named.upstream}`, { host_header: null });
      await scene.ask(named);
      assert.equal(a.requests.at(-1)?.host, a.target);
      const kept = await scene.place({ targets: [a.target], route: { preserve_host: true } });
      await scene.ask(kept, { headers: [['Host', 'Client.example:123']] });
      assert.equal(a.requests.at(-1)?.host, 'Client.example:123');
    });

    test('an upstream takes the place of a name while it exists', async () => {
      scene.dns.answers.set('both.example A', { records: [local('127.0.0.1')] });
      const place = await scene.serve(`http://both.example:${a.port}`);
      assert.equal(await scene.ask(place), 'a');
      await scene.admin.must('POST', '/upstreams', { name: 'both.example' });
      await scene.addTarget('both.example', b.target);
      assert.equal(await scene.ask(place), 'b');
      await scene.admin.must('DELETE', '/upstreams/both.example');
      assert.equal(await scene.ask(place), 'a');
    });
  });
}
