import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createProviderControl } from './control-client.ts';
import { type LocalProvider, startDefaultProvider } from './start-provider.ts';

let provider: LocalProvider;
before(async () => {
  provider = await startDefaultProvider();
});
after(() => provider.stop());

const post = (body: URLSearchParams, headers: Record<string, string> = {}) =>
  fetch(`${provider.issuer}/token`, { method: 'POST', body, headers });

function basic(secret = provider.clients[0].secret): Record<string, string> {
  return { authorization: `Basic ${btoa(`${provider.clients[0].id}:${secret}`)}` };
}

test('the metadata are those of a stock provider: no slash at the end of the issuer, own paths', async () => {
  const response = await fetch(`${provider.issuer}/.well-known/openid-configuration`);
  const metadata = (await response.json()) as Record<string, unknown>;
  assert.equal(metadata['issuer'], provider.issuer);
  assert.ok(!provider.issuer.endsWith('/'));
  assert.equal(metadata['token_endpoint'], `${provider.issuer}/token`);
  assert.equal(metadata['jwks_uri'], `${provider.issuer}/jwks`);
});

test('a JWT for the default resource comes without an audience being named', async () => {
  const form = new URLSearchParams({ grant_type: 'client_credentials', scope: 'api:read' });
  const answer = (await (await post(form, basic())).json()) as { access_token: string; scope: string };
  assert.equal(answer.scope, 'api:read');
  const [header = '', claims = ''] = answer.access_token.split('.');
  assert.equal(JSON.parse(Buffer.from(header, 'base64url').toString()).typ, 'at+jwt');
  const payload = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
  assert.equal(payload['iss'], provider.issuer);
  assert.equal(payload['aud'], provider.apis[0]?.identifier);
  assert.equal(payload['client_id'], provider.clients[0].id);
  assert.equal(payload['gty'], undefined);
});

test('errors are those of RFC 6749, and JSON bodies are not understood', async () => {
  const refused = await post(new URLSearchParams({ grant_type: 'client_credentials' }), basic('wrong'));
  assert.equal(refused.status, 401);
  assert.equal(((await refused.json()) as { error: string }).error, 'invalid_client');
  const json = await fetch(`${provider.issuer}/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...basic() },
    body: '{"grant_type":"client_credentials"}',
  });
  assert.equal(json.status, 400);
  assert.equal(((await json.json()) as { error: string }).error, 'invalid_request');
  const foreign = new URLSearchParams({ grant_type: 'client_credentials', resource: 'https://other.example/' });
  const target = await post(foreign, basic());
  assert.equal(target.status, 400);
  assert.equal(((await target.json()) as { error: string }).error, 'invalid_target');
});

test('faults, counters and rotation work as in Auth0 mode', async () => {
  const control = createProviderControl(provider.controlUrl);
  await control.reset();
  await control.fault({ endpoint: 'token', kind: 'status', status: 503, count: 1 });
  const form = () => post(new URLSearchParams({ grant_type: 'client_credentials' }), basic());
  assert.equal((await form()).status, 503);
  const { kid } = await control.rotateKeys();
  const { access_token } = (await (await form()).json()) as { access_token: string };
  assert.equal(JSON.parse(Buffer.from(access_token.split('.')[0] ?? '', 'base64url').toString()).kid, kid);
  assert.deepEqual((await control.state()).tokenRequestsByClient, { [provider.clients[0].id]: 2 });
});
