import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { temporaryPrefix } from '../support/gateway.ts';
import { verifiedClaims } from '../support/jwt.ts';
import { type Scene, startScene } from '../support/scene.ts';
import { basic, form, json, type WireAnswer } from '../support/wire.ts';

interface Ran {
  readonly status: number;
  readonly text: string;
}

/** Runs a command line as a person would paste it. `kong:8001` is this gateway's Admin API. */
function paste(command: string, adminUrl: string): Promise<Ran> {
  const home = temporaryPrefix();
  const { port } = new URL(adminUrl);
  writeFileSync(join(home, '.curlrc'), `connect-to = "kong:8001:127.0.0.1:${port}"\nnoproxy = "*"\nsilent\n`);
  return new Promise((resolve) => {
    execFile('sh', ['-c', command], { env: { ...process.env, CURL_HOME: home } }, (error, stdout, stderr) => {
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(stdout)?.[1] ?? 0);
      resolve({ status, text: error === null ? stdout : `${stdout}${stderr}` });
    });
  });
}

/** The guide's command; only service and tenant are filled in, and the path prefix where asked. */
function guideCommand(service: string, issuer: string, prefix: string): string {
  return `curl -i -X POST http://kong:8001${prefix}/services/${service}/plugins \\
  --data name="openid-connect" \\
  --data config.auth_methods="client_credentials" \\
  --data config.issuer="${issuer}.well-known/openid-configuration" \\
  --data config.token_post_args_names="audience" \\
  --data config.token_post_args_values="https://example.com/"`;
}

function guideCommandAsJson(service: string, issuer: string, prefix: string): string {
  const config = {
    auth_methods: ['client_credentials'],
    issuer: `${issuer}.well-known/openid-configuration`,
    token_post_args_names: ['audience'],
    token_post_args_values: ['https://example.com/'],
  };
  const body = JSON.stringify({ name: 'openid-connect', config });
  return `curl -i -X POST http://kong:8001${prefix}/services/${service}/plugins --header "Content-Type: application/json" --data '${body}'`;
}

