import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type Scene, type SceneClient, startScene } from '../support/scene.ts';
import { eventually, type WireAnswer } from '../support/wire.ts';

const challenge = (answer: WireAnswer) => answer.headers['www-authenticate'] ?? '';

for (const workers of [1, 2]) {
  describe(`what a provider's answer means, workers: ${workers}`, () => {
    let scene: Scene;
    before(async () => {
      scene = await startScene({ workers });
    });
    beforeEach(async () => {
      await scene.control.reset();
    });
    after(() => scene.stop());

    const ask = (url: string, client: SceneClient) => scene.send(url, { headers: [scene.basic(client)] });

    for (const status of [400, 401, 403]) {
      test(`${status} from the token endpoint is 401 with a challenge`, async () => {
        const at = await scene.protect(scene.guideConfig());
        await scene.control.fault({ endpoint: 'token', kind: 'status', status, body: '{"error":"invalid_request"}' });
        const seen = scene.echo.requests;
        const answer = await ask(at.url, await scene.newClient());
        assert.equal(answer.status, 401);
        assert.match(challenge(answer), /error="invalid_token", error_description="provider\.grant: /);
        assert.equal((await scene.decision(answer.requestId)).failed, 'provider.grant');
        assert.equal(scene.echo.requests, seen);
      });
    }

    const faults = [
      ['500', { kind: 'status', status: 500 }, 503, 'provider.reachable'],
      ['503', { kind: 'status', status: 503 }, 503, 'provider.reachable'],
      ['a reset connection', { kind: 'drop' }, 503, 'provider.reachable'],
      ['silence', { kind: 'hang' }, 504, 'provider.reachable'],
      ['garbage', { kind: 'garbage' }, 502, 'provider.answer'],
      ['JSON without a token', { kind: 'garbage', body: '{"token_type":"Bearer"}' }, 502, 'provider.answer'],
      ['an endless body', { kind: 'garbage', bodyBytes: 2 * 1024 * 1024 }, 502, 'provider.answer'],
      ['a redirect', { kind: 'status', status: 302 }, 502, 'provider.answer'],
      [
        'a token of another type',
        { kind: 'garbage', body: '{"access_token":"abc","token_type":"mac"}' },
        502,
        'provider.answer',
      ],
    ] as const;
    for (const [what, fault, status, check] of faults) {
      test(`${what} from the token endpoint is ${status}, without a challenge and with its text in the decision`, async () => {
        const at = await scene.protect(scene.guideConfig({ timeout: 400 }));
        assert.equal((await ask(at.url, await scene.newClient())).status, 200, 'metadata is known');
        await scene.control.fault({ endpoint: 'token', ...fault });
        const seen = scene.echo.requests;
        const answer = await ask(at.url, await scene.newClient());
        assert.equal(answer.status, status, answer.text);
        assert.equal(answer.headers['www-authenticate'], undefined);
        if (status === 503) assert.match(answer.headers['retry-after'] ?? '', /^[1-9]\d*$/);
        const decision = await scene.decision(answer.requestId);
        assert.equal(decision.failed, check);
        assert.ok((decision.text ?? '').length > 10);
        assert.equal(scene.echo.requests, seen);
      });
    }

    test('429 is 503 with the same Retry-After and stops further calls for that credential until then', async () => {
      const at = await scene.protect(scene.guideConfig());
      const other = await scene.newClient();
      assert.equal((await ask(at.url, other)).status, 200);
      const client = await scene.newClient();
      await scene.control.fault({ endpoint: 'token', kind: 'status', retryAfterSeconds: 3, count: 1 });
      const { tokenRequests } = await scene.control.state();
      const limitedAt = performance.now();
      const first = await ask(at.url, client);
      assert.equal(first.status, 503);
      assert.ok(['3', '2'].includes(first.headers['retry-after'] ?? ''), first.headers['retry-after']);
      assert.equal((await scene.decision(first.requestId)).failed, 'provider.rate_limit');
      while (performance.now() - limitedAt < 2300) {
        const again = await ask(at.url, client);
        assert.equal(again.status, 503);
        assert.ok(Number(again.headers['retry-after']) <= 3);
        assert.equal((await scene.decision(again.requestId)).failed, 'provider.rate_limit');
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
      assert.equal((await scene.control.state()).tokenRequests, tokenRequests + 1, 'the provider is left alone');
      assert.equal((await ask(at.url, other)).status, 200, 'a cached token is not touched by it');
      const waited = await eventually(
        'the credential is served',
        async () => (await ask(at.url, client)).status === 200,
        2500,
      );
      assert.ok(waited >= 0);
    });

    test('with the provider down cached tokens work, new ones are 503, expired ones 503 and never 401; it recovers alone', async () => {
      const at = await scene.protect(scene.guideConfig({ cache_ttl_max: 2 }));
      const [cached, cold] = [await scene.newClient(), await scene.newClient()];
      for (let round = 0; round < 6; round += 1) assert.equal((await ask(at.url, cached)).status, 200);
      const cachedAt = performance.now();
      await scene.control.fault({ endpoint: 'all', kind: 'drop' });
      await scene.control.fault({ endpoint: 'token', kind: 'drop' });
      assert.equal((await ask(at.url, cold)).status, 503);
      assert.equal((await ask(at.url, cached)).status, 200);
      const expired = await eventually(
        'the cached token ends',
        async () => (await ask(at.url, cached)).status !== 200,
        4000,
      );
      assert.ok(expired + (performance.now() - cachedAt) > 1000);
      for (let round = 0; round < 4; round += 1) {
        const answer = await ask(at.url, cached);
        assert.equal(answer.status, 503);
        assert.equal(answer.headers['www-authenticate'], undefined);
      }
      await scene.control.fault({ kind: 'none' });
      await eventually(
        'both are served',
        async () => {
          const answers = [await ask(at.url, cached), await ask(at.url, cold)];
          return answers.every(({ status }) => status === 200);
        },
        5000,
      );
    });

    test('a provider that is down when the gateway first needs it is found once it is up', async () => {
      const at = await scene.protect(scene.guideConfig({ timeout: 9000 + workers }));
      await scene.control.fault({ endpoint: 'discovery', kind: 'drop' });
      const client = await scene.newClient();
      const answer = await ask(at.url, client);
      assert.equal(answer.status, 503);
      assert.match(answer.headers['retry-after'] ?? '', /^[1-9]\d*$/);
      assert.equal((await scene.decision(answer.requestId)).failed, 'provider.discovery');
      await scene.control.fault({ kind: 'none' });
      await eventually('the client is served', async () => (await ask(at.url, client)).status === 200, 5000);
    });

    test('metadata of another issuer is refused by name of the setting, and can be allowed', async () => {
      const port = new URL(scene.provider.issuer).port;
      const issuer = `http://localhost:${port}/`;
      const at = await scene.protect(scene.guideConfig({ issuer }));
      const answer = await ask(at.url, scene.client);
      assert.equal(answer.status, 502);
      const decision = await scene.decision(answer.requestId);
      assert.equal(decision.failed, 'provider.issuer');
      const failed = decision.checks.find(({ verdict }) => verdict === 'fail');
      assert.equal(failed?.seen, scene.provider.issuer);
      assert.equal(failed?.expected, issuer);
      assert.equal(failed?.field, 'config.issuer');
      assert.match(failed?.hint ?? '', /allow_issuer_mismatch/);
      const lenient = await scene.protect(scene.guideConfig({ issuer, sallyport: { allow_issuer_mismatch: true } }));
      assert.equal((await ask(lenient.url, scene.client)).status, 200);
    });

    test('the provider process may end and come back: cached tokens work meanwhile, then everything', async () => {
      const at = await scene.protect(scene.guideConfig());
      const [cached, cold] = [await scene.newClient(), await scene.newClient()];
      for (let round = 0; round < 6; round += 1) assert.equal((await ask(at.url, cached)).status, 200);
      await scene.provider.stop();
      for (let round = 0; round < 6; round += 1) assert.equal((await ask(at.url, cached)).status, 200);
      const refused = await ask(at.url, cold);
      assert.equal(refused.status, 503);
      assert.match(refused.headers['retry-after'] ?? '', /^[1-9]\d*$/);
      const fresh = await scene.protect(scene.guideConfig({ timeout: 8000 + workers }));
      assert.equal((await ask(fresh.url, cached)).status, 503, 'not even metadata is known under these settings');
      await scene.restartProvider();
      await eventually(
        'everything is served',
        async () => {
          const answers = [await ask(at.url, cold), await ask(fresh.url, cached), await ask(fresh.url, cold)];
          return answers.every(({ status }) => status === 200);
        },
        5000,
      );
    });
  });
}
