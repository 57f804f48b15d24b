import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { createSecretKey } from 'node:crypto';
import { test } from 'node:test';
import { joseAccepts } from './jose.ts';
import { allAlgorithms, hmacVerificationKey, splitJws, verifyJws } from './jws.ts';
import type { JwsAlgorithm } from './jws-algorithms.ts';
import { encode, keySetFrom, makeKey, makeToken, randomSource, signatureOver } from './test-tokens.ts';

/**
 * `jose` as the oracle: on honest tokens both must agree, and on anything else ours may be stricter
 * but never accept what `jose` refuses.
 */
interface Signer {
  readonly alg: JwsAlgorithm;
  readonly key: KeyObject;
  readonly token: (payload: unknown) => string;
  readonly accepts: (token: string) => boolean;
}

const secret = 'a client secret that is long enough for every one of the HMAC algorithms, SHA-512 too';

function signers(): Signer[] {
  return [...allAlgorithms].map((alg) => {
    if (alg.startsWith('HS')) return hmacSigner(alg);
    const key = makeKey(alg, 'k');
    const rules = { keys: keySetFrom(key.jwk), algorithms: new Set([alg]) };
    return {
      alg,
      key: key.publicKey,
      token: (payload) => makeToken(key, payload),
      accepts: (token) => accepted(token, rules),
    };
  });
}

function hmacSigner(alg: JwsAlgorithm): Signer {
  const key = createSecretKey(Buffer.from(secret));
  const rules = { keys: keySetFrom(), algorithms: new Set([alg]), hmacKey: hmacVerificationKey(secret) };
  return {
    alg,
    key,
    token(payload) {
      const input = `${encode({ alg })}.${encode(payload)}`;
      return `${input}.${signatureOver(input, alg, key).toString('base64url')}`;
    },
    accepts: (token) => accepted(token, rules),
  };
}

function accepted(token: string, rules: Parameters<typeof verifyJws>[1]): boolean {
  const split = splitJws(token);
  return split.kind === 'ok' && verifyJws(split, rules).kind === 'verified';
}

const all = signers();
const random = randomSource(0x5a11);

/** One change somewhere: a character replaced, dropped, doubled or moved, a bit of a decoded part flipped, parts exchanged. */
function mutate(token: string): string {
  const at = random(token.length);
  const parts = token.split('.');
  switch (random(7)) {
    case 0:
      return token.slice(0, at) + String.fromCharCode(32 + random(95)) + token.slice(at + 1);
    case 1:
      return token.slice(0, at) + token.slice(at + 1);
    case 2:
      return token.slice(0, at) + token[at] + token.slice(at);
    case 3:
      return token.slice(0, at);
    case 4:
      return token + '=A.\n '[random(5)];
    case 5:
      return [parts[1], parts[0], parts[2]].join('.');
    default: {
      const part = random(3);
      const bytes = Buffer.from(parts[part] ?? '', 'base64url');
      if (bytes.length > 0) bytes[random(bytes.length)] = random(256);
      return parts.map((text, index) => (index === part ? bytes.toString('base64url') : text)).join('.');
    }
  }
}

for (const signer of all) {
  test(`${signer.alg}: honest tokens are accepted by both, mutated ones never by ours alone`, async () => {
    for (let round = 0; round < 40; round++) {
      const payload = { n: round, pad: 'x'.repeat(random(60)) };
      const token = signer.token(payload);
      assert.equal(signer.accepts(token), true);
      assert.equal(await joseAccepts(token, signer.key, [signer.alg]), true);
      const changed = mutate(token);
      const theirs = await joseAccepts(changed, signer.key, [signer.alg]);
      if (signer.accepts(changed)) assert.equal(theirs, true, changed);
      // Where jose refuses, ours must have refused; where it accepts, the text decodes to the same bytes.
      if (theirs) assert.deepEqual(decoded(changed), decoded(token), changed);
    }
  });

  test(`${signer.alg}: no token of another algorithm is accepted`, () => {
    for (const other of all) if (other !== signer) assert.equal(signer.accepts(other.token({})), false, other.alg);
  });
}

function decoded(token: string): string[] {
  return token.split('.').map((part) => Buffer.from(part, 'base64url').toString('hex'));
}
