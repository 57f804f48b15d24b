import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { createProviderControl, type ProviderControl } from './control-client.ts';
import { type LocalProvider, startLocalProvider } from './start-provider.ts';

const audience = 'https://example.com/';
const stateDir = mkdtempSync(join(tmpdir(), 'sallyport-control-'));
let provider: LocalProvider;
let control: ProviderControl;

before(async () => {
  provider = await startLocalProvider({ stateDir });
  control = createProviderControl(provider.controlUrl);
});
afterEach(() => control.reset());
after(async () => {
  await provider.stop();
  rmSync(stateDir, { recursive: true });
});

const discovery = () => fetch(`${provider.issuer}.well-known/openid-configuration`);
const jwks = async () =>
  ((await (await fetch(`${provider.issuer}.well-known/jwks.json`)).json()) as { keys: { kid: string }[] }).keys.map(
    (key) => key.kid,
  );

function requestToken(init: RequestInit = {}): Promise<Response> {
  const [{ id, secret }] = provider.clients;
  const form = { grant_type: 'client_credentials', audience, client_id: id, client_secret: secret };
  return fetch(`${provider.issuer}oauth/token`, { method: 'POST', body: new URLSearchParams(form), ...init });
}

function part(jwt: string, index: 0 | 1): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[index] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

async function accessToken(): Promise<string> {
  return ((await (await requestToken()).json()) as { access_token: string }).access_token;
}

describe('faults', () => {
  test('status answers 429 with Retry-After, for the next n requests only', async () => {
    await control.fault({ endpoint: 'token', kind: 'status', retryAfterSeconds: 7, count: 2 });
    for (const _ of [1, 2]) {
      const response = await requestToken();
      assert.equal(response.status, 429);
      assert.equal(response.headers.get('retry-after'), '7');
      assert.equal(((await response.json()) as { error: string }).error, 'too_many_requests');
    }
    assert.equal((await requestToken()).status, 200);
  });

  test('status answers 500 unless told otherwise', async () => {
    await control.fault({ kind: 'status' });
    assert.equal((await requestToken()).status, 500);
    assert.equal((await discovery()).status, 500);
  });

  test('a fault of one endpoint leaves the others alone, and none ends it', async () => {
    await control.fault({ endpoint: 'discovery', kind: 'status', status: 503 });
    assert.equal((await discovery()).status, 503);
    assert.equal((await requestToken()).status, 200);
    await control.fault({ endpoint: 'discovery', kind: 'none' });
    assert.equal((await discovery()).status, 200);
  });

  test('slow answers truly after the delay', async () => {
    await control.fault({ endpoint: 'token', kind: 'slow', delayMs: 120 });
    const startedAt = performance.now();
    assert.equal((await requestToken()).status, 200);
    assert.ok(performance.now() - startedAt >= 115);
  });

  test('hang answers nothing until the reset, which cuts the connection', async () => {
    await control.fault({ endpoint: 'token', kind: 'hang' });
    const hanging = requestToken().then(
      () => 'answered',
      () => 'cut',
    );
    const pause = new Promise((resolve) => setTimeout(resolve, 100, 'pending'));
    assert.equal(await Promise.race([hanging, pause]), 'pending');
    await control.reset();
    assert.equal(await hanging, 'cut');
    assert.equal((await requestToken()).status, 200);
  });

  test('drop cuts the connection without an answer', async () => {
    await control.fault({ endpoint: 'jwks', kind: 'drop', count: 1 });
    await assert.rejects(jwks());
    assert.equal((await jwks()).length > 0, true);
  });

  test('garbage is 200 with an unusable body, or the body asked for', async () => {
    await control.fault({ endpoint: 'token', kind: 'garbage', count: 1 });
    const response = await requestToken();
    assert.equal(response.status, 200);
    await assert.rejects(response.json());
    await control.fault({ endpoint: 'token', kind: 'garbage', body: '{"expires_in":"soon"}' });
    assert.deepEqual(await (await requestToken()).json(), { expires_in: 'soon' });
    await control.fault({ endpoint: 'token', kind: 'garbage', bodyBytes: 2_000_000 });
    assert.equal((await (await requestToken()).arrayBuffer()).byteLength, 2_000_000);
  });

  test('a wrong fault is 400 and names the field', async () => {
    await assert.rejects(control.fault({ kind: 'slow', delayMs: -1 }), /400.*delayMs/);
    await assert.rejects(control.fault({ kind: 'odd' as 'slow' }), /400.*kind/);
  });
});

describe('counters', () => {
  test('count token requests in all and per client, discovery and keys, faulted ones too', async () => {
    const [{ id }] = provider.clients;
    await requestToken();
    await control.fault({ endpoint: 'token', kind: 'status', count: 1 });
    await requestToken();
    await requestToken({ body: new URLSearchParams({ client_id: 'other', client_secret: 'x' }) });
    await discovery();
    await jwks();
    const state = await control.state();
    assert.equal(state.tokenRequests, 3);
    assert.deepEqual(state.tokenRequestsByClient, { [id]: 2, other: 1 });
    assert.equal(state.tokenAnswersByStatus['200'], 1);
    assert.equal(state.discoveryRequests, 1);
    assert.equal(state.jwksRequests, 1);
    await control.reset();
    assert.equal((await control.state()).tokenRequests, 0);
  });

  test('the last token request is shown without its secret', async () => {
    const [{ id, secret }] = provider.clients;
    await requestToken({ headers: { 'x-tenant': 'blue' } });
    const state = await control.state();
    assert.equal(state.lastTokenRequest?.clientId, id);
    assert.equal(state.lastTokenRequest?.authMethod, 'client_secret_post');
    assert.equal(state.lastTokenRequest?.parameters?.['audience'], audience);
    assert.equal(state.lastTokenRequest?.headers['x-tenant'], 'blue');
    assert.ok(!JSON.stringify(state).includes(secret));
  });
});

