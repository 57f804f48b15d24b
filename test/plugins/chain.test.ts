import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Place, startPlace, upstream } from './place.ts';

for (const workers of [1, 2]) {
  describe(`which configuration applies, and in which order, workers: ${workers}`, () => {
    let place: Place;
    before(async () => {
      place = await startPlace({ workers });
    });
    after(() => place.stop());

    test('of eight scopes the most specific one applies, and a disabled one counts as absent', async () => {
      const at = await place.spot();
      const alice = await place.caller();
      await place.plug('key-auth', {}, { route: at.route });
      const consumer = { id: alice.id };
      const { route, service } = at;
      // From the least specific scope to the most specific one.
      const scopes = [
        {},
        { service },
        { route },
        { consumer },
        { route, service },
        { service, consumer },
        { route, consumer },
        { route, service, consumer },
      ];
      const applied = async () => (await at.ask({ headers: [alice.header] })).message;
      const ids: string[] = [];
      for (const [step, where] of scopes.entries()) {
        ids.push(await place.plug('request-termination', { message: `step ${step}` }, where));
        assert.equal(await applied(), `step ${step}`);
      }
      for (let step = scopes.length - 1; step > 0; step -= 1) {
        await place.admin.must('PATCH', `/plugins/${ids[step]}`, { enabled: false });
        assert.equal(await applied(), `step ${step - 1}`);
      }
      await place.admin.must('PATCH', `/plugins/${ids[0]}`, { enabled: false });
      assert.equal((await at.ask({ headers: [alice.header] })).status, 200);
      for (const id of ids) await place.unplug(id);
    });

    test('entries of other routes, services and consumers do not apply', async () => {
      const [at, other] = [await place.spot(), await place.spot()];
      const [alice, bob] = [await place.caller(), await place.caller()];
      await place.plug('key-auth', {}, { route: at.route });
      const stops = [
        { route: other.route },
        { service: other.service },
        { consumer: { id: bob.id } },
        { route: at.route, consumer: { id: bob.id } },
        { route: other.route, consumer: { id: alice.id } },
      ];
      const ids: string[] = [];
      for (const where of stops) ids.push(await place.plug('request-termination', {}, where));
      assert.equal((await at.ask({ headers: [alice.header] })).status, 200);
      assert.equal((await at.ask({ headers: [bob.header] })).status, 503);
      for (const id of ids) await place.unplug(id);
    });

    test('entries of a consumer are seen only by plugins that run after authentication', async () => {
      const at = await place.spot();
      const alice = await place.caller();
      const consumer = { id: alice.id };
      await place.plug('key-auth', {}, { route: at.route });
      await place.plug('correlation-id', { header_name: 'X-Route', echo_downstream: true }, { route: at.route });
      const early = await place.plug('correlation-id', { header_name: 'X-Own', echo_downstream: true }, { consumer });
      const late = await place.plug('rate-limiting', { year: 7 }, { consumer });
      const answer = await at.ask({ headers: [alice.header] });
      assert.notEqual(answer.headers['x-route'], undefined);
      assert.equal(answer.headers['x-own'], undefined);
      assert.equal(answer.headers['x-ratelimit-limit-year'], '7');
      await place.unplug(early);
      await place.unplug(late);
    });

    test('a plugin that answers ends the plugins behind it, not what was done before', async () => {
      const at = await place.spot();
      const [alice, stranger] = [await place.caller(['staff']), await place.caller()];
      await place.plug('key-auth', {}, { route: at.route });
      await place.plug('acl', { allow: ['staff'] }, { route: at.route });
      await place.plug('rate-limiting', { year: 2 }, { route: at.route });
      await place.plug('request-termination', { status_code: 418, message: 'end' }, { route: at.route });
      // acl answers before rate-limiting counts, rate-limiting counts before request-termination answers.
      for (let request = 0; request < 3; request += 1) {
        const refused = await at.ask({ headers: [stranger.header] });
        assert.equal(refused.status, 403);
        assert.equal(refused.headers['ratelimit-limit'], undefined);
      }
      const statuses: number[] = [];
      for (let request = 0; request < 3; request += 1) {
        const answer = await at.ask({ headers: [alice.header] });
        statuses.push(answer.status);
        assert.equal(answer.headers['ratelimit-limit'], '2');
      }
      assert.deepEqual(statuses, [418, 418, 429]);
    });

    test('an entry applies to HTTP requests when it names http or https, not for other protocols alone', async () => {
      const at = await place.spot();
      const id = await place.plug('request-termination', {}, { protocols: ['grpc', 'grpcs'] });
      assert.equal((await at.ask()).status, 200);
      await place.admin.must('PATCH', `/plugins/${id}`, { protocols: ['https'] });
      assert.equal((await at.ask()).status, 503);
      await place.unplug(id);
    });

    test('the anonymous consumer can be shut out by its groups or by an answer of its own', async () => {
      const at = await place.spot();
      const [alice, guest] = [await place.caller(['staff']), await place.caller(['guests'])];
      await place.plug('key-auth', { anonymous: guest.username }, { route: at.route });
      const open = await at.ask();
      assert.equal(upstream(open)['x-anonymous-consumer'], 'true');
      assert.equal(upstream(open)['x-credential-identifier'], undefined);
      const shut = await place.plug(
        'request-termination',
        { status_code: 401, message: 'log in' },
        { route: at.route, consumer: { id: guest.id } },
      );
      const closed = await at.ask();
      assert.deepEqual([closed.status, closed.message], [401, 'log in']);
      assert.equal((await at.ask({ headers: [alice.header] })).status, 200);
      await place.unplug(shut);
      await place.plug('acl', { deny: ['guests'] }, { route: at.route });
      assert.deepEqual([(await at.ask()).status, (await at.ask({ headers: [alice.header] })).status], [403, 200]);
    });
  });
}
