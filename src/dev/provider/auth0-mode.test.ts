import assert from 'node:assert/strict';
import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createProviderControl, type ProviderControl } from './control-client.ts';
import { type LocalProvider, startLocalProvider } from './start-provider.ts';

const audience = 'https://example.com/';
const stateDir = mkdtempSync(join(tmpdir(), 'sallyport-provider-'));
let provider: LocalProvider;
let control: ProviderControl;

before(async () => {
  provider = await startLocalProvider({ stateDir });
  control = createProviderControl(provider.controlUrl);
});
after(async () => {
  await provider.stop();
  rmSync(stateDir, { recursive: true });
});

type Json = Record<string, unknown>;
const grant = { grant_type: 'client_credentials' };
const basic = (id: string, secret: string) => ({ authorization: `Basic ${btoa(`${id}:${secret}`)}` });
const guide = () => provider.clients[0];
const inBody = () => ({ client_id: guide().id, client_secret: guide().secret });

async function token(form: Record<string, string>, headers: Record<string, string> = {}): Promise<[number, Json]> {
  const response = await fetch(`${provider.issuer}oauth/token`, {
    method: 'POST',
    body: new URLSearchParams(form),
    headers,
  });
  return [response.status, (await response.json()) as Json];
}

function decode(jwt: unknown): { header: Json; claims: Json } {
  const [header = '', claims = ''] = String(jwt).split('.');
  const parse = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Json;
  return { header: parse(header), claims: parse(claims) };
}

async function isSignedByPublishedKey(jwt: unknown): Promise<boolean> {
  const jwks = (await (await fetch(`${provider.issuer}.well-known/jwks.json`)).json()) as { keys: JsonWebKey[] };
  const key = jwks.keys.find((candidate) => candidate['kid'] === decode(jwt).header['kid']);
  if (key === undefined) return false;
  assert.equal(key.d, undefined, 'only the public half is published');
  const [header, claims, signature = ''] = String(jwt).split('.');
  const bytes = Buffer.from(`${header}.${claims}`);
  return verify('sha256', bytes, createPublicKey({ key, format: 'jwk' }), Buffer.from(signature, 'base64url'));
}

describe('discovery', () => {
  for (const path of ['.well-known/openid-configuration', '.well-known/oauth-authorization-server']) {
    test(`${path} names the endpoints where Auth0 has them`, async () => {
      const metadata = (await (await fetch(provider.issuer + path)).json()) as Json;
      assert.match(provider.issuer, /^http:\/\/127\.0\.0\.1:\d+\/$/);
      assert.equal(metadata['issuer'], provider.issuer);
      assert.equal(metadata['token_endpoint'], `${provider.issuer}oauth/token`);
      assert.equal(metadata['jwks_uri'], `${provider.issuer}.well-known/jwks.json`);
      assert.equal(metadata['authorization_endpoint'], `${provider.issuer}authorize`);
      assert.equal(metadata['userinfo_endpoint'], `${provider.issuer}userinfo`);
    });
  }

  test('names the issuer also when reached by another local name', async () => {
    const response = await fetch(`http://localhost:${provider.port}/.well-known/openid-configuration`);
    const metadata = (await response.json()) as Json;
    assert.equal(metadata['token_endpoint'], `${provider.issuer}oauth/token`);
  });
});