describe('keys and clock', () => {
  test('a rotation signs with a new key and keeps the old one published', async () => {
    const before = part(await accessToken(), 0)['kid'];
    const { kid } = await control.rotateKeys();
    assert.notEqual(kid, before);
    assert.equal(part(await accessToken(), 0)['kid'], kid);
    assert.deepEqual((await jwks()).slice(0, 2), [kid, before]);
  });

  test('a rotation without keepOld publishes the new key only', async () => {
    const { kid } = await control.rotateKeys({ keepOld: false });
    assert.deepEqual(await jwks(), [kid]);
  });

  test('a skewed clock shifts the times of issued tokens', async () => {
    await control.clock(-3600);
    const claims = part(await accessToken(), 1);
    const nowSeconds = Date.now() / 1000;
    assert.ok(Math.abs(Number(claims['iat']) - (nowSeconds - 3600)) < 5);
    assert.ok(Math.abs(Number(claims['exp']) - (nowSeconds - 3600 + 86_400)) < 5);
  });

  test('sign makes any token: claims replaced or left out, header added, foreign and missing keys', async () => {
    const jwt = await control.sign({
      claims: { sub: 'x', iss: null },
      header: { jku: 'http://evil' },
      expiresInSeconds: -5,
    });
    assert.equal(part(jwt, 0)['jku'], 'http://evil');
    assert.equal(part(jwt, 0)['kid'], (await jwks())[0]);
    const claims = part(jwt, 1);
    assert.deepEqual(Object.keys(claims).sort(), ['exp', 'iat', 'sub']);
    assert.ok(Number(claims['exp']) < Date.now() / 1000);

    assert.equal((await control.sign({ claims: {}, key: 'none' })).split('.')[2], '');
    assert.equal(part(await control.sign({ claims: {}, key: 'public-key-as-secret' }), 0)['alg'], 'HS256');
    const unknown = part(await control.sign({ claims: {}, key: 'unknown' }), 0)['kid'];
    assert.ok(!(await jwks()).includes(String(unknown)));
    const embedded = part(await control.sign({ claims: {}, key: 'embedded-jwk' }), 0)['jwk'] as Record<string, unknown>;
    assert.equal(embedded['kty'], 'RSA');
    assert.equal(embedded['d'], undefined);
  });
});

describe('clients', () => {
  test('a changed secret counts at once and a deleted client is unknown', async () => {
    const ask = async (secret: string) =>
      (
        await requestToken({
          body: new URLSearchParams({
            grant_type: 'client_credentials',
            audience,
            client_id: 'c/1',
            client_secret: secret,
          }),
        })
      ).status;
    await control.putClient('c/1', { secret: 'one', grants: [{ audience, scopes: [] }] });
    assert.equal(await ask('one'), 200);
    await control.putClient('c/1', { secret: 'two', grants: [{ audience, scopes: [] }] });
    assert.equal(await ask('one'), 401);
    assert.equal(await ask('two'), 200);
    await control.deleteClient('c/1');
    assert.equal(await ask('two'), 401);
    await assert.rejects(control.deleteClient('c/1'), /404/);
  });
});

/** Raw, since fetch does not let a caller choose Host or Origin. */
function rawStatus(path: string, headers: Record<string, string>, method = 'GET', body = ''): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: provider.port, path, method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

describe('who may call', () => {
  test('a web page may not use the control API, whatever it claims to be', async () => {
    const path = '/control/state';
    assert.equal(await rawStatus(path, { host: `127.0.0.1:${provider.port}` }), 200);
    assert.equal(await rawStatus(path, { host: `localhost:${provider.port}` }), 200);
    assert.equal(
      await rawStatus(path, { host: `127.0.0.1:${provider.port}`, origin: `http://127.0.0.1:${provider.port}` }),
      200,
    );
    assert.equal(await rawStatus(path, { host: `127.0.0.1:${provider.port}`, origin: 'http://evil.example' }), 403);
    assert.equal(await rawStatus(path, { host: `127.0.0.1:${provider.port}`, origin: 'null' }), 403);
    assert.equal(await rawStatus(path, { host: `127.0.0.1:${provider.port}`, 'sec-fetch-site': 'cross-site' }), 403);
  });

  test('a name of another site that points at this machine is refused, on the whole provider', async () => {
    const headers = { host: `rebound.example:${provider.port}`, origin: `http://rebound.example:${provider.port}` };
    assert.equal(await rawStatus('/control/state', headers), 403);
    assert.equal(await rawStatus('/.well-known/openid-configuration', headers), 403);
  });

  test('bodies are JSON of bounded size', async () => {
    const host = `127.0.0.1:${provider.port}`;
    const post = (type: string, body: string) =>
      rawStatus('/control/clock', { host, 'content-type': type }, 'POST', body);
    assert.equal(await post('text/plain', '{"skewSeconds":1}'), 415);
    assert.equal(await post('application/json', '{'), 400);
    assert.equal(await post('application/json', `{"x":"${'y'.repeat(65 * 1024)}"}`), 413);
    assert.equal(await post('application/json', '{"skewSeconds":0}'), 200);
    assert.equal(await rawStatus('/control/none', { host }), 404);
  });
});
