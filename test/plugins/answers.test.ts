import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../support/gateway.ts';
import { send } from '../support/wire.ts';
import { type Place, startPlace, upstream } from './place.ts';

const origin: [string, string] = ['Origin', 'https://page.test'];

for (const workers of [1, 2]) {
  describe(`what clients hear, workers: ${workers}`, () => {
    let place: Place;
    before(async () => {
      place = await startPlace({ workers });
    });
    after(() => place.stop());

    test('pages can read answers of the upstream, refusals and faults alike', async () => {
      const config = { origins: ['https://page.test', 'other.test'], exposed_headers: ['X-A'], credentials: true };
      const at = await place.spot();
      const broken = await place.spot(`http://127.0.0.1:${await freePort()}`);
      for (const { route } of [at, broken]) await place.plug('cors', config, { route });
      await place.plug('request-termination', { trigger: 'stop', status_code: 403 }, { route: at.route });
      for (const [answer, status] of [
        [await at.ask({ headers: [origin] }), 200],
        [await at.ask({ headers: [origin], suffix: '?stop' }), 403],
        [await broken.ask({ headers: [origin] }), 502],
      ] as const) {
        assert.equal(answer.status, status);
        assert.equal(answer.headers['access-control-allow-origin'], 'https://page.test');
        assert.equal(answer.headers['access-control-allow-credentials'], 'true');
        assert.equal(answer.headers['access-control-expose-headers'], 'X-A');
        assert.match(String(answer.headers['vary']), /Origin/);
      }
      const stranger = await at.ask({ headers: [['Origin', 'https://evil.test']] });
      assert.equal(stranger.headers['access-control-allow-origin'], undefined);
    });

    test('preflights are answered before anybody asks for a key, or left to the upstream', async () => {
      const at = await place.spot();
      await place.plug('key-auth', {}, { route: at.route });
      const id = await place.plug('cors', { max_age: 60 }, { route: at.route });
      const preflight = { method: 'OPTIONS', headers: [origin, ['Access-Control-Request-Method', 'PUT']] as const };
      const answer = await at.ask(preflight);
      assert.deepEqual([answer.status, answer.text], [200, '']);
      assert.equal(answer.headers['access-control-allow-origin'], '*');
      assert.equal(answer.headers['access-control-max-age'], '60');
      assert.equal(answer.headers['content-type'], undefined);
      const refused = await at.ask({ headers: [origin] });
      assert.deepEqual([refused.status, refused.headers['access-control-allow-origin']], [401, '*']);
      await place.admin.must('PATCH', `/plugins/${id}`, { config: { preflight_continue: true } });
      const alice = await place.caller();
      const passed = await at.ask({ ...preflight, headers: [...preflight.headers, alice.header] });
      assert.equal(passed.echoed?.method, 'OPTIONS');
      assert.equal(passed.headers['access-control-allow-origin'], undefined);
    });

    test('an id goes up and down, and is there on refusals', async () => {
      const at = await place.spot();
      await place.plug('key-auth', {}, { route: at.route });
      await place.plug('correlation-id', { header_name: 'X-Id', echo_downstream: true }, { route: at.route });
      const alice = await place.caller();
      const answer = await at.ask({ headers: [alice.header] });
      assert.match(String(answer.headers['x-id']), /^[0-9a-f-]{36}#\d+$/);
      assert.equal(upstream(answer)['x-id'], answer.headers['x-id']);
      const given = await at.ask({ headers: [alice.header, ['X-ID', 'mine']] });
      assert.deepEqual([upstream(given)['x-id'], given.headers['x-id']], ['mine', 'mine']);
      const refused = await at.ask();
      assert.equal(refused.status, 401);
      assert.match(String(refused.headers['x-id']), /#\d+$/);
    });

    test('ids are never given twice, whichever worker and generator', async () => {
      const at = await place.spot();
      const id = await place.plug('correlation-id', { echo_downstream: true }, { route: at.route });
      for (const generator of ['uuid#counter', 'uuid', 'tracker']) {
        await place.admin.must('PATCH', `/plugins/${id}`, { config: { generator } });
        const answers = await Promise.all(Array.from({ length: 20 }, () => at.ask()));
        const ids = new Set(answers.map(({ headers }) => headers['kong-request-id']));
        // Workers are threads of one process, so only the time tells their trackers apart.
        if (generator !== 'tracker') assert.equal(ids.size, 20, generator);
        else for (const one of ids) assert.match(String(one), /^127\.0\.0\.1-\d+-\d+-\d+-1-\d+\.\d{3}$/);
      }
    });

    test('an answer in place of the upstream is JSON, or what the configuration says', async () => {
      const at = await place.spot();
      const id = await place.plug('request-termination', {}, { route: at.route });
      const before = place.echo.requests;
      const usual = await at.ask({ headers: [['Accept', 'text/html']] });
      assert.deepEqual([usual.status, usual.text], [503, '{"message":"Service unavailable"}']);
      assert.equal(usual.headers['content-type'], 'application/json; charset=utf-8');
      await place.admin.must('PATCH', `/plugins/${id}`, {
        config: { status_code: 200, body: '<p>closed</p>', content_type: 'text/html' },
      });
      const page = await at.ask();
      assert.deepEqual([page.status, page.text, page.headers['content-type']], [200, '<p>closed</p>', 'text/html']);
      await place.admin.must('PATCH', `/plugins/${id}`, {
        config: { status_code: 200, body: null, content_type: null, echo: true },
      });
      const dump = JSON.parse((await at.ask({ body: 'text', suffix: '/x?a=1' })).text);
      assert.deepEqual(
        [dump.request.path, dump.request.query, dump.request.raw_body],
        [`${at.path}/x`, { a: '1' }, 'text'],
      );
      assert.equal(dump.matched_route.id, at.route.id);
      assert.equal(place.echo.requests, before);
    });

    test('requests that no route matches have the headers of global plugins only', async () => {
      const at = await place.spot();
      await place.plug('cors', { origins: ['https://route.test'] }, { route: at.route });
      const ids = [
        await place.plug('cors', { origins: ['https://global.test'] }),
        await place.plug('correlation-id', { header_name: 'X-Id', echo_downstream: true }),
        await place.plug('key-auth', {}),
      ];
      const lost = await send(`${place.gateway.proxyUrl}/no-such-route`);
      assert.equal(lost.status, 404);
      assert.equal(lost.headers['access-control-allow-origin'], 'https://global.test');
      assert.match(String(lost.headers['x-id']), /#\d+$/);
      const found = await at.ask();
      assert.equal(found.status, 401);
      assert.equal(found.headers['access-control-allow-origin'], 'https://route.test');
      for (const id of ids) await place.unplug(id);
      assert.equal((await send(`${place.gateway.proxyUrl}/no-such-route`)).headers['x-id'], undefined);
    });
  });
}
