import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { claimsOf } from '../support/jwt.ts';
import { type Scene, type SceneClient, startScene } from '../support/scene.ts';
import { form, type WireAnswer } from '../support/wire.ts';

const upstreamToken = (answer: WireAnswer) =>
  String(answer.echoed?.headers['authorization'] ?? '').replace('Bearer ', '');

for (const workers of [1, 2]) {
  describe(`token requests, workers: ${workers}`, () => {
    let scene: Scene;
    before(async () => {
      scene = await startScene({ workers });
      await scene.control.putApi({ identifier: scene.audience, scopes: ['read:things', 'write:things'] });
    });
    beforeEach(async () => {
      await scene.control.reset();
    });
    after(() => scene.stop());

    const ask = (url: string, client: SceneClient) => scene.send(url, { headers: [scene.basic(client)] });
    const lastRequest = async () => {
      const { lastTokenRequest } = await scene.control.state();
      assert.ok(lastTokenRequest);
      return lastTokenRequest;
    };

    test('by default grant_type, scope openid, the audience and Basic reach the provider', async () => {
      const at = await scene.protect(scene.guideConfig());
      assert.equal((await ask(at.url, scene.client)).status, 200);
      const { parameters, authMethod, clientId, headers } = await lastRequest();
      assert.deepEqual(parameters, { grant_type: 'client_credentials', scope: 'openid', audience: scene.audience });
      assert.equal(authMethod, 'client_secret_basic');
      assert.equal(clientId, scene.client.id);
      assert.equal(headers['content-type'], 'application/x-www-form-urlencoded');
    });

    for (const [field, value] of [
      ['token_endpoint_auth_method', 'client_secret_post'],
      ['client_auth', ['client_secret_post']],
    ] as const) {
      test(`${field} puts the pair into the body`, async () => {
        const client = await scene.newClient({ authMethod: 'client_secret_post' });
        const at = await scene.protect(scene.guideConfig({ client_id: ['gateway'], [field]: value }));
        assert.equal((await ask(at.url, client)).status, 200);
        const { authMethod, parameters } = await lastRequest();
        assert.equal(authMethod, 'client_secret_post');
        assert.equal(parameters?.['client_id'], client.id);
      });
    }

    test('ids and secrets with every kind of character arrive whole, by Basic and by body', async () => {
      const odd = { id: `odd client:&=%+/${workers}`, secret: 'a:b&c=d%e+f g/h?"\\~' };
      await scene.control.putClient(odd.id, { secret: odd.secret, grants: [{ audience: scene.audience, scopes: [] }] });
      scene.remember(odd.secret);
      for (const method of ['client_secret_basic', 'client_secret_post']) {
        const at = await scene.protect(scene.guideConfig({ token_endpoint_auth_method: method }));
        const inForm = await scene.send(at.url, form({ client_id: odd.id, client_secret: odd.secret }));
        assert.equal(inForm.status, 200, `${method}: ${inForm.text}`);
        assert.equal((await lastRequest()).clientId, odd.id);
      }
      const at = await scene.protect(scene.guideConfig());
      const plain = await scene.newClient();
      const colon = { id: plain.id, secret: 'with:colons:and ünï' };
      await scene.control.putClient(plain.id, {
        secret: 'with:colons:and',
        grants: [{ audience: scene.audience, scopes: [] }],
      });
      assert.equal((await ask(at.url, { ...colon, secret: 'with:colons:and' })).status, 200);
    });

    test('scopes, audience, arguments and headers of the configuration are sent', async () => {
      const { issuer } = scene.provider;
      const at = await scene.protect({
        issuer,
        auth_methods: ['client_credentials'],
        audience: [scene.audience],
        scopes: ['read:things', 'write:things'],
        token_post_args_names: ['organization', 'plain', 'organization'],
        token_post_args_values: ['org one', 'x', 'two&three'],
        token_headers_names: ['X-Tenant', 'x-other'],
        token_headers_values: ['tenant-1', 'a b'],
      });
      const client = await scene.newClient({ scopes: ['read:things'] });
      const answer = await ask(at.url, client);
      assert.equal(answer.status, 200, answer.text);
      const { parameters, headers } = await lastRequest();
      assert.equal(parameters?.['scope'], 'read:things write:things');
      assert.equal(parameters?.['audience'], scene.audience);
      assert.deepEqual(parameters?.['organization'], ['org one', 'two&three']);
      assert.equal(headers['x-tenant'], 'tenant-1');
      assert.equal(headers['x-other'], 'a b');
      assert.equal(claimsOf(upstreamToken(answer))['scope'], 'read:things');
    });

    test('without scopes no scope is sent, and a post argument replaces a built-in one but never the client', async () => {
      const at = await scene.protect(
        scene.guideConfig({
          scopes: [],
          audience: ['https://ignored.example/'],
          token_post_args_names: ['audience', 'client_id', 'client_secret'],
          token_post_args_values: [scene.audience, 'somebody-else', 'their-secret'],
        }),
      );
      const client = await scene.newClient();
      assert.equal((await ask(at.url, client)).status, 200);
      const { parameters, clientId } = await lastRequest();
      assert.deepEqual(parameters, { grant_type: 'client_credentials', audience: scene.audience });
      assert.equal(clientId, client.id);
    });

    test('token_post_args_client and token_headers_client come from the caller and are part of the cache key', async () => {
      const at = await scene.protect(
        scene.guideConfig({ token_post_args_client: ['tenant'], token_headers_client: ['X-Region'] }),
      );
      const client = await scene.newClient();
      const from = async (query: string, more: [string, string][], body?: string) => {
        const headers: [string, string][] = [scene.basic(client), ...more];
        const answer = await scene.send(at.url + query, body === undefined ? { headers } : { headers, body });
        assert.equal(answer.status, 200, answer.text);
        return lastRequest();
      };
      const inQuery = await from('?tenant=blue', [['x-region', 'north']]);
      assert.equal(inQuery.parameters?.['tenant'], 'blue');
      assert.equal(inQuery.headers['x-region'], 'north');
      const inForm = await from('', [['Content-Type', 'application/x-www-form-urlencoded']], 'tenant=green');
      assert.equal(inForm.parameters?.['tenant'], 'green');
      assert.equal(inForm.headers['x-region'], undefined);
      const inHeader = await from('', [['Tenant', 'red']]);
      assert.equal(inHeader.parameters?.['tenant'], 'red');
      const { tokenRequests } = await scene.control.state();
      await from('?tenant=blue', [['x-region', 'north']]);
      await from('', [['Tenant', 'red']]);
      assert.equal((await scene.control.state()).tokenRequests, tokenRequests, 'both were cached');
    });

    test('token_headers_replay gives headers of the token response to the caller', async () => {
      const at = await scene.protect(
        scene.guideConfig({ token_headers_replay: ['content-type', 'absent'], token_headers_prefix: 'X-Token-' }),
      );
      const answer = await ask(at.url, scene.client);
      assert.match(answer.headers['x-token-content-type'] ?? '', /^application\/json/);
      assert.equal(answer.headers['x-token-absent'], undefined);
      const other = await scene.protect(
        scene.guideConfig({
          token_headers_replay: ['content-type'],
          token_headers_prefix: 'X-Token-',
          token_headers_grants: ['password'],
        }),
      );
      assert.equal((await ask(other.url, scene.client)).headers['x-token-content-type'], undefined);
    });

    test('a token endpoint of the configuration is used in place of the discovered one', async () => {
      const endpoint = new URL('/oauth/token', scene.provider.issuer).href;
      const at = await scene.protect(
        scene.guideConfig({
          issuer: 'urn:somewhere',
          using_pseudo_issuer: true,
          token_endpoint: endpoint,
          jwks_endpoint: new URL('/.well-known/jwks.json', scene.provider.issuer).href,
          issuers_allowed: [scene.provider.issuer],
        }),
      );
      const before = await scene.control.state();
      assert.equal((await ask(at.url, scene.client)).status, 200);
      const now = await scene.control.state();
      assert.equal(now.tokenRequests, before.tokenRequests + 1);
      assert.equal(now.discoveryRequests, before.discoveryRequests);
    });
  });
}
