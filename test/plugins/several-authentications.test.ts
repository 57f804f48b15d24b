import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Scene, startScene } from '../support/scene.ts';
import { bearer, type WireAnswer } from '../support/wire.ts';

const up = (answer: WireAnswer) => answer.echoed?.headers ?? {};

for (const workers of [1, 2]) {
  describe(`keys and tokens on one route, workers: ${workers}`, () => {
    let scene: Scene;
    const key: [string, string] = ['apikey', 'the-key-of-keyholder'];
    before(async () => {
      scene = await startScene({ workers });
      for (const username of ['keyholder', 'tokenholder', 'guest']) {
        await scene.admin.must('POST', '/consumers', { username });
      }
      await scene.admin.must('POST', '/consumers/keyholder/key-auth', { key: key[1] });
    });
    after(() => scene.stop());

    /** A route with both plugins; `anonymous` for those that are alternatives. */
    const both = async (anonymous: { readonly key?: string; readonly token?: string }) => {
      const config = {
        consumer_claims: [['user']],
        ...(anonymous.token === undefined ? {} : { anonymous: anonymous.token }),
      };
      const at = await scene.protect(scene.bearerConfig(config));
      await scene.admin.must('POST', `/services/${at.service}/plugins`, {
        name: 'key-auth',
        config: anonymous.key === undefined ? {} : { anonymous: anonymous.key },
      });
      const token = bearer(await scene.sign({ user: 'tokenholder' }));
      return { ask: (...headers: [string, string][]) => scene.send(at.url, { headers }), token };
    };
    const wrongKey: [string, string] = ['apikey', 'wrong'];

    test('without anonymous both are needed, and the last one tells who calls', async () => {
      const { ask, token } = await both({});
      const passed = await ask(key, token);
      assert.equal(up(passed)['x-consumer-username'], 'tokenholder');
      assert.equal((await ask(key)).status, 401);
      assert.match(String((await ask(key)).headers['www-authenticate']), /^Bearer/);
      for (const answer of [await ask(token), await ask(token, wrongKey), await ask()]) {
        assert.deepEqual([answer.status, answer.headers['www-authenticate']], [401, 'Key']);
      }
    });

    test('with anonymous on both either is enough, and the first that knows the caller decides', async () => {
      const { ask, token } = await both({ key: 'guest', token: 'guest' });
      assert.equal(up(await ask(key))['x-consumer-username'], 'keyholder');
      assert.equal(up(await ask(token))['x-consumer-username'], 'tokenholder');
      const twice = up(await ask(key, token));
      assert.equal(twice['x-consumer-username'], 'keyholder');
      assert.equal(twice['x-anonymous-consumer'], undefined);
      assert.equal(up(await ask(wrongKey, token))['x-consumer-username'], 'tokenholder');
      for (const answer of [await ask(), await ask(wrongKey), await ask(bearer('no.good.token'))]) {
        assert.equal(up(answer)['x-consumer-username'], 'guest');
        assert.equal(up(answer)['x-anonymous-consumer'], 'true');
        assert.equal(up(answer)['x-credential-identifier'], undefined);
      }
    });

    test('with anonymous on one of them the other is still needed', async () => {
      const keyOptional = await both({ key: 'guest' });
      assert.equal(up(await keyOptional.ask(keyOptional.token))['x-consumer-username'], 'tokenholder');
      assert.equal((await keyOptional.ask(key)).status, 401);
      const tokenOptional = await both({ token: 'guest' });
      assert.equal(up(await tokenOptional.ask(key))['x-consumer-username'], 'keyholder');
      assert.equal((await tokenOptional.ask(tokenOptional.token)).status, 401);
    });

    test('an anonymous consumer that does not exist is 500 and reaches nobody', async () => {
      const { ask, token } = await both({ key: 'nobody-there', token: 'nobody-there' });
      const before = scene.echo.requests;
      const answer = await ask(token);
      assert.deepEqual([answer.status, answer.message], [500, 'An unexpected error occurred']);
      const decision = await scene.decision(answer.requestId);
      assert.deepEqual([decision.plugin.name, decision.failed], ['key-auth', 'consumer.anonymous']);
      assert.equal(scene.echo.requests, before);
      assert.equal((await ask(key)).status, 200);
    });

    test('groups of a token let in without a consumer, and the upstream hears of them', async () => {
      const at = await scene.protect(scene.bearerConfig({ authenticated_groups_claim: ['groups'] }));
      await scene.admin.must('POST', `/services/${at.service}/plugins`, { name: 'acl', config: { allow: ['staff'] } });
      const ask = async (groups: string[]) => scene.send(at.url, { headers: [bearer(await scene.sign({ groups }))] });
      assert.equal(up(await ask(['night', 'staff']))['x-authenticated-groups'], 'night, staff');
      assert.equal((await ask(['night'])).status, 403);
    });
  });
}
