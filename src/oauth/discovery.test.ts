import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discoveryRequest, discoveryUrl, issuerKey, processDiscovery } from './discovery.ts';
import { answer } from './test-tokens.ts';

const oidc = '/.well-known/openid-configuration';
const oauth = '/.well-known/oauth-authorization-server';
const issuer = 'https://op.example/realms/a';
const document = {
  issuer,
  token_endpoint: 'https://op.example/token',
  jwks_uri: 'https://keys.example/jwks',
  token_endpoint_auth_methods_supported: ['client_secret_post'],
};

function judge(body: unknown, configuredIssuer = issuer, allowIssuerMismatch = false) {
  const result = processDiscovery(answer(body), { configuredIssuer, allowIssuerMismatch });
  return result.kind === 'ok' ? 'ok' : result.code;
}

test('the metadata URL is the configured one, or the issuer with the OpenID suffix', () => {
  assert.equal(discoveryUrl('https://a.example'), `https://a.example${oidc}`);
  assert.equal(discoveryUrl('https://a.example/'), `https://a.example${oidc}`);
  assert.equal(discoveryUrl(`https://a.example/x${oidc}`), `https://a.example/x${oidc}`);
  assert.equal(discoveryUrl(`https://a.example/x${oauth}`), `https://a.example/x${oauth}`);
  assert.equal(discoveryUrl(`https://a.example${oauth}/x`), `https://a.example${oauth}/x`);
  assert.equal(discoveryUrl(`https://a.example${oidc}?p=policy`), `https://a.example${oidc}?p=policy`);
  assert.equal(discoveryUrl('https://a.example/t?p=policy'), `https://a.example/t${oidc}?p=policy`);
});

test('every spelling of one issuer has the same key', () => {
  const spellings = ['', '/', oidc, `/${oidc}`, oauth, `${oidc}/`].map((end) => issuerKey(`https://a.example/x${end}`));
  assert.deepEqual([...new Set(spellings)], ['https://a.example/x']);
  assert.equal(issuerKey(`https://a.example${oauth}/x`), 'https://a.example/x');
  assert.notEqual(issuerKey(`https://a.example${oidc}?p=1`), issuerKey(`https://a.example${oidc}?p=2`));
});

const pairs: readonly (readonly [configured: string, issuer: string, expected: string])[] = [
  [issuer, issuer, 'ok'],
  [`${issuer}/`, issuer, 'ok'],
  [issuer, `${issuer}/`, 'ok'],
  [`${issuer}${oidc}`, issuer, 'ok'],
  [`${issuer}${oidc}`, `${issuer}/`, 'ok'],
  [`${issuer}${oauth}`, issuer, 'ok'],
  [`https://op.example${oauth}/realms/a`, issuer, 'ok'],
  [issuer, `${issuer}//`, 'discovery.issuer_mismatch'],
  [issuer, 'https://op.example/realms/A', 'discovery.issuer_mismatch'],
  [issuer, 'https://OP.example/realms/a', 'discovery.issuer_mismatch'],
  [issuer, 'http://op.example/realms/a', 'discovery.issuer_mismatch'],
  [issuer, 'https://op.example:443/realms/a', 'discovery.issuer_mismatch'],
  [issuer, 'https://op.example/realms', 'discovery.issuer_mismatch'],
  [issuer, `${issuer}${oidc}`, 'discovery.issuer_mismatch'],
  [issuer, 'https://evil.example/', 'discovery.issuer_mismatch'],
  [issuer, '', 'discovery.issuer_missing'],
  [issuer, 'op.example', 'discovery.issuer_missing'],
  [issuer, `${issuer}?tenant=1`, 'discovery.issuer_missing'],
  [issuer, `${issuer}#x`, 'discovery.issuer_missing'],
  [issuer, 'https://user:pass@op.example/realms/a', 'discovery.issuer_missing'],
];
for (const [configured, found, expected] of pairs) {
  test(`metadata of "${found}" for configured "${configured}": ${expected}`, () => {
    assert.equal(judge({ ...document, issuer: found }, configured), expected);
  });
}

