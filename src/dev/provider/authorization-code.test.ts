import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createProviderControl } from './control-client.ts';
import { type LocalProvider, startLocalProvider } from './start-provider.ts';

const stateDir = mkdtempSync(join(tmpdir(), 'sallyport-code-'));
const redirectUri = 'http://127.0.0.1:1/callback';
let provider: LocalProvider;

before(async () => {
  provider = await startLocalProvider({ stateDir });
  const control = createProviderControl(provider.controlUrl);
  await control.putClient('web', { secret: 's', redirectUris: [redirectUri] });
});
after(async () => {
  await provider.stop();
  rmSync(stateDir, { recursive: true });
});

/** A browser's part: follows redirects, keeps cookies, sends the login and the consent form. */
async function logIn(parameters: Record<string, string>): Promise<URL> {
  const cookies = new Map<string, string>();
  let url = new URL(`${provider.issuer}authorize?${new URLSearchParams(parameters)}`);
  let init: RequestInit = {};
  for (let step = 0; step < 20; step += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { cookie, accept: 'text/html' } });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/s);
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    const html = await response.text();
    if (location !== null) {
      url = new URL(location, url);
      init = {};
      if (url.href.startsWith(redirectUri)) return url;
    } else {
      const prompt = /name="prompt" value="(\w+)"/.exec(html)?.[1];
      assert.ok(prompt, `a form was expected: ${response.status} ${html.slice(0, 500)}`);
      url = new URL(/action="([^"]+)"/.exec(html)?.[1] ?? '', url);
      init = { method: 'POST', body: new URLSearchParams({ prompt, login: 'john', password: 'doe' }) };
    }
  }
  throw new Error('the login did not end');
}

async function tokens(extra: Record<string, string>): Promise<Record<string, string>> {
  const callback = await logIn({
    client_id: 'web',
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid email',
    state: 'st',
    ...extra,
  });
  assert.equal(callback.searchParams.get('state'), 'st');
  assert.equal(callback.searchParams.get('iss'), provider.issuer);
  const response = await fetch(`${provider.issuer}oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: callback.searchParams.get('code') ?? '',
      redirect_uri: redirectUri,
      client_id: 'web',
      client_secret: 's',
    }),
  });
  assert.equal(response.status, 200);
  return (await response.json()) as Record<string, string>;
}

const claimsOf = (jwt = '') =>
  JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;

test('a user who asks for no audience gets an opaque token that opens userinfo', async () => {
  const answer = await tokens({});
  assert.ok(!answer['access_token']?.includes('.'));
  assert.equal(claimsOf(answer['id_token'])['iss'], provider.issuer);
  const userinfo = await fetch(`${provider.issuer}userinfo`, {
    headers: { authorization: `Bearer ${answer['access_token']}` },
  });
  assert.deepEqual(await userinfo.json(), { sub: 'john', email: 'john@example.com', email_verified: true });
});

test('a user who asks for an audience gets a JWT for it, without the mark of a machine client', async () => {
  const answer = await tokens({ audience: 'https://example.com/', scope: 'openid read:things' });
  const claims = claimsOf(answer['access_token']);
  assert.equal(claims['aud'], 'https://example.com/');
  assert.equal(claims['sub'], 'john');
  assert.equal(claims['azp'], 'web');
  assert.equal(claims['scope'], 'read:things');
  assert.equal(claims['gty'], undefined);
});