describe('client credentials', () => {
  test('a token has the claims of an Auth0 machine-to-machine token and a published signature', async () => {
    const [status, answer] = await token({ ...grant, audience }, basic(guide().id, guide().secret));
    assert.equal(status, 200);
    assert.equal(answer['token_type'], 'Bearer');
    assert.equal(answer['expires_in'], 86_400);
    const { header, claims } = decode(answer['access_token']);
    assert.equal(header['alg'], 'RS256');
    assert.equal(header['typ'], 'JWT');
    const { iat, exp, ...others } = claims;
    assert.deepEqual(others, {
      iss: provider.issuer,
      sub: `${guide().id}@clients`,
      aud: audience,
      azp: guide().id,
      gty: 'client-credentials',
      scope: 'read:things write:things',
    });
    assert.equal(Number(exp) - Number(iat), 86_400);
    assert.ok(Math.abs(Number(iat) - Date.now() / 1000) < 5);
    assert.ok(await isSignedByPublishedKey(answer['access_token']));
  });

  test('the secret is accepted in a form and in JSON', async () => {
    const [formStatus] = await token({ ...grant, audience, ...inBody() });
    assert.equal(formStatus, 200);
    const response = await fetch(`${provider.issuer}oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...grant, audience, ...inBody() }),
    });
    assert.equal(response.status, 200);
    const answer = (await response.json()) as Json;
    assert.equal(decode(answer['access_token']).claims['aud'], audience);
  });

  test('without an audience it is 403 access_denied', async () => {
    const [status, answer] = await token({ ...grant, ...inBody() });
    assert.equal(status, 403);
    assert.deepEqual(Object.keys(answer), ['error', 'error_description']);
    assert.equal(answer['error'], 'access_denied');
    assert.match(String(answer['error_description']), /audience/);
  });

  test('an audience that is no API is 403 access_denied', async () => {
    const [status, answer] = await token({ ...grant, audience: 'https://other.example/', ...inBody() });
    assert.equal(status, 403);
    assert.deepEqual(answer, {
      error: 'access_denied',
      error_description: 'Service not found: https://other.example/',
    });
  });

  test('a client without a grant for the API is 403 access_denied', async () => {
    await control.putApi({ identifier: 'not a URI #1', scopes: ['x'] });
    const [status, answer] = await token({ ...grant, audience: 'not a URI #1', ...inBody() });
    assert.equal(status, 403);
    assert.equal(answer['error'], 'access_denied');
    assert.match(String(answer['error_description']), /not authorized/);
  });

  const unauthorized = { error: 'access_denied', error_description: 'Unauthorized' };
  test('a wrong secret, an unknown client and no client at all are 401 access_denied', async () => {
    assert.deepEqual(await token({ ...grant, audience }, basic(guide().id, 'wrong')), [401, unauthorized]);
    assert.deepEqual(await token({ ...grant, audience, client_id: guide().id, client_secret: 'wrong' }), [
      401,
      unauthorized,
    ]);
    assert.deepEqual(await token({ ...grant, audience }, basic('nobody', 'wrong')), [401, unauthorized]);
    assert.deepEqual(await token({ ...grant, audience }), [401, unauthorized]);
  });

  test('a wrong secret is judged before the audience', async () => {
    assert.deepEqual(await token({ ...grant, client_id: guide().id, client_secret: 'wrong' }), [401, unauthorized]);
  });

  test('requested scopes are narrowed to granted ones, and foreign ones are ignored', async () => {
    const [, some] = await token({ ...grant, audience, scope: 'openid read:things delete:things', ...inBody() });
    assert.equal(some['scope'], 'read:things');
    assert.equal(decode(some['access_token']).claims['scope'], 'read:things');
    const [status, none] = await token({ ...grant, audience, scope: 'openid', ...inBody() });
    assert.equal(status, 200);
    assert.ok(!('scope' in none));
    assert.ok(!('scope' in decode(none['access_token']).claims));
  });

  test('an API can refuse scopes that the client was not granted', async () => {
    await control.putApi({ identifier: 'strict', scopes: ['openid', 'a', 'b'], ungrantedScopes: 'refuse' });
    await control.putClient('strict', { secret: 's', grants: [{ audience: 'strict', scopes: ['openid', 'a'] }] });
    const form = { ...grant, audience: 'strict', client_id: 'strict', client_secret: 's' };
    assert.equal((await token({ ...form, scope: 'openid a' }))[1]['scope'], 'openid a');
    assert.deepEqual(await token({ ...form, scope: 'openid b c' }), [
      403,
      { error: 'access_denied', error_description: 'Client has not been granted scopes: b, c' },
    ]);
  });

  test('a client gets no scope of the API that it was not granted', async () => {
    await control.putClient('reader', { secret: 's', grants: [{ audience, scopes: ['read:things'] }] });
    const form = { ...grant, audience, client_id: 'reader', client_secret: 's' };
    assert.equal((await token(form))[1]['scope'], 'read:things');
    assert.ok(!('scope' in (await token({ ...form, scope: 'write:things' }))[1]));
  });

  test("the API decides the token's life, and its identifier may be any text", async () => {
    await control.putApi({ identifier: 'short lived', tokenLifetimeSeconds: 5 });
    await control.putClient('brief', { secret: 'a b:/%+&', grants: [{ audience: 'short lived', scopes: [] }] });
    // RFC 6749 §2.3.1: form-encoded inside Basic.
    const secret = new URLSearchParams({ s: 'a b:/%+&' }).toString().slice(2);
    const [status, answer] = await token({ ...grant, audience: 'short lived' }, basic('brief', secret));
    assert.equal(status, 200);
    assert.equal(answer['expires_in'], 5);
    const { claims } = decode(answer['access_token']);
    assert.equal(claims['aud'], 'short lived');
    assert.equal(Number(claims['exp']) - Number(claims['iat']), 5);
  });

  test('a client registered for one way of sending its secret is refused the other', async () => {
    await control.putClient('poster', {
      secret: 's',
      authMethod: 'client_secret_post',
      grants: [{ audience, scopes: [] }],
    });
    assert.equal((await token({ ...grant, audience }, basic('poster', 's')))[0], 401);
    assert.equal((await token({ ...grant, audience, client_id: 'poster', client_secret: 's' }))[0], 200);
  });

  test('a body that is neither form nor JSON, or too large, is refused', async () => {
    const send = (body: string, type: string) =>
      fetch(`${provider.issuer}oauth/token`, { method: 'POST', body, headers: { 'content-type': type } });
    assert.equal((await send('{', 'application/json')).status, 400);
    assert.equal((await send('[1]', 'application/json')).status, 400);
    assert.equal((await send('x', 'text/plain')).status, 400);
    assert.equal((await send('x'.repeat(65 * 1024), 'application/json')).status, 413);
  });
});
