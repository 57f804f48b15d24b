import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadSettings } from '../../src/settings/load-settings.ts';
import { freePort, startSallyport, temporaryPrefix } from '../support/gateway.ts';
import { type Scene, startScene } from '../support/scene.ts';
import { bearer, exchange, form, parseAnswer, send, type WireRequest } from '../support/wire.ts';

/** The thirteen points of the security floor, one test each at least; test/oidc goes deeper where a point is about tokens. */
for (const workers of [1, 2]) {
  describe(`the security floor, workers: ${workers}`, () => {
    let scene: Scene;
    const statusPort = freePort();
    before(async () => {
      const env = { SALLYPORT_STATUS_LISTEN: `127.0.0.1:${await statusPort}` };
      scene = await startScene({ workers, env });
    });
    after(() => scene.stop());

    const now = () => Math.floor(Date.now() / 1000);
    const status = async (url: string, token: string) => (await scene.send(url, { headers: [bearer(token)] })).status;
    const raw = async (text: string) => {
      const { port } = new URL(scene.gateway.proxyUrl);
      return parseAnswer(await exchange({ host: '127.0.0.1', port: Number(port) }, Buffer.from(text, 'latin1')));
    };

    test('1: what is refused is unseen, with 401, 403 or 400 by cause, and no input of a client makes a 5xx', async () => {
      const at = await scene.protect(
        scene.guideConfig({ auth_methods: ['client_credentials', 'bearer'], scopes_required: ['admin'] }),
      );
      const seen = scene.echo.requests;
      const odd = [
        '\u0001',
        '\u00ff'.repeat(50),
        '%',
        '%00',
        '../..',
        '{{}}',
        "' OR 1=1",
        '\t',
        ',',
        '"',
        '=',
        'Basic Basic',
      ];
      const requests: WireRequest[] = [
        ...odd.flatMap((text): WireRequest[] => [
          { headers: [['Authorization', text]] },
          { headers: [['Authorization', `Bearer ${text}`]] },
          { headers: [['Authorization', `Basic ${text}`]] },
          { headers: [['Content-Type', 'application/json']], body: text },
          {
            headers: [['Content-Type', 'application/x-www-form-urlencoded']],
            body: `client_id=${text}&client_secret=`,
          },
        ]),
        { headers: [bearer(await scene.sign())] },
        { headers: [bearer(await scene.sign({}, { expiresInSeconds: -1 }))] },
        {},
      ];
      for (const request of requests) {
        const answer = await scene.send(at.url, request);
        assert.ok([400, 401, 403].includes(answer.status), `${JSON.stringify(request)}: ${answer.status}`);
        if (answer.status === 401) assert.match(answer.headers['www-authenticate'] ?? '', /^Bearer /);
      }
      assert.equal(scene.echo.requests, seen);
      assert.equal(await status(at.url, await scene.sign()), 403);
    });

    test('2: only listed algorithms and fitting keys of the issuer count', async () => {
      const at = await scene.protect(scene.bearerConfig());
      for (const alg of [
        'HS256',
        'HS384',
        'HS512',
        'none',
        'None',
        'RS1',
        'ES256K',
        'PS256',
        'RS512',
        'ES256',
        'EdDSA',
        'rs256',
      ]) {
        const key = alg.startsWith('HS') ? ('public-key-as-secret' as const) : ('current' as const);
        assert.equal(await status(at.url, await scene.sign({}, { key, header: { alg } })), 401, alg);
      }
      for (const header of [{ jwk: {} }, { jku: 'x' }, { x5u: 'x' }, { x5c: [] }]) {
        assert.equal(await status(at.url, await scene.sign({}, { key: 'unknown', header })), 401);
      }
      for (const header of [{ crit: ['b64'], b64: false }, { crit: [] }, { crit: ['x'] }, { b64: true }]) {
        assert.equal(await status(at.url, await scene.sign({}, { header })), 401, JSON.stringify(header));
      }
      assert.equal(await status(at.url, await scene.sign()), 200);
    });

    test('3: claims are checked on every use; the moment of exp is too late; wrong types are refused', async () => {
      const at = await scene.protect(scene.bearerConfig());
      const exp = now() + 1;
      const token = await scene.sign({ exp });
      await status(at.url, token);
      while (Date.now() < exp * 1000) await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(await status(at.url, token), 401, 'known and expired');
      for (const claims of [
        { exp: true },
        { exp: [] },
        { exp: '' },
        { exp: -1 },
        { exp: 1e15 },
        { nbf: 'x' },
        { iat: {} },
        { iss: 7 },
        { iss: `${scene.provider.issuer}/` },
      ]) {
        assert.equal(await status(at.url, await scene.sign(claims)), 401, JSON.stringify(claims));
      }
    });

    test('4: a cached token belongs to one instance, client, secret, grant, argument and scope', async () => {
      await scene.control.reset();
      const client = await scene.newClient();
      const configs = [
        {},
        { scopes: ['a'] },
        { token_post_args_names: ['audience', 'x'], token_post_args_values: [scene.audience, '1'] },
        {},
      ];
      for (const config of configs) {
        const at = await scene.protect(scene.guideConfig({ ...config }));
        assert.equal((await scene.send(at.url, { headers: [scene.basic(client)] })).status, 200);
        const other = { id: client.id, secret: `${client.secret}-` };
        assert.equal((await scene.send(at.url, { headers: [scene.basic(other)] })).status, 401);
      }
      assert.equal((await scene.control.state()).tokenRequests, configs.length * 2);
    });

    test('5: provider calls are shared, bounded in time and size, and follow no redirect', async () => {
      const at = await scene.protect(scene.guideConfig({ timeout: 300 }));
      assert.equal((await scene.send(at.url, { headers: [scene.basic()] })).status, 200);
      await scene.control.reset();
      for (const [fault, expected] of [
        [{ kind: 'hang' }, 504],
        [{ kind: 'slow', delayMs: 5000 }, 504],
        [{ kind: 'garbage', bodyBytes: 3_000_000 }, 502],
        [{ kind: 'status', status: 307 }, 502],
      ] as const) {
        await scene.control.fault({ endpoint: 'token', ...fault });
        const client = await scene.newClient();
        const before = (await scene.control.state()).tokenRequests;
        const startedAt = performance.now();
        const answers = await Promise.all(
          Array.from({ length: 20 }, () => scene.send(at.url, { headers: [scene.basic(client)] })),
        );
        assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([expected]), JSON.stringify(fault));
        assert.ok(performance.now() - startedAt < 3000);
        assert.equal((await scene.control.state()).tokenRequests - before, 1);
      }
      await scene.control.reset();
    });

    test("6: identity headers are the gateway's own, on every route and in every spelling", async () => {
      const at = await scene.protect(
        scene.bearerConfig({ upstream_headers_claims: ['absent'], upstream_headers_names: ['X-Role'] }),
      );
      const headers: [string, string][] = [
        'X-Role',
        'x_role',
        'X-Consumer-ID',
        'X_CONSUMER_ID',
        'X-Consumer_Username',
        'X-Credential_Identifier',
      ].map((name) => [name, 'evil']);
      const answer = await scene.send(at.url, {
        headers: [...headers, ['Connection', 'close, X-Credential-Identifier'], bearer(await scene.sign())],
      });
      assert.equal(answer.status, 200);
      assert.ok(!answer.text.includes('evil'), answer.text);
      assert.equal(answer.echoed?.headers['x-credential-identifier'], 'caller@clients');
    });

    test('7: browser logins are not built yet, so no configuration can switch on an unprotected one', async () => {
      const { service } = await scene.expose();
      for (const methods of [
        ['authorization_code'],
        ['session'],
        ['password'],
        ['client_credentials', 'session'],
        undefined,
      ]) {
        const config = { issuer: scene.provider.issuer, ...(methods === undefined ? {} : { auth_methods: methods }) };
        const answer = await scene.admin.json('POST', `/services/${service}/plugins`, {
          name: 'openid-connect',
          config,
        });
        assert.equal(answer.status, 400, String(methods));
        assert.match(JSON.stringify(answer.body), /auth_methods/);
      }
    });

    test('8: a redirect goes to the configured place, whatever the request asks for', async () => {
      const target = 'https://login.example/?from=gateway';
      const at = await scene.protect(scene.bearerConfig({ unauthorized_redirect_uri: [target] }));
      for (const headers of [
        [['Host', 'evil.example']],
        [['X-Forwarded-Host', 'evil.example']],
        [['Referer', 'https://evil.example/']],
      ] as [string, string][][]) {
        const answer = await scene.send(`${at.url}?redirect_uri=https://evil.example/&next=//evil.example`, {
          headers,
        });
        assert.equal(answer.status, 302);
        assert.equal(answer.headers['location'], target);
      }
      const { service } = await scene.expose();
      for (const address of [
        'javascript:alert(1)',
        '//evil.example/',
        'https://user:pass@evil.example/',
        'https://x.example/\r\nSet-Cookie: a=b',
      ]) {
        const config = scene.bearerConfig({ unauthorized_redirect_uri: [address] });
        assert.equal(
          (await scene.admin.json('POST', `/services/${service}/plugins`, { name: 'openid-connect', config })).status,
          400,
          address,
        );
      }
    });

    test('9: a cookie is no credential unless it is configured as one, and none is ever set', async () => {
      const at = await scene.protect(scene.bearerConfig());
      const token = await scene.sign();
      for (const name of ['session', 'authorization', 'access_token', 'token']) {
        const answer = await scene.send(at.url, { headers: [['Cookie', `${name}=${token}`]] });
        assert.equal(answer.status, 401, name);
        assert.equal(answer.headers['set-cookie'], undefined);
      }
    });

    test('10: a message with two readings is refused before anything is routed', async () => {
      const plain = await scene.expose();
      const head = `Host: gw\r\n`;
      const target = plain.path;
      const seen = scene.echo.requests;
      const messages = [
        `POST ${target} HTTP/1.1\r\n${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
        `POST ${target} HTTP/1.1\r\n${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`,
        `POST ${target} HTTP/1.1\r\n${head}Content-Length: +5\r\n\r\nhello`,
        `POST ${target} HTTP/1.1\r\n${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
        `POST ${target} HTTP/1.1\r\n${head}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
        `GET ${target} HTTP/1.1\r\n${head}Host: other\r\n\r\n`,
        `GET ${target} HTTP/1.1\r\n\r\n`,
        `GET ${target} HTTP/1.1\r\n${head}X: a\r\n folded\r\n\r\n`,
        `GET ${target} HTTP/1.1\r\n${head}X y: a\r\n\r\n`,
        `GET ${target}\u0000 HTTP/1.1\r\n${head}\r\n`,
        `GET  ${target} HTTP/1.1\r\n${head}\r\n`,
      ];
      for (const message of messages) {
        const answer = await raw(message);
        assert.equal(answer.status, 400, JSON.stringify(message));
      }
      assert.equal(scene.echo.requests, seen);
    });

    test('10: the path that is routed is the path that is forwarded', async () => {
      const guarded = await scene.protect(scene.bearerConfig());
      const open = await scene.expose();
      const seen = scene.echo.requests;
      for (const path of [
        `${open.path}/..${guarded.path}/x`,
        `${open.path}/%2e%2e${guarded.path}/x`,
        `/.${guarded.path}/x`,
        `/${guarded.path}/x`,
        `${guarded.path.replace('a', '%61')}/x`,
      ]) {
        const answer = await raw(`GET ${path} HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n`);
        assert.equal(answer.status, 401, `${path} is the guarded route`);
      }
      assert.equal(scene.echo.requests, seen);
      const answer = await raw(
        `GET ${guarded.path}/a/../b/./c%41 HTTP/1.1\r\nHost: gw\r\nConnection: close\r\nAuthorization: Bearer ${await scene.sign()}\r\n\r\n`,
      );
      assert.equal(answer.echoed?.url, '/b/cA');
    });

    test('11: no secret is in an answer, a decision or a file that others can read', async () => {
      const at = await scene.protect(scene.guideConfig({ display_errors: true }));
      const secret = scene.remember('a-secret-nobody-may-see');
      const pair = { client_id: 'somebody', client_secret: secret };
      const query = new URLSearchParams(pair).toString();
      const answers = [
        await scene.send(at.url, { headers: [scene.basic({ id: 'somebody', secret })] }),
        await scene.send(`${at.url}?${query}`),
        await scene.send(at.url, form(pair)),
        await scene.send(`${at.url}?${query}&client_secret=other`),
        await scene.send(`${scene.gateway.proxyUrl}/nowhere?${query}`),
      ];
      for (const answer of answers) {
        assert.ok(answer.status >= 400);
        scene.assertNoSecretIn(`${answer.text}${JSON.stringify(answer.headers)}`, 'answer');
      }
      scene.assertNoSecretIn(JSON.stringify((await scene.admin.get('/decisions?size=50')).body), 'decisions');
      assert.equal(statSync(scene.gateway.prefix).mode & 0o077, 0, 'the state folder is closed to others');
      for (const name of readdirSync(scene.gateway.prefix)) {
        if (name.startsWith('sallyport.db'))
          assert.equal(statSync(join(scene.gateway.prefix, name)).mode & 0o177, 0, name);
      }
    });

    test('12: a request that is not idempotent reaches the upstream once at most', async () => {
      const arrivals = new Map<string, number>();
      const sockets = new Set<Socket>();
      // Keeps the first connection alive for one answer, then cuts every connection right after reading a request.
      const cutting = createServer((socket) => {
        sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('data', (chunk) => {
          const [method = '', target = ''] = chunk.toString('latin1').split(' ');
          const count = (arrivals.get(`${method} ${target}`) ?? 0) + 1;
          arrivals.set(`${method} ${target}`, count);
          if (target === '/warm') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
          else socket.destroy();
        });
      });
      const port = await freePort();
      await new Promise<void>((resolve) => cutting.listen(port, '127.0.0.1', resolve));
      try {
        await scene.admin.must('POST', '/services', { name: 'cutting', url: `http://127.0.0.1:${port}`, retries: 5 });
        await scene.admin.must('POST', '/services/cutting/routes', { name: 'cutting', paths: ['/cutting'] });
        for (const method of ['POST', 'PATCH', 'DELETE', 'PUT']) {
          for (let round = 0; round < 3; round += 1) {
            assert.equal((await scene.send(`${scene.gateway.proxyUrl}/cutting/warm`)).status, 200);
            const target = `/${method}-${round}`;
            const answer = await scene.send(`${scene.gateway.proxyUrl}/cutting${target}`, {
              method,
              ...(method === 'DELETE' ? {} : { body: 'x' }),
            });
            assert.equal(answer.status, 502);
            const count = arrivals.get(`${method} ${target}`);
            if (method === 'POST' || method === 'PATCH') assert.equal(count, 1, target);
            else assert.ok((count ?? 0) >= 1);
          }
        }
      } finally {
        for (const socket of sockets) socket.destroy();
        await new Promise((resolve) => cutting.close(resolve));
      }
    });

    test('12: an acknowledged write is there after kill -9', async () => {
      let gateway = await startSallyport({ workers });
      const { prefix } = gateway;
      const put = async (url: string) =>
        (
          await fetch(`${url}/services/kept`, {
            method: 'PUT',
            body: '{"url":"http://127.0.0.1:1"}',
            headers: { 'content-type': 'application/json' },
          })
        ).status;
      assert.equal(await put(gateway.adminUrl), 200);
      await gateway.kill();
      gateway = await startSallyport({ workers, prefix });
      try {
        assert.equal((await fetch(`${gateway.adminUrl}/services/kept`)).status, 200);
      } finally {
        assert.equal(await gateway.stop(), 0);
      }
    });

    test('13: the Admin API and the control API of the local provider are closed to web pages', async () => {
      const { port } = new URL(scene.gateway.adminUrl);
      const control = `${scene.provider.controlUrl}/state`;
      for (const url of [`${scene.gateway.adminUrl}/services`, control]) {
        for (const headers of [
          [['Host', 'evil.example']],
          [['Host', `evil.example:${port}`]],
          [['Host', '127.0.0.1.evil.example']],
          [['Origin', 'https://evil.example']],
          [['Origin', 'null']],
          [['Origin', 'http://localhost:1']],
          [
            ['Sec-Fetch-Site', 'cross-site'],
            ['Sec-Fetch-Mode', 'no-cors'],
          ],
        ] as [string, string][][]) {
          const answer = await send(url, { headers });
          assert.equal(answer.status, 403, `${url} ${JSON.stringify(headers)}`);
          assert.equal(answer.headers['access-control-allow-origin'], undefined);
        }
        const simple = await send(url, {
          method: 'POST',
          body: 'name=x',
          headers: [
            ['Origin', 'https://evil.example'],
            ['Content-Type', 'text/plain'],
          ],
        });
        assert.equal(simple.status, 403);
      }
      for (const host of ['localhost', 'kong', '127.0.0.1', '[::1]']) {
        assert.equal(
          (await send(`${scene.gateway.adminUrl}/`, { headers: [['Host', `${host}:${port}`]] })).status,
          200,
          host,
        );
      }
      assert.equal((await scene.admin.get('/services/simple')).status, 404);
    });

    test('13: neither the proxy port nor the status port answers for the Admin API', async () => {
      const statusUrl = `http://127.0.0.1:${await statusPort}`;
      assert.equal((await send(`${statusUrl}/status`)).status, 200);
      assert.equal((await send(`${statusUrl}/status/ready`)).status, 200);
      for (const path of ['/services', '/plugins', '/decisions', '/kong-admin/services', '/']) {
        assert.equal((await send(`${statusUrl}${path}`)).status, 404, `status port ${path}`);
        assert.equal((await send(`${scene.gateway.proxyUrl}${path}`)).status, 404, `proxy port ${path}`);
      }
      const written = await send(`${statusUrl}/services`, {
        method: 'POST',
        body: '{"url":"http://x"}',
        headers: [['Content-Type', 'application/json']],
      });
      assert.equal(written.status, 404);
    });
  });
}

test('13: the Admin API listens on this machine only unless it is told otherwise', () => {
  const loaded = loadSettings({ mode: 'start', env: { SALLYPORT_PREFIX: temporaryPrefix() } });
  const hosts = loaded.kind === 'faults' ? loaded.faults : loaded.settings.adminListen.map(({ host }) => host);
  assert.ok(hosts.length > 0);
  assert.deepEqual(new Set(hosts), new Set(['127.0.0.1']));
});