for (const workers of [1, 2]) {
  describe(`the guide over the wire, workers: ${workers}`, () => {
    let scene: Scene;
    before(async () => {
      scene = await startScene({ workers });
    });
    after(() => scene.stop());

    const kinds = [
      ['a form under /kong-admin', guideCommand, '/kong-admin'],
      ['a form', guideCommand, ''],
      ['JSON under /kong-admin', guideCommandAsJson, '/kong-admin'],
      ['JSON', guideCommandAsJson, ''],
    ] as const;
    for (const [title, command, prefix] of kinds) {
      test(`the guide's curl as ${title} protects the service, and its credentials get through`, async () => {
        const { path, service } = await scene.expose();
        const ran = await paste(command(service, scene.provider.issuer, prefix), scene.gateway.adminUrl);
        assert.equal(ran.status, 201, ran.text);
        const created = JSON.parse(ran.text.slice(ran.text.indexOf('{')));
        assert.deepEqual(created.config.auth_methods, ['client_credentials']);
        assert.deepEqual(created.config.token_post_args_values, ['https://example.com/']);
        const answer = await scene.send(scene.gateway.proxyUrl + path, { headers: [scene.basic()] });
        assert.equal(answer.status, 200, answer.text);
      });
    }

    const presentations = [
      ['Basic', '?a=1', () => ({ headers: [scene.basic()] }), '/?a=1', ''],
      [
        'the query',
        () => `?a=%7e&client_id=${scene.client.id}&b=+&client_secret=${encodeURIComponent(scene.client.secret)}&c`,
        () => ({}),
        '/?a=%7e&b=+&c',
        '',
      ],
      [
        'a form',
        '?a=1',
        () => form({ keep: 'a b', client_id: scene.client.id, client_secret: scene.client.secret, last: 'é' }),
        '/?a=1',
        'keep=a+b&last=%C3%A9',
      ],
      [
        'JSON',
        '?a=1',
        () => json({ keep: 1, client_id: scene.client.id, client_secret: scene.client.secret, last: [2] }),
        '/?a=1',
        '{"keep":1,"last":[2]}',
      ],
    ] as const;
    for (const [place, query, request, urlSeen, bodySeen] of presentations) {
      test(`credentials in ${place} reach the upstream as a bearer token, themselves unseen`, async () => {
        const at = await scene.protect(scene.guideConfig());
        const url = at.url + (typeof query === 'string' ? query : query());
        const answer = await scene.send(url, request());
        assert.equal(answer.status, 200, answer.text);
        const { echoed } = answer;
        assert.ok(echoed);
        const authorization = String(echoed.headers['authorization']);
        assert.match(authorization, /^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
        const claims = await verifiedClaims(authorization.slice('Bearer '.length), scene.provider.issuer);
        assert.equal(claims['aud'], 'https://example.com/');
        assert.equal(claims['iss'], scene.provider.issuer);
        assert.equal(claims['azp'], scene.client.id);
        assert.equal(claims['sub'], `${scene.client.id}@clients`);
        assert.equal(echoed.url, urlSeen);
        assert.equal(echoed.body, bodySeen);
        assert.ok(!answer.text.includes(scene.client.secret), 'the secret stays at the gateway');
        assert.ok(!answer.text.includes(basic(scene.client.id, scene.client.secret)));
      });
    }

    test('a second request is answered without a call to the provider', async () => {
      const at = await scene.protect(scene.guideConfig());
      const request = { headers: [scene.basic()] };
      assert.equal((await scene.send(at.url, request)).status, 200);
      const before = await scene.control.state();
      for (let round = 0; round < 8; round += 1) assert.equal((await scene.send(at.url, request)).status, 200);
      const now = await scene.control.state();
      assert.equal(now.tokenRequests, before.tokenRequests);
      assert.equal(now.discoveryRequests, before.discoveryRequests);
    });

    test('without credentials the answer is 401 with a bare challenge', async () => {
      const at = await scene.protect(scene.guideConfig());
      const seen = scene.echo.requests;
      const answer = await scene.send(at.url);
      assert.equal(answer.status, 401);
      assert.equal(answer.message, 'Unauthorized');
      assert.match(answer.headers['www-authenticate'] ?? '', /^Bearer realm="[^"]+"$/);
      assert.equal(scene.echo.requests, seen);
    });

    test('a wrong secret is 401 and names the refusing provider', async () => {
      const at = await scene.protect(scene.guideConfig());
      const seen = scene.echo.requests;
      const wrong = { id: scene.client.id, secret: 'not-the-secret-at-all' };
      const answer = await scene.send(at.url, { headers: [scene.basic(wrong)] });
      assert.equal(answer.status, 401);
      assert.match(
        answer.headers['www-authenticate'] ?? '',
        /^Bearer realm="[^"]+", error="invalid_token", error_description="provider\.grant: .*refused.*"$/,
      );
      assert.equal(scene.echo.requests, seen);
    });

    test('config.audience alone does what the two argument lines do', async () => {
      const { issuer } = scene.provider;
      const at = await scene.protect({ issuer, auth_methods: ['client_credentials'], audience: [scene.audience] });
      const answer = await scene.send(at.url, { headers: [scene.basic()] });
      assert.equal(answer.status, 200, answer.text);
      assert.equal((await scene.control.state()).lastTokenRequest?.parameters?.['audience'], scene.audience);
    });

    test('without the audience lines decision and body say that the provider refused and which setting is missing', async () => {
      const { issuer } = scene.provider;
      const at = await scene.protect({ issuer, auth_methods: ['client_credentials'] });
      const quiet: WireAnswer = await scene.send(at.url, { headers: [scene.basic()] });
      assert.equal(quiet.status, 401);
      assert.equal(quiet.message, 'Unauthorized');
      const decision = await scene.decision(quiet.requestId);
      assert.equal(decision.failed, 'provider.grant');
      const failed = decision.checks.find(({ verdict }) => verdict === 'fail');
      assert.equal(failed?.field, 'config.token_post_args_names');
      assert.match(failed?.hint ?? '', /audience/);
      await at.patch({ display_errors: true });
      const open = await scene.send(at.url, { headers: [scene.basic()] });
      assert.equal(open.status, 401);
      assert.match(open.message ?? '', /provider refused/);
      assert.match(open.message ?? '', /token_post_args_names/);
    });
  });
}
