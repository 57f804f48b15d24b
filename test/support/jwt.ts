import assert from 'node:assert/strict';
import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';

/** Checks an RS256 token against a provider's published keys, without any code of the gateway, and gives its claims. */
export async function verifiedClaims(token: string, issuer: string): Promise<Record<string, unknown>> {
  const base = issuer.endsWith('/') ? issuer : `${issuer}/`;
  const metadata = await fetchJson(`${base}.well-known/openid-configuration`);
  const keys = (await fetchJson(String(metadata['jwks_uri'])))['keys'] as (JsonWebKey & { kid: string })[];
  const [header = '', payload = '', signature = ''] = token.split('.');
  const { alg, kid } = decode(header);
  assert.equal(alg, 'RS256');
  const jwk = keys.find((candidate) => candidate.kid === kid);
  assert.ok(jwk, 'the token names a published key');
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const good = verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'));
  assert.ok(good, 'the signature is valid');
  return decode(payload);
}

/** The claims as they stand, unverified. */
export function claimsOf(token: string): Record<string, unknown> {
  return decode(token.split('.')[1] ?? '');
}

function decode(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
}

async function fetchJson(url: string): Promise<Record<string, unknown>> {
  return (await fetch(url)).json() as Promise<Record<string, unknown>>;
}
