import type { KeyObject } from 'node:crypto';
import { constants, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import type { ProviderOutcome } from '../base/exchange.ts';
import type { KeySet } from './jwks.ts';
import { keySetOf } from './jwks.ts';
import type { JwsAlgorithm } from './jws-algorithms.ts';
import { algorithmFacts } from './jws-algorithms.ts';

/** Keys, tokens and provider answers for the tests of this folder. */
export interface TestKey {
  readonly alg: JwsAlgorithm;
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwk: Record<string, unknown>;
}

/** A fresh key pair for that algorithm; its public JWK names kid, alg and use. */
export function makeKey(alg: JwsAlgorithm, kid: string, modulusLength = 2048): TestKey {
  const { privateKey, publicKey } = makePair(alg, kid, modulusLength);
  return { alg, kid, privateKey, publicKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } };
}

function makePair(alg: JwsAlgorithm, kid: string, modulusLength: number) {
  if (alg === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  if (alg === 'ES384') return generateKeyPairSync('ec', { namedCurve: 'P-384' });
  if (alg === 'ES512') return generateKeyPairSync('ec', { namedCurve: 'P-521' });
  if (alg === 'EdDSA') return kid.includes('448') ? generateKeyPairSync('ed448') : generateKeyPairSync('ed25519');
  return generateKeyPairSync('rsa', { modulusLength });
}

export function encode(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value), 'utf8').toString('base64url');
}

/** A signature over the text, as RFC 7518 lays it out, whatever the header inside says. */
export function signatureOver(signingInput: string, alg: JwsAlgorithm, key: KeyObject): Buffer {
  const facts = algorithmFacts(alg);
  const data = Buffer.from(signingInput, 'latin1');
  if (facts === undefined) throw new Error(`no algorithm ${alg}`);
  switch (facts.family) {
    case 'hmac':
      return createHmac(facts.digest ?? 'sha256', key)
        .update(data)
        .digest();
    case 'rsa-pss':
      return sign(facts.digest, data, {
        key,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      });
    case 'ecdsa':
      return sign(facts.digest, data, { key, dsaEncoding: 'ieee-p1363' });
    default:
      return sign(facts.digest, data, key);
  }
}

/** A signed compact JWS. Header and payload may be objects or the exact text to encode. */
export function makeToken(key: TestKey, payload: unknown, header: unknown = { alg: key.alg, kid: key.kid }): string {
  const signingInput = `${encode(header)}.${encode(payload)}`;
  return `${signingInput}.${signatureOver(signingInput, key.alg, key.privateKey).toString('base64url')}`;
}

/** The same over parts that are already encoded, well or badly. */
export function signParts(key: TestKey, headerPart: string, payloadPart: string): string {
  const signingInput = `${headerPart}.${payloadPart}`;
  return `${signingInput}.${signatureOver(signingInput, key.alg, key.privateKey).toString('base64url')}`;
}

export function keySetFrom(...jwks: readonly unknown[]): KeySet {
  const set = keySetOf({ keys: jwks });
  if (set.kind === 'problem') throw new Error(set.text);
  return set;
}

/** A provider's answer; an object becomes JSON. */
export function answer(
  body: unknown,
  status = 200,
  headers: readonly (readonly [string, string])[] = [],
  at = 1_000_000,
): ProviderOutcome & { kind: 'response' } {
  return { kind: 'response', status, headers, body: typeof body === 'string' ? body : JSON.stringify(body), at };
}

/** Small deterministic generator (mulberry32) so that a failing round can be repeated by its seed. */
export function randomSource(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
