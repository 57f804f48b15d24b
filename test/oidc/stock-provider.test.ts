import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { verifiedClaims } from '../support/jwt.ts';
import { type Scene, startScene } from '../support/scene.ts';
import { bearer } from '../support/wire.ts';

for (const workers of [1, 2]) {
  describe(`the package oidc-provider as it comes, workers: ${workers}`, () => {
    let scene: Scene;
    before(async () => {
      scene = await startScene({ workers, provider: 'default' });
    });
    after(() => scene.stop());

    test('its issuer has no slash at the end, and either spelling of it may be configured', async () => {
      assert.doesNotMatch(scene.provider.issuer, /\/$/);
      const token = await scene.sign();
      for (const suffix of ['', '/', '/.well-known/openid-configuration', '/.well-known/openid-configuration/']) {
        const at = await scene.protect(scene.bearerConfig({ issuer: `${scene.provider.issuer}${suffix}` }));
        const answer = await scene.send(at.url, { headers: [bearer(token)] });
        assert.equal(answer.status, 200, `${suffix}: ${answer.text}`);
      }
    });

    test('client credentials become a JWT for the default resource; a second request asks nobody', async () => {
      const at = await scene.protect({
        issuer: scene.provider.issuer,
        auth_methods: ['client_credentials'],
        scopes: ['api:read'],
      });
      const answer = await scene.send(at.url, { headers: [scene.basic()] });
      assert.equal(answer.status, 200, answer.text);
      const token = String(answer.echoed?.headers['authorization']).slice('Bearer '.length);
      const claims = await verifiedClaims(token, scene.provider.issuer);
      assert.equal(claims['aud'], scene.audience);
      assert.equal(claims['client_id'], scene.client.id);
      assert.equal(claims['scope'], 'api:read');
      const { tokenRequests } = await scene.control.state();
      for (let round = 0; round < 6; round += 1) {
        assert.equal((await scene.send(at.url, { headers: [scene.basic()] })).status, 200);
      }
      assert.equal((await scene.control.state()).tokenRequests, tokenRequests);
    });

    test('its at+jwt tokens are accepted as bearer tokens, for their audience only', async () => {
      const both = ['client_credentials', 'bearer'];
      const at = await scene.protect({ issuer: scene.provider.issuer, auth_methods: both, scopes: ['api:read'] });
      const first = await scene.send(at.url, { headers: [scene.basic()] });
      const token = String(first.echoed?.headers['authorization']).slice('Bearer '.length);
      const { typ } = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());
      assert.equal(typ, 'at+jwt');
      const mine = await scene.protect(
        scene.bearerConfig({ audience_required: [scene.audience], scopes_required: ['api:read'] }),
      );
      assert.equal((await scene.send(mine.url, { headers: [bearer(token)] })).status, 200);
      const other = await scene.protect(scene.bearerConfig({ audience_required: ['https://other/'] }));
      assert.equal((await scene.send(other.url, { headers: [bearer(token)] })).status, 403);
    });

    test('resource as a post argument reaches it; one it does not know is refused with its words for the operator', async () => {
      const config = {
        issuer: scene.provider.issuer,
        auth_methods: ['client_credentials'],
        scopes: ['api:read'],
        token_post_args_names: ['resource'],
      };
      const good = await scene.protect({ ...config, token_post_args_values: [scene.audience] });
      assert.equal((await scene.send(good.url, { headers: [scene.basic()] })).status, 200);
      const bad = await scene.protect({ ...config, token_post_args_values: ['https://unknown.example/'] });
      const answer = await scene.send(bad.url, { headers: [scene.basic()] });
      assert.equal(answer.status, 401);
      const decision = await scene.decision(answer.requestId);
      assert.equal(decision.failed, 'provider.grant');
      assert.match(decision.checks.find(({ verdict }) => verdict === 'fail')?.seen ?? '', /invalid_target/);
    });

    test('a wrong secret is invalid_client there and 401 here', async () => {
      const at = await scene.protect({
        issuer: scene.provider.issuer,
        auth_methods: ['client_credentials'],
        scopes: [],
      });
      const answer = await scene.send(at.url, {
        headers: [scene.basic({ id: scene.client.id, secret: 'a-wrong-secret' })],
      });
      assert.equal(answer.status, 401);
      const decision = await scene.decision(answer.requestId);
      assert.equal(decision.failed, 'provider.grant');
      assert.match(decision.text ?? '', /invalid_client/);
    });
  });
}
