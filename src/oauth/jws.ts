import { isAscii, isUtf8 } from 'node:buffer';
import type { KeyObject } from 'node:crypto';
import { createHmac, createSecretKey, timingSafeEqual, verify } from 'node:crypto';
import { limits } from '../base/limits.ts';
import type { KeySet, VerificationKey } from './jwks.ts';
import { findKeys } from './jwks.ts';
import type { AlgorithmFacts, JwsAlgorithm } from './jws-algorithms.ts';
import { algorithmFacts, isJwsAlgorithm } from './jws-algorithms.ts';
import type { CredentialProblem } from './problem.ts';
import { credentialProblem } from './problem.ts';
import type { JsonFault } from './strict-json.ts';
import { parseJsonObject } from './strict-json.ts';

export type Claims = Readonly<Record<string, unknown>>;

/** The header members that mean something here. `jku`, `jwk`, `x5u` and `x5c` are not among them: a token never brings its own key. */
export interface JwsHeader {
  readonly alg: JwsAlgorithm;
  readonly kid: string | undefined;
  readonly typ: string | undefined;
  readonly x5t: string | undefined;
  readonly x5tS256: string | undefined;
}

/** A compact JWS taken apart, its payload still bytes; nothing in it is verified. */
export interface SplitJws {
  readonly kind: 'ok';
  readonly header: JwsHeader;
  readonly payloadBytes: Buffer;
  readonly signature: Buffer;
  /** What the signature is over (RFC 7515 section 5.2). */
  readonly signingInput: string;
}

/** A compact JWS whose payload is a JSON object: a JWT. Nothing in it is verified. */
export interface DecodedJws extends SplitJws {
  readonly claims: Claims;
}

export interface VerifyRules {
  readonly keys: KeySet;
  /** Exact names; an HS name helps only together with `hmacKey`. */
  readonly algorithms: ReadonlySet<JwsAlgorithm>;
  /** From `hmacVerificationKey`; undefined switches HS256 to HS512 off whatever the list says. */
  readonly hmacKey?: KeyObject | undefined;
}

export interface VerifiedJws {
  readonly kind: 'verified';
  /** The key that verified it; undefined for the client secret. */
  readonly key: VerificationKey | undefined;
}

/** What is accepted unless configuration narrows it (openid-connect.md (d)). */
export const asymmetricAlgorithms: ReadonlySet<JwsAlgorithm> = new Set<JwsAlgorithm>([
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
]);

/** The same with HS256 to HS512, for `enable_hs_signatures`. */
export const allAlgorithms: ReadonlySet<JwsAlgorithm> = new Set<JwsAlgorithm>([
  ...asymmetricAlgorithms,
  'HS256',
  'HS384',
  'HS512',
]);

/**
 * Takes a compact JWT apart (RFC 7515 section 5.2 steps 1 to 7, RFC 7519 section 7.2), strictly:
 * base64url without padding and with canonical last bits, UTF-8, no member twice, bounded size and
 * depth. Never throws.
 */
export function decodeJws(token: string): DecodedJws | CredentialProblem {
  const split = splitJws(token);
  if (split.kind === 'problem') return split;
  const claims = parseObject(split.payloadBytes);
  if (typeof claims === 'string') return jsonProblem(claims, 'jws.payload_malformed');
  const { header, payloadBytes, signature, signingInput } = split;
  return { kind: 'ok', header, payloadBytes, signature, signingInput, claims };
}

/** The same with any payload. */
export function splitJws(token: string): SplitJws | CredentialProblem {
  if (token.length > limits.tokenBytesMax) return credentialProblem('jws.too_large');
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  if (first <= 0 || second === -1 || token.indexOf('.', second + 1) !== -1) return credentialProblem('jws.malformed');
  const headerBytes = fromBase64url(token.slice(0, first));
  const payloadBytes = fromBase64url(token.slice(first + 1, second));
  const signature = fromBase64url(token.slice(second + 1));
  if (headerBytes === undefined || payloadBytes === undefined || signature === undefined) {
    return credentialProblem('jws.base64');
  }
  const header = readHeader(headerBytes);
  if ('kind' in header) return header;
  return { kind: 'ok', header, payloadBytes, signature, signingInput: token.slice(0, second) };
}

/**
 * Checks the signature with a key of the set, or the client secret where HS is switched on.
 * `jws.key_unknown` is worth one rediscovery; `jws.signature_invalid` is not: the key the token
 * names is known and did not sign it (RFC 7515 section 5.2 step 8, RFC 8725 sections 3.1 and 3.2).
 */
export function verifyJws(jws: SplitJws, rules: VerifyRules): VerifiedJws | CredentialProblem {
  const { alg } = jws.header;
  const facts = algorithmFacts(alg);
  if (facts === undefined || !rules.algorithms.has(alg)) return credentialProblem('jws.alg_not_allowed', alg);
  if (facts.family === 'hmac') {
    if (rules.hmacKey === undefined) return credentialProblem('jws.alg_not_allowed', alg);
    return hmacMatches(jws, facts, rules.hmacKey) ? { kind: 'verified', key: undefined } : invalid(alg);
  }
  const found = findKeys(rules.keys, jws.header);
  const data = Buffer.from(jws.signingInput, 'latin1');
  const tried = Math.min(found.keys.length, limits.verificationKeysTriedMax);
  for (let at = 0; at < tried; at++) {
    const key = found.keys[at];
    if (key !== undefined && signatureMatches(facts, data, key.key, jws.signature)) return { kind: 'verified', key };
  }
  if (found.by === 'kid' || found.by === 'thumbprint') return invalid(alg);
  return credentialProblem('jws.key_unknown', `alg ${alg}, kid ${jws.header.kid ?? 'none'}`);
}

