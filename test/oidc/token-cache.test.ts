import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { claimsOf } from '../support/jwt.ts';
import { type Scene, type SceneClient, startScene } from '../support/scene.ts';
import { eventually, type WireAnswer } from '../support/wire.ts';

const upstreamToken = (answer: WireAnswer) =>
  String(answer.echoed?.headers['authorization'] ?? '').replace('Bearer ', '');

for (const workers of [1, 2]) {
  describe(`the token cache, workers: ${workers}`, () => {
    let scene: Scene;
    before(async () => {
      scene = await startScene({ workers });
    });
    beforeEach(async () => {
      await scene.control.reset();
    });
    after(() => scene.stop());

    const ask = (url: string, client: SceneClient) => scene.send(url, { headers: [scene.basic(client)] });
    const tokenRequests = async () => (await scene.control.state()).tokenRequests;

    test('a token is used until its own expiry and not beyond', async () => {
      const audience = `https://short.example/${workers}`;
      await scene.control.putApi({ identifier: audience, tokenLifetimeSeconds: 2 });
      const client = { id: `short-${workers}`, secret: scene.remember('secret-of-the-short-one') };
      await scene.control.putClient(client.id, { secret: client.secret, grants: [{ audience, scopes: [] }] });
      const at = await scene.protect(scene.guideConfig({ token_post_args_values: [audience] }));
      const first = upstreamToken(await ask(at.url, client));
      const exp = Number(claimsOf(first)['exp']) * 1000;
      while (Date.now() < exp + 300) {
        const answer = await ask(at.url, client);
        assert.equal(answer.status, 200);
        const token = upstreamToken(answer);
        if (token === first) assert.ok(Date.now() < exp + 100, 'an expired token is not sent');
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.notEqual(upstreamToken(await ask(at.url, client)), first);
      assert.ok((await tokenRequests()) >= 2);
    });

    test('cache_ttl_max ends an entry before its token ends', async () => {
      const at = await scene.protect(scene.guideConfig({ cache_ttl_max: 1 }));
      assert.equal((await ask(at.url, scene.client)).status, 200);
      await eventually(
        'a second token request',
        async () => {
          assert.equal((await ask(at.url, scene.client)).status, 200);
          return (await tokenRequests()) >= 2;
        },
        2500,
      );
    });

    test('a header that is known answers for nothing but itself', async () => {
      const at = await scene.protect(scene.guideConfig());
      const other = await scene.protect(scene.guideConfig({ scopes_required: ['nobody:has-this'] }));
      for (let round = 0; round < 6; round += 1) assert.equal((await ask(at.url, scene.client)).status, 200);
      assert.equal((await ask(at.url, { ...scene.client, secret: 'another one' })).status, 401, 'another secret');
      assert.equal((await ask(other.url, scene.client)).status, 403, 'another policy');
      const contradicted = `${at.url}?client_id=${scene.client.id}&client_secret=another`;
      assert.equal((await ask(contradicted, scene.client)).status, 400, 'another credential beside it');
      assert.equal((await ask(at.url, scene.client)).status, 200);
    });

    test('cache_tokens=false asks the provider every time', async () => {
      const at = await scene.protect(scene.guideConfig({ cache_tokens: false }));
      for (let round = 0; round < 4; round += 1) assert.equal((await ask(at.url, scene.client)).status, 200);
      await Promise.all([1, 2, 3].map(() => ask(at.url, scene.client)));
      assert.equal(await tokenRequests(), 7);
    });

    test('instances share tokens through equal salts only', async () => {
      const salted = { cache_tokens_salt: 'a-salt-that-two-instances-share' };
      const [a, b, c] = [
        await scene.protect(scene.guideConfig(salted)),
        await scene.protect(scene.guideConfig(salted)),
        await scene.protect(scene.guideConfig()),
      ];
      const client = await scene.newClient();
      assert.equal(upstreamToken(await ask(a.url, client)), upstreamToken(await ask(b.url, client)));
      assert.equal(await tokenRequests(), 1);
      assert.equal((await ask(c.url, client)).status, 200);
      assert.equal(await tokenRequests(), 2);
    });

    test("a shared token does not carry one instance's permissions to the other", async () => {
      const salted = { cache_tokens_salt: 'another-salt-of-two-instances' };
      const open = await scene.protect(scene.guideConfig(salted));
      const strict = await scene.protect(scene.guideConfig({ ...salted, scopes_required: ['admin'] }));
      const client = await scene.newClient();
      assert.equal((await ask(open.url, client)).status, 200);
      assert.equal((await ask(strict.url, client)).status, 403);
      assert.equal((await ask(open.url, client)).status, 200);
      assert.equal(await tokenRequests(), 1);
    });

    test('changing the configuration never reuses a verdict reached before', async () => {
      const at = await scene.protect(scene.guideConfig());
      const client = await scene.newClient();
      assert.equal((await ask(at.url, client)).status, 200);
      await at.patch({ scopes_required: ['admin'] });
      assert.equal((await ask(at.url, client)).status, 403);
      await at.patch({ scopes_required: null });
      assert.equal((await ask(at.url, client)).status, 200);
    });

    for (const [expiresIn, calls] of [
      [0, 3],
      [-1, 3],
      ['"soon"', 3],
      ['[]', 3],
      ['"3600"', 1],
      ['null', 1],
      ['1e99', 1],
    ] as const) {
      test(`expires_in ${expiresIn} makes ${calls} token requests of three in a row`, async () => {
        const token = await scene.sign();
        const body = `{"access_token":"${token}","token_type":"Bearer","expires_in":${expiresIn}}`;
        await scene.control.fault({ endpoint: 'token', kind: 'garbage', body });
        const at = await scene.protect(scene.guideConfig());
        const client = await scene.newClient();
        const before = await tokenRequests();
        for (let round = 0; round < 3; round += 1) assert.equal((await ask(at.url, client)).status, 200);
        assert.equal((await tokenRequests()) - before, calls);
      });
    }

    test('a token that has expired when it is bought is refused, and no other is bought before cache_ttl_neg', async () => {
      const token = await scene.sign({}, { expiresInSeconds: -10 });
      const body = JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in: 3600 });
      await scene.control.fault({ endpoint: 'token', kind: 'garbage', body, count: 1 });
      const at = await scene.protect(scene.guideConfig({ cache_ttl_neg: 1 }));
      const client = await scene.newClient();
      const seen = scene.echo.requests;
      const before = await tokenRequests();
      const refused = await ask(at.url, client);
      assert.equal((await scene.decision(refused.requestId)).failed, 'token.expiry');
      assert.equal(scene.echo.requests, seen);
      assert.equal((await ask(at.url, client)).status, 401);
      assert.equal((await tokenRequests()) - before, 1);
      await new Promise((resolve) => setTimeout(resolve, 1100));
      assert.equal((await ask(at.url, client)).status, 200, 'then the next one asks again');
    });

    test('an opaque token of the token endpoint goes upstream as it is', async () => {
      const body = '{"access_token":"opaque.but_fine-1","token_type":"bearer","expires_in":60}';
      await scene.control.fault({ endpoint: 'token', kind: 'garbage', body });
      const at = await scene.protect(scene.guideConfig());
      const answer = await ask(at.url, await scene.newClient());
      assert.equal(answer.status, 200);
      assert.equal(upstreamToken(answer), 'opaque.but_fine-1');
    });
  });
}
