import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { WireAnswer } from '../support/wire.ts';
import { type Place, startPlace } from './place.ts';

const passed = (answers: readonly WireAnswer[]) => answers.filter(({ status }) => status === 200).length;

for (const workers of [1, 2]) {
  describe(`rate limits, workers: ${workers}`, () => {
    let place: Place;
    before(async () => {
      place = await startPlace({ workers, env: { SALLYPORT_TRUSTED_IPS: '127.0.0.1' } });
    });
    after(() => place.stop());

    // Years, so that no window ends while a test runs.
    test('a limit is exact, however many connections bring requests to however many workers', async () => {
      const at = await place.spot();
      await place.plug('rate-limiting', { year: 40 }, { route: at.route });
      const answers: WireAnswer[] = [];
      for (let round = 0; round < 10; round += 1) {
        answers.push(...(await Promise.all(Array.from({ length: 10 }, () => at.ask()))));
      }
      assert.equal(passed(answers), 40);
      const left = answers.filter(({ status }) => status === 200).map(({ headers }) => headers['ratelimit-remaining']);
      assert.deepEqual(
        left.map(Number).sort((a, b) => a - b),
        Array.from({ length: 40 }, (_, index) => index),
      );
    });

    test('two limits hold together, and a refused request uses up none', async () => {
      const at = await place.spot();
      await place.plug('rate-limiting', { month: 10, year: 12 }, { route: at.route });
      const answers = await Promise.all(Array.from({ length: 30 }, () => at.ask()));
      assert.equal(passed(answers), 10);
      const last = await at.ask();
      assert.equal(last.status, 429);
      assert.equal(last.message, 'API rate limit exceeded');
      assert.equal(last.headers['x-ratelimit-remaining-month'], '0');
      assert.equal(last.headers['x-ratelimit-remaining-year'], '2');
      assert.equal(last.headers['x-ratelimit-limit-year'], '12');
      assert.ok(Number(last.headers['retry-after']) > 0);
      const decision = await place.decision(last);
      assert.deepEqual([decision.failed, decision.status], ['limit.month', 429]);
    });

    test('each consumer has its own count, without one each address has', async () => {
      const at = await place.spot();
      const [alice, bob] = [await place.caller(), await place.caller()];
      await place.plug('key-auth', { anonymous: (await place.caller()).username }, { route: at.route });
      await place.plug('rate-limiting', { year: 2 }, { route: at.route });
      for (const { header } of [alice, bob]) {
        const statuses: number[] = [];
        for (let request = 0; request < 3; request += 1) statuses.push((await at.ask({ headers: [header] })).status);
        assert.deepEqual(statuses, [200, 200, 429]);
      }
      const byAddress = await place.spot();
      await place.plug('rate-limiting', { year: 1 }, { route: byAddress.route });
      const from = (address: string) => byAddress.ask({ headers: [['X-Real-IP', address]] });
      assert.deepEqual([(await from('192.0.2.1')).status, (await from('192.0.2.2')).status], [200, 200]);
      assert.equal((await from('192.0.2.1')).status, 429);
    });

    test('the most specific entry counts, and a consumer may have one of its own', async () => {
      const at = await place.spot();
      const [alice, bob] = [await place.caller(), await place.caller()];
      await place.plug('key-auth', {}, { route: at.route });
      await place.plug('rate-limiting', { year: 1 }, { route: at.route });
      await place.plug('rate-limiting', { year: 5 }, { route: at.route, consumer: { id: alice.id } });
      assert.equal((await at.ask({ headers: [alice.header] })).headers['x-ratelimit-limit-year'], '5');
      assert.equal((await at.ask({ headers: [alice.header] })).status, 200);
      assert.equal((await at.ask({ headers: [bob.header] })).status, 200);
      assert.equal((await at.ask({ headers: [bob.header] })).status, 429);
    });

    test('counts outlive changes of the configuration', async () => {
      const at = await place.spot();
      const id = await place.plug('rate-limiting', { year: 3 }, { route: at.route });
      assert.equal((await at.ask()).status, 200);
      await place.admin.must('PATCH', `/plugins/${id}`, { config: { error_code: 503, error_message: 'later' } });
      assert.deepEqual([(await at.ask()).status, (await at.ask()).status], [200, 200]);
      const refused = await at.ask();
      assert.deepEqual([refused.status, refused.message], [503, 'later']);
    });
  });
}