/**
 * The client secret as a key for HS256 to HS512; undefined for secrets of fewer than two characters
 * (openid-connect.md (d)).
 */
export function hmacVerificationKey(secret: string): KeyObject | undefined {
  return secret.length > 1 ? createSecretKey(Buffer.from(secret, 'utf8')) : undefined;
}

/** Refuses a token made for another purpose (RFC 8725 section 3.11). No `typ` at all is accepted. */
export function checkType(header: JwsHeader, accepted: readonly string[]): CredentialProblem | undefined {
  if (header.typ === undefined) return undefined;
  const typ = header.typ.toLowerCase();
  const bare = typ.startsWith('application/') ? typ.slice('application/'.length) : typ;
  for (const name of accepted) if (name.toLowerCase() === bare) return undefined;
  return credentialProblem('jws.typ', header.typ, accepted.join(' or '));
}

/** What an access token may say it is (openid-connect.md (d), RFC 9068 section 2.1). */
export const accessTokenTypes: readonly string[] = ['JWT', 'at+jwt'];

/** Three base64url parts, the first of which starts as an encoded JSON object does. Says nothing about validity. */
export function looksLikeJws(token: string): boolean {
  return startsAsObject(token) && countDots(token) === 2;
}

/** Five parts: an encrypted token, opaque here (openid-connect.md (a)). */
export function looksLikeJwe(token: string): boolean {
  return startsAsObject(token) && countDots(token) === 4;
}

/** `{` followed by a quote or a space, or by a tab or line break, in base64url. */
function startsAsObject(token: string): boolean {
  return token.startsWith('ey') || token.startsWith('ew');
}

function countDots(token: string): number {
  let count = 0;
  for (let at = token.indexOf('.'); at !== -1 && count < 6; at = token.indexOf('.', at + 1)) count++;
  return count;
}

function invalid(alg: string): CredentialProblem {
  return credentialProblem('jws.signature_invalid', `alg ${alg}`);
}

function hmacMatches(jws: SplitJws, facts: AlgorithmFacts, key: KeyObject): boolean {
  const mac = createHmac(facts.digest ?? 'sha256', key)
    .update(jws.signingInput, 'latin1')
    .digest();
  return mac.length === jws.signature.length && timingSafeEqual(mac, jws.signature);
}

/** node:crypto throws for a key of another kind; such keys are never candidates, and a throw is a refusal. */
function signatureMatches(facts: AlgorithmFacts, data: Buffer, key: KeyObject, signature: Buffer): boolean {
  try {
    switch (facts.family) {
      case 'rsa':
        return verify(facts.digest, data, key, signature);
      case 'rsa-pss':
        return verify(facts.digest, data, { key, padding: facts.padding, saltLength: facts.saltBytes }, signature);
      case 'ecdsa':
        return verify(facts.digest, data, { key, dsaEncoding: 'ieee-p1363' }, signature);
      case 'eddsa':
        return verify(null, data, key, signature);
      case 'hmac':
        return false;
    }
  } catch {
    return false;
  }
}

/** Encoding again and comparing settles alphabet, padding and unused last bits in one native step (RFC 7515 section 2). */
function fromBase64url(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : undefined;
}

function parseObject(bytes: Buffer): Record<string, unknown> | JsonFault {
  if (isAscii(bytes)) return parseJsonObject(bytes.toString('latin1'), tokenJson);
  return isUtf8(bytes) ? parseJsonObject(bytes.toString('utf8'), tokenJson) : 'not_json';
}

const tokenJson = { depthMax: limits.jsonClaimsDepthMax, duplicates: 'refuse' } as const;

function jsonProblem(fault: JsonFault, malformed: 'jws.header_malformed' | 'jws.payload_malformed'): CredentialProblem {
  if (fault === 'duplicate_member') return credentialProblem('jws.duplicate_member');
  return credentialProblem(fault === 'too_deep' ? 'jws.too_deep' : malformed);
}

function readHeader(bytes: Buffer): JwsHeader | CredentialProblem {
  const members = parseObject(bytes);
  if (typeof members === 'string') return jsonProblem(members, 'jws.header_malformed');
  const alg = own(members, 'alg');
  if (typeof alg !== 'string') return credentialProblem('jws.header_malformed', '', 'alg');
  if (alg.toLowerCase() === 'none') return credentialProblem('jws.alg_none');
  if (Object.hasOwn(members, 'crit')) return credentialProblem('jws.crit');
  if (Object.hasOwn(members, 'b64')) return credentialProblem('jws.b64');
  if (!isJwsAlgorithm(alg)) return credentialProblem('jws.alg_not_allowed', alg);
  const kid = own(members, 'kid');
  const typ = own(members, 'typ');
  const x5t = own(members, 'x5t');
  const x5tS256 = own(members, 'x5t#S256');
  if (!isHint(kid) || !isHint(typ) || !isHint(x5t) || !isHint(x5tS256)) {
    return credentialProblem('jws.header_malformed', '', 'kid, typ and thumbprints as strings');
  }
  return { alg, kid, typ, x5t, x5tS256 };
}

function own(members: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(members, name) ? members[name] : undefined;
}

function isHint(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && value.length <= limits.keyIdCharsMax);
}
