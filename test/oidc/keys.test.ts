import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type Scene, startScene } from '../support/scene.ts';
import { bearer, eventually } from '../support/wire.ts';

for (const workers of [1, 2]) {
  describe(`keys of the provider, workers: ${workers}`, () => {
    let scene: Scene;
    let distinct = 5000;
    before(async () => {
      scene = await startScene({ workers });
    });
    beforeEach(async () => {
      await scene.control.reset();
    });
    after(() => scene.stop());

    /** Issuer settings of its own: what is known of the issuer is not shared with other tests. */
    const protect = (more: Record<string, unknown> = {}) => {
      distinct += 1;
      return scene.protect(scene.bearerConfig({ timeout: distinct, ...more }));
    };
    const status = async (url: string, token: string) => (await scene.send(url, { headers: [bearer(token)] })).status;
    /** Enough connections that every worker has met the provider. */
    const warm = async (url: string) => {
      const token = await scene.sign();
      for (let round = 0; round < 10; round += 1) assert.equal(await status(url, token), 200);
      return token;
    };

    test('metadata and keys are fetched once for the node', async () => {
      const at = await protect();
      await warm(at.url);
      const { discoveryRequests, jwksRequests } = await scene.control.state();
      assert.deepEqual([discoveryRequests, jwksRequests], [1, 1]);
    });

    test('a token of a new key works at its first request, with exactly one fetch of the keys', async () => {
      const at = await protect();
      const old = await warm(at.url);
      await scene.control.rotateKeys();
      const before = await scene.control.state();
      const token = await scene.sign();
      for (let round = 0; round < 10; round += 1)
        assert.equal(await status(at.url, token), 200, `request ${round + 1}`);
      const now = await scene.control.state();
      assert.equal(now.jwksRequests - before.jwksRequests, 1);
      assert.equal(now.discoveryRequests - before.discoveryRequests, 1);
      assert.equal(await status(at.url, old), 200, 'the old key is still published');
    });

    test('client credentials go through a rotation without a refusal', async () => {
      const at = await scene.protect(scene.guideConfig({ timeout: 4000 + workers, cache_tokens: false }));
      for (let round = 0; round < 4; round += 1) {
        assert.equal((await scene.send(at.url, { headers: [scene.basic()] })).status, 200);
      }
      await scene.control.rotateKeys();
      for (let round = 0; round < 6; round += 1) {
        assert.equal((await scene.send(at.url, { headers: [scene.basic()] })).status, 200);
      }
    });

    test('a burst of 200 unknown key ids makes one rediscovery at most, and good tokens stay good', async () => {
      const at = await protect();
      const good = await warm(at.url);
      const strange = await Promise.all(Array.from({ length: 200 }, () => scene.sign({}, { key: 'unknown' })));
      const before = await scene.control.state();
      const statuses = await Promise.all(strange.map((token) => status(at.url, token)));
      assert.deepEqual(new Set(statuses), new Set([401]));
      const now = await scene.control.state();
      assert.ok(
        now.jwksRequests - before.jwksRequests <= 1,
        `${now.jwksRequests - before.jwksRequests} fetches of keys`,
      );
      assert.ok(now.discoveryRequests - before.discoveryRequests <= 1);
      assert.equal(await status(at.url, good), 200);
    });

    test('in the cool-down a new key waits, after rediscovery_lifetime it is found', async () => {
      const at = await protect({ rediscovery_lifetime: 1 });
      await warm(at.url);
      assert.equal(await status(at.url, await scene.sign({}, { key: 'unknown' })), 401);
      await scene.control.rotateKeys();
      const token = await scene.sign();
      await eventually('the new key is found', async () => (await status(at.url, token)) === 200, 3000);
    });

    test('a failing keys endpoint never takes good keys away', async () => {
      const at = await protect({ rediscovery_lifetime: 0 });
      const good = await warm(at.url);
      for (const fault of [
        { kind: 'status' },
        { kind: 'drop' },
        { kind: 'garbage' },
        { kind: 'garbage', body: '{"keys":[]}' },
      ] as const) {
        await scene.control.fault({ endpoint: 'jwks', ...fault });
        const answer = await scene.send(at.url, { headers: [bearer(await scene.sign({}, { key: 'unknown' }))] });
        assert.equal(answer.status, 401);
        assert.equal((await scene.decision(answer.requestId)).failed, 'token.key');
        if (!('body' in fault)) {
          for (let round = 0; round < 4; round += 1) assert.equal(await status(at.url, good), 200, fault.kind);
        }
      }
    });

    test("without any keys the fault is the provider's: 5xx, check provider.keys, and it recovers", async () => {
      await scene.control.fault({ endpoint: 'jwks', kind: 'status', status: 500 });
      const at = await protect();
      const token = await scene.sign();
      const answer = await scene.send(at.url, { headers: [bearer(token)] });
      assert.equal(answer.status, 503);
      assert.equal(answer.headers['www-authenticate'], undefined);
      assert.equal((await scene.decision(answer.requestId)).failed, 'provider.keys');
      await scene.control.fault({ kind: 'none' });
      await eventually('keys are there', async () => (await status(at.url, token)) === 200, 5000);
    });

    test('metadata that cannot be read is 502, a silent provider 504', async () => {
      const token = await scene.sign();
      let shortTimeoutMs = 400;
      for (const [fault, expected] of [
        [{ kind: 'garbage' }, 502],
        [{ kind: 'garbage', body: '{"issuer":5}' }, 502],
        [{ kind: 'status', status: 404 }, 502],
        [{ kind: 'hang' }, 504],
        [{ kind: 'status', retryAfterSeconds: 7 }, 503],
      ] as const) {
        shortTimeoutMs += 1;
        const at = await protect({ timeout: shortTimeoutMs });
        await scene.control.fault({ endpoint: 'discovery', ...fault });
        const answer = await scene.send(at.url, { headers: [bearer(token)] });
        assert.equal(answer.status, expected, JSON.stringify(fault));
        assert.match((await scene.decision(answer.requestId)).failed ?? '', /^provider\.(discovery|issuer)$/);
        await scene.control.fault({ kind: 'none' });
      }
    });

    test('keys of extra_jwks_uris are trusted beside the own ones', async () => {
      const other = await startScene();
      try {
        const uri = new URL('/.well-known/jwks.json', other.provider.issuer).href;
        const at = await protect({ extra_jwks_uris: [uri] });
        const foreign = scene.remember(
          await other.control.sign({ claims: { iss: scene.provider.issuer, aud: scene.audience, sub: 'x' } }),
        );
        assert.equal(await status(at.url, foreign), 200);
        assert.equal(await status(at.url, await scene.sign()), 200);
        assert.equal(await status((await protect()).url, foreign), 401);
      } finally {
        await other.abandon();
      }
    });
  });
}