test('a mismatch names both issuers and can be allowed', () => {
  const body = { ...document, issuer: 'https://public.example/' };
  const rules = { configuredIssuer: issuer, allowIssuerMismatch: false };
  const refused = processDiscovery(answer(body), rules);
  assert.equal(refused.kind === 'problem' && refused.seen, 'https://public.example/');
  assert.equal(refused.kind === 'problem' && refused.expected, issuer);
  const allowed = processDiscovery(answer(body), { ...rules, allowIssuerMismatch: true });
  assert.equal(allowed.kind === 'ok' && allowed.metadata.issuer, 'https://public.example/');
});

test('the issuer is kept as the document spells it', () => {
  const result = processDiscovery(answer({ ...document, issuer: `${issuer}/` }), {
    configuredIssuer: issuer,
    allowIssuerMismatch: false,
  });
  assert.equal(result.kind === 'ok' && result.metadata.issuer, `${issuer}/`);
});

const endpoints: readonly (readonly [unknown, string])[] = [
  ['https://op.example/token?tenant=1', 'ok'],
  [null, 'ok'],
  ['http://op.example/token', 'discovery.endpoint_insecure'],
  ['HTTP://op.example/token', 'discovery.endpoint_insecure'],
  ['/token', 'discovery.endpoint_malformed'],
  ['//op.example/token', 'discovery.endpoint_malformed'],
  ['ftp://op.example/token', 'discovery.endpoint_malformed'],
  ['file:///etc/passwd', 'discovery.endpoint_malformed'],
  ['javascript:alert(1)', 'discovery.endpoint_malformed'],
  ['https://', 'discovery.endpoint_malformed'],
  ['https://op.example/a b', 'discovery.endpoint_malformed'],
  ['https://op.example/a\r\nHost: x', 'discovery.endpoint_malformed'],
  ['https://op.example/token#x', 'discovery.endpoint_malformed'],
  ['https://user@op.example/token', 'discovery.endpoint_malformed'],
  ['https://op.example\\@evil.example/', 'discovery.endpoint_malformed'],
  [`https://op.example/${'x'.repeat(3000)}`, 'discovery.endpoint_malformed'],
  [1, 'discovery.member_malformed'],
  [['https://op.example/token'], 'discovery.member_malformed'],
  [{}, 'discovery.member_malformed'],
  ['', 'discovery.endpoint_malformed'],
];
for (const [value, expected] of endpoints) {
  test(`token endpoint ${JSON.stringify(value).slice(0, 60)}: ${expected}`, () => {
    assert.equal(judge({ ...document, token_endpoint: value }), expected);
  });
}

test('an http issuer, as in development, may have http endpoints', () => {
  const local = { issuer: 'http://127.0.0.1:9000/', token_endpoint: 'http://127.0.0.1:9000/token' };
  assert.equal(judge(local, 'http://127.0.0.1:9000'), 'ok');
});

test('lists of a wrong type are refused, unknown members ignored', () => {
  for (const value of ['client_secret_post', [1], {}, [['a']], Array(10_000).fill('a')]) {
    const body = { ...document, token_endpoint_auth_methods_supported: value };
    assert.equal(judge(body), 'discovery.member_malformed');
  }
  const odd = { ...document, unknown: { deep: [1] }, 'x-y': 'http://x' };
  const result = processDiscovery(answer(odd), { configuredIssuer: issuer, allowIssuerMismatch: false });
  assert.deepEqual(result.kind === 'ok' && result.metadata, document);
});

test('members of a prototype do not count', () => {
  assert.equal(judge('{"__proto__":{"issuer":"https://op.example/realms/a"}}'), 'discovery.issuer_missing');
});

test('a body that is not a JSON object is unusable', () => {
  for (const body of ['', 'null', '[]', '"x"', '<html>', '{"issuer":', '['.repeat(100_000)]) {
    assert.equal(judge(body), 'provider.not_json');
  }
});

test('the request carries configured headers but none that frame the message', () => {
  const request = discoveryRequest(issuer, {
    timeoutMs: 1000,
    tlsVerify: true,
    keepalive: true,
    headers: [
      ['X-Api-Key', 'k'],
      ['Accept', 'application/x'],
      ['Host', 'evil'],
      ['X-Bad', 'a\r\nb'],
      ['Bad Name', 'x'],
    ],
  });
  assert.equal(request.url, issuer + oidc);
  assert.deepEqual(request.headers, [
    ['x-api-key', 'k'],
    ['accept', 'application/x'],
  ]);
  assert.deepEqual(structuredClone(request), request);
});
