import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Scene, startScene } from '../support/scene.ts';
import { bearer, form, json, type WireRequest } from '../support/wire.ts';

const now = () => Math.floor(Date.now() / 1000);

for (const workers of [1, 2]) {
  describe(`what a bearer token must hold, workers: ${workers}`, () => {
    let scene: Scene;
    before(async () => {
      scene = await startScene({ workers });
    });
    after(() => scene.stop());

    const status = async (url: string, token: string) => (await scene.send(url, { headers: [bearer(token)] })).status;
    const failedCheck = async (url: string, token: string) => {
      const answer = await scene.send(url, { headers: [bearer(token)] });
      return answer.status === 200 ? null : (await scene.decision(answer.requestId)).failed;
    };

    const requirements = [
      ['scopes', 'scope', 'string'],
      ['audience', 'aud', 'either'],
      ['groups', 'groups', 'list'],
      ['roles', 'roles', 'list'],
    ] as const;
    for (const [name, claim] of requirements) {
      test(`${name}_required: entries are alternatives, words inside one are all needed`, async () => {
        const at = await scene.protect(scene.bearerConfig({ [`${name}_required`]: ['a b', 'c'] }));
        for (const [value, passes] of [
          ['a b', true],
          [['b', 'x', 'a'], true],
          ['c', true],
          [['c'], true],
          ['a', false],
          [['a b'], false],
          ['ab', false],
          ['A B', false],
          [{ a: 1, b: 2 }, false],
          [[], false],
          [null, false],
        ] as const) {
          const token = await scene.sign({ [claim]: value });
          const failed = await failedCheck(at.url, token);
          assert.equal(failed, passes ? null : `token.${name}`, JSON.stringify(value));
        }
      });
    }

    test('claim paths lead into objects and lists, and never to properties that nobody claimed', async () => {
      const at = await scene.protect(
        scene.bearerConfig({
          roles_claim: ['realm_access', 'roles'],
          roles_required: ['admin'],
          groups_claim: ['teams', '2', 'name'],
          groups_required: ['blue'],
        }),
      );
      const good = { realm_access: { roles: ['user', 'admin'] }, teams: [{ name: 'red' }, { name: 'blue' }] };
      assert.equal(await failedCheck(at.url, await scene.sign(good)), null);
      assert.equal(await failedCheck(at.url, await scene.sign({ ...good, realm_access: 'roles' })), 'token.roles');
      assert.equal(await failedCheck(at.url, await scene.sign({ ...good, teams: [{ name: 'blue' }] })), 'token.groups');
      const odd = await scene.protect(
        scene.bearerConfig({ roles_claim: ['constructor', 'name'], roles_required: ['Object'] }),
      );
      assert.equal(await failedCheck(odd.url, await scene.sign()), 'token.roles');
    });

    test('claims_forbidden refuses by the presence of a claim', async () => {
      const at = await scene.protect(scene.bearerConfig({ claims_forbidden: ['act', 'impersonator'] }));
      assert.equal(await status(at.url, await scene.sign()), 200);
      for (const value of ['x', null, 0, false]) {
        const token = await scene.sign({ impersonator: value === null ? { is: null } : value });
        assert.equal(await failedCheck(at.url, token), 'token.forbidden_claims');
      }
    });

    test('issuers_allowed replaces the issuer of the metadata, byte for byte', async () => {
      const at = await scene.protect(scene.bearerConfig({ issuers_allowed: ['https://one/', 'https://two'] }));
      assert.equal(await status(at.url, await scene.sign({ iss: 'https://one/' })), 200);
      assert.equal(await status(at.url, await scene.sign({ iss: 'https://two' })), 200);
      assert.equal(await failedCheck(at.url, await scene.sign({ iss: 'https://two/' })), 'token.issuer');
      assert.equal(await failedCheck(at.url, await scene.sign({ iss: 'HTTPS://one/' })), 'token.issuer');
      assert.equal(await failedCheck(at.url, await scene.sign()), 'token.issuer');
    });

    test('the moment of exp counts as expired; leeway moves exp, nbf and iat by as much', async () => {
      const strict = await scene.protect(scene.bearerConfig());
      assert.equal(await failedCheck(strict.url, await scene.sign({ exp: now() })), 'token.expiry');
      assert.equal(await failedCheck(strict.url, await scene.sign({ nbf: now() + 5 })), 'token.not_before');
      const lenient = await scene.protect(scene.bearerConfig({ leeway: 10 }));
      assert.equal(await failedCheck(lenient.url, await scene.sign({ exp: now() - 10 })), 'token.expiry');
      assert.equal(await status(lenient.url, await scene.sign({ exp: now() - 6 })), 200);
      assert.equal(await status(lenient.url, await scene.sign({ nbf: now() + 9, iat: now() + 9 })), 200);
      assert.equal(await failedCheck(lenient.url, await scene.sign({ nbf: now() + 20 })), 'token.not_before');
      assert.equal(await failedCheck(lenient.url, await scene.sign({ iat: now() + 20 })), 'token.issued_at');
    });

    test('a token that was accepted is refused from its expiry on, though it is known', async () => {
      const at = await scene.protect(scene.bearerConfig());
      const exp = now() + 2;
      const token = await scene.sign({ exp });
      assert.equal(await status(at.url, token), 200);
      while (Date.now() < exp * 1000 + 200) {
        const startedAt = Date.now();
        const found = await status(at.url, token);
        if (startedAt >= exp * 1000) assert.equal(found, 401);
        else if (Date.now() < exp * 1000) assert.equal(found, 200);
        await new Promise((resolve) => setTimeout(resolve, 40));
      }
      assert.equal(await failedCheck(at.url, token), 'token.expiry');
    });

    test('a clock that runs behind at the provider is told apart from an expired token', async () => {
      const at = await scene.protect(scene.bearerConfig());
      await scene.control.clock(3600);
      try {
        assert.equal(await failedCheck(at.url, await scene.sign()), 'token.issued_at');
      } finally {
        await scene.control.clock(0);
      }
    });

    test('the switch for missing exp lets such tokens in, and nothing else', async () => {
      const at = await scene.protect(scene.bearerConfig({ sallyport: { allow_missing_exp: true } }));
      assert.equal(await status(at.url, await scene.sign({ exp: null })), 200);
      assert.equal(await failedCheck(at.url, await scene.sign({ exp: now() - 5 })), 'token.expiry');
      assert.equal(await failedCheck(at.url, await scene.sign({ exp: 'x' })), 'token.expiry');
    });

    test('max_age and domains are checked when configured', async () => {
      const at = await scene.protect(scene.bearerConfig({ max_age: 60, domains: ['example.com'] }));
      const good = { auth_time: now() - 10, hd: 'example.com' };
      assert.equal(await failedCheck(at.url, await scene.sign(good)), null);
      assert.equal(await failedCheck(at.url, await scene.sign({ ...good, auth_time: now() - 100 })), 'token.auth_age');
      assert.equal(await failedCheck(at.url, await scene.sign({ ...good, auth_time: null })), 'token.auth_age');
      assert.equal(await failedCheck(at.url, await scene.sign({ ...good, hd: 'evil.com' })), 'token.hosted_domain');
      assert.equal(await failedCheck(at.url, await scene.sign({ ...good, hd: null })), 'token.hosted_domain');
    });

    test('verify_claims=false leaves times and issuer out, required claims stay enforced', async () => {
      const at = await scene.protect(scene.bearerConfig({ verify_claims: false, scopes_required: ['read:things'] }));
      const odd = { iss: 'https://evil/', exp: now() - 50, nbf: now() + 50 };
      assert.equal(await status(at.url, await scene.sign(odd)), 200);
      assert.equal(await failedCheck(at.url, await scene.sign({ ...odd, scope: 'x' })), 'token.scopes');
      assert.equal(await failedCheck(at.url, await scene.sign({}, { key: 'unknown' })), 'token.key');
    });

    test("a route's required scope is asked for anew on every route: a cached verdict never crosses over", async () => {
      const [a, b] = [
        await scene.protect(scene.bearerConfig({ scopes_required: ['read:a'] })),
        await scene.protect(scene.bearerConfig({ scopes_required: ['read:b'] })),
      ];
      const forA = await scene.sign({ scope: 'read:a' });
      for (let round = 0; round < 6; round += 1) {
        assert.equal(await status(a.url, forA), 200);
        assert.equal(await failedCheck(b.url, forA), 'token.scopes');
      }
    });

    test('jwt_session_cookie ties a token to the cookie it was issued with', async () => {
      const at = await scene.protect(scene.bearerConfig({ jwt_session_cookie: 'sess' }));
      const token = await scene.sign({ sid: 'session-1' });
      const withCookie = (cookie: string) => scene.send(at.url, { headers: [bearer(token), ['Cookie', cookie]] });
      assert.equal((await withCookie('a=b; sess=session-1')).status, 200);
      for (const cookie of ['sess=session-2', 'sess=', 'other=session-1', 'sess=session-1x']) {
        const answer = await withCookie(cookie);
        assert.equal(answer.status, 401, cookie);
        assert.equal((await scene.decision(answer.requestId)).failed, 'token.session');
      }
      assert.equal(await failedCheck(at.url, token), 'token.session');
      assert.equal((await withCookie('sess=session-1')).status, 200, 'an earlier refusal does not stick');
    });
  });

  describe(`where a bearer token may stand, workers: ${workers}`, () => {
    let scene: Scene;
    before(async () => {
      scene = await startScene({ workers });
    });
    after(() => scene.stop());

    type Place = { readonly suffix?: string; readonly request?: WireRequest };
    const places = (token: string): Record<string, Place> => ({
      header: { request: { headers: [bearer(token)] } },
      'access-token': { request: { headers: [['Access-Token', token]] } },
      'x-access-token': { request: { headers: [['X-Access-Token', `Bearer ${token}`]] } },
      query: { suffix: `?a=1&access_token=${token}` },
      form: { request: form({ a: '1', access_token: token }) },
      json: { request: json({ a: 1, access_token: token }) },
      cookie: { request: { headers: [['Cookie', `a=1; token=${token}; b=2`]] } },
    });
    const found = async (url: string, token: string) => {
      const passed: string[] = [];
      for (const [name, { suffix = '', request = {} }] of Object.entries(places(token))) {
        const { status } = await scene.send(url + suffix, request);
        if (status === 200) passed.push(name);
        else assert.equal(status, 401, name);
      }
      return passed;
    };

    for (const [locations, expected] of [
      [['header'], ['header', 'access-token', 'x-access-token']],
      [['query'], ['query']],
      [['body'], ['form', 'json']],
      [['cookie'], ['cookie']],
      [undefined, ['header', 'access-token', 'x-access-token', 'query', 'form', 'json']],
    ] as const) {
      test(`bearer_token_param_type ${locations ?? 'by default'} finds ${expected.join(', ')}`, async () => {
        const at = await scene.protect(
          scene.bearerConfig({
            bearer_token_cookie_name: 'token',
            ...(locations === undefined ? {} : { bearer_token_param_type: locations }),
          }),
        );
        assert.deepEqual(await found(at.url, await scene.sign()), expected);
      });
    }

    test('a token is hidden where it was found and everything beside it stays', async () => {
      const at = await scene.protect(
        scene.bearerConfig({
          bearer_token_param_type: ['header', 'query', 'body', 'cookie'],
          bearer_token_cookie_name: 'token',
          upstream_access_token_header: 'x-upstream-token',
        }),
      );
      const token = await scene.sign();
      for (const [name, { suffix = '', request = {} }] of Object.entries(places(token))) {
        const { echoed, status } = await scene.send(at.url + suffix, request);
        assert.equal(status, 200, name);
        assert.equal(echoed?.headers['x-upstream-token'], token);
        const { 'x-upstream-token': _own, ...rest } = echoed?.headers ?? {};
        assert.ok(
          !JSON.stringify({ ...echoed, headers: rest }).includes(token),
          `${name}: the caller's own copy is gone`,
        );
        if (name === 'query') assert.equal(echoed?.url, '/?a=1');
        if (name === 'form') assert.equal(echoed?.body, 'a=1');
        if (name === 'json') assert.equal(echoed?.body, '{"a":1}');
        if (name === 'cookie') assert.equal(echoed?.headers['cookie'], 'a=1; b=2');
      }
    });

    test('hide_credentials=false leaves the token where it was', async () => {
      const at = await scene.protect(
        scene.bearerConfig({ hide_credentials: false, upstream_access_token_header: null }),
      );
      const token = await scene.sign();
      assert.equal(
        (await scene.send(at.url, { headers: [bearer(token)] })).echoed?.headers['authorization'],
        `Bearer ${token}`,
      );
      const inQuery = await scene.send(`${at.url}?access_token=${token}&a`);
      assert.equal(inQuery.echoed?.url, `/?access_token=${token}&a`);
      assert.equal(inQuery.echoed?.headers['authorization'], undefined);
    });

    test('bearer_token_header_name looks at that header alone', async () => {
      const at = await scene.protect(scene.bearerConfig({ bearer_token_header_name: 'X_Custom-Token' }));
      const token = await scene.sign();
      assert.equal((await scene.send(at.url, { headers: [['x-custom-token', token]] })).status, 200);
      assert.equal((await scene.send(at.url, { headers: [['X-Custom-Token', `bearer ${token}`]] })).status, 200);
      assert.equal((await scene.send(at.url, { headers: [bearer(token)] })).status, 401);
      assert.equal((await scene.send(at.url, { headers: [['Access-Token', token]] })).status, 401);
    });

    test('OPTIONS must authenticate unless run_on_preflight is false', async () => {
      const strict = await scene.protect(scene.bearerConfig());
      const open = await scene.protect(scene.bearerConfig({ run_on_preflight: false }));
      assert.equal((await scene.send(strict.url, { method: 'OPTIONS' })).status, 401);
      const headers: [string, string][] = [['X-Consumer-Username', 'evil'], bearer('not.a.token')];
      const passed = await scene.send(open.url, { method: 'OPTIONS', headers });
      assert.equal(passed.status, 200);
      assert.equal(passed.echoed?.headers['x-consumer-username'], undefined);
      assert.equal((await scene.send(open.url)).status, 401);
    });
  });

  describe(`what a refusal looks like, workers: ${workers}`, () => {
    let scene: Scene;
    before(async () => {
      scene = await startScene({ workers });
    });
    after(() => scene.stop());

    test('expose_error_code=false leaves error, description and scope out', async () => {
      const at = await scene.protect(scene.bearerConfig({ expose_error_code: false, scopes_required: ['admin'] }));
      for (const token of ['opaque', await scene.sign()]) {
        const answer = await scene.send(at.url, { headers: [bearer(token)] });
        assert.match(answer.headers['www-authenticate'] ?? '', /^Bearer realm="[^"]+"$/);
      }
    });

    test('messages of the configuration replace Unauthorized and Forbidden', async () => {
      const at = await scene.protect(
        scene.bearerConfig({
          unauthorized_error_message: 'No way "in" <here>',
          forbidden_error_message: 'Not yours',
          scopes_required: ['admin'],
        }),
      );
      assert.equal((await scene.send(at.url)).message, 'No way "in" <here>');
      const html = await scene.send(at.url, { headers: [['Accept', 'text/html']] });
      assert.match(html.text, /No way &quot;in&quot; &lt;here&gt;/);
      assert.equal((await scene.send(at.url, { headers: [bearer(await scene.sign())] })).message, 'Not yours');
    });

    test('display_errors adds check, text and hint to the body, and never a token', async () => {
      const at = await scene.protect(
        scene.bearerConfig({ display_errors: true, audience_required: ['https://needed/'] }),
      );
      const token = await scene.sign();
      const answer = await scene.send(at.url, { headers: [bearer(token)] });
      assert.match(answer.message ?? '', /^Forbidden \(token\.audience: .*config\.audience_required/);
      scene.assertNoSecretIn(answer.text, 'body');
    });

    test('redirect addresses of the configuration answer in place of 401, 403 and 5xx', async () => {
      const at = await scene.protect(
        scene.bearerConfig({
          unauthorized_redirect_uri: ['https://login.example/start?x=1'],
          forbidden_redirect_uri: ['https://help.example/forbidden'],
          scopes_required: ['admin'],
        }),
      );
      const seen = scene.echo.requests;
      const unauthorized = await scene.send(`${at.url}?next=//evil`);
      assert.equal(unauthorized.status, 302);
      assert.equal(unauthorized.headers['location'], 'https://login.example/start?x=1');
      assert.equal(unauthorized.headers['www-authenticate'], undefined);
      const forbidden = await scene.send(at.url, { headers: [bearer(await scene.sign())] });
      assert.equal(forbidden.status, 302);
      assert.equal(forbidden.headers['location'], 'https://help.example/forbidden');
      assert.equal((await scene.decision(forbidden.requestId)).failed, 'token.scopes');
      await scene.control.fault({ endpoint: 'discovery', kind: 'status', status: 500 });
      const broken = await scene.protect(
        scene.bearerConfig({ timeout: 7000 + workers, unexpected_redirect_uri: ['https://help.example/down'] }),
      );
      const unexpected = await scene.send(broken.url, { headers: [bearer(await scene.sign())] });
      assert.equal(unexpected.status, 302);
      assert.equal(unexpected.headers['location'], 'https://help.example/down');
      assert.equal(scene.echo.requests, seen);
      await scene.control.fault({ kind: 'none' });
    });

    test('a refusal may not be stored by caches', async () => {
      const at = await scene.protect(scene.bearerConfig());
      assert.equal((await scene.send(at.url)).headers['cache-control'], 'no-store');
    });
  });
}
