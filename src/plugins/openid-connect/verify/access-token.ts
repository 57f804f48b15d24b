import type { KeySet } from '../../../oauth/jwks.ts';
import {
  accessTokenTypes,
  asymmetricAlgorithms,
  type Claims,
  checkType,
  decodeJws,
  looksLikeJwe,
  looksLikeJws,
  verifyJws,
} from '../../../oauth/jws.ts';
import { checkIssuer, expiryMs } from '../../../oauth/jwt-claims.ts';
import { type Identity, type PassedChecks, passedChecks } from '../../../pdk/index.ts';
import { authorize } from '../authorize.ts';
import { type CheckName, check } from '../checks.ts';
import { credentialDenial, type Denial, issuerDenial } from '../denials.ts';
import { assertedHeaders } from '../headers.ts';
import type { IssuerState } from '../issuer-state.ts';
import type { RelyingParty } from '../relying-party.ts';
import { checkTimes, type TimeWindow, timeChecks, timeWindow } from './times.ts';

/**
 * A token that was verified under one policy, with everything a later request with it needs. What can
 * change between two uses (time, keys, consumers, cookies) is looked at again on each use.
 */
export interface VerifiedToken {
  readonly token: string;
  /** Undefined for an opaque token straight from the token endpoint. */
  readonly claims: Claims | undefined;
  /** The keys that were known at the verification; undefined when no signature was checked. */
  readonly keys: KeySet | undefined;
  /** The issuer of the metadata at the verification. */
  readonly issuer: string;
  readonly algorithm: string | undefined;
  readonly kid: string | undefined;
  readonly passed: PassedChecks;
  /** The token is good, but does not permit this. */
  readonly denial: Denial | undefined;
  readonly upstreamHeaders: readonly string[];
  readonly responseHeaders: readonly string[];
  /** Epoch milliseconds of its own expiry; undefined when it has none. */
  readonly expiresAt: number | undefined;
  /** When its time claims are good without another look; undefined for an opaque token. */
  readonly window: TimeWindow | undefined;
  /** What its last use came to, for the next one to go on with. */
  readonly last: { use: TokenUse | undefined };
}

/** Whom a token stands for, and what the upstream is told about it. */
export interface TokenUse {
  readonly identity: Identity;
  readonly headers: readonly string[];
}

export type Verification =
  | { readonly kind: 'verified'; readonly token: VerifiedToken }
  /** `unknownKey`: one rediscovery may help. */
  | { readonly kind: 'denied'; readonly denial: Denial; readonly passed: PassedChecks; readonly unknownKey: boolean };

export interface VerifyInput {
  readonly rp: RelyingParty;
  readonly issuer: IssuerState;
  readonly token: string;
  /** `client_credentials`: the token came from the token endpoint, where it may be opaque. */
  readonly grant: 'bearer' | 'client_credentials';
  readonly nowMs: number;
  /** Checks that passed before, in the same decision. */
  readonly before: readonly CheckName[];
}

/** Security floor 2 and 3: allow-listed algorithms, keys of the issuer only, claims by type and value. */
export function verifyAccessToken(input: VerifyInput): Verification {
  const { rp, issuer, token, grant } = input;
  const passed: CheckName[] = [...input.before];
  if (!looksLikeJws(token)) {
    if (grant === 'client_credentials') return verified(input, passed, undefined, undefined);
    return denied(passed, notJws(token));
  }
  const decoded = decodeJws(token);
  if (decoded.kind === 'problem') return denied(passed, withAlgorithms(credentialDenial(decoded)));
  passed.push('token.format');
  const type = checkType(decoded.header, accessTokenTypes);
  if (type !== undefined) return denied(passed, credentialDenial(type));
  passed.push('token.header');
  const skipSignature =
    rp.config.verify_signature === false || (rp.config.ignore_signature ?? []).some((name) => name === grant);
  let jwk: Readonly<Record<string, string>> | undefined;
  if (!skipSignature) {
    if (issuer.keys === undefined) return denied(passed, keysMissing(issuer));
    const signature = verifyJws(decoded, { keys: issuer.keys, algorithms: asymmetricAlgorithms });
    if (signature.kind === 'problem') {
      const denial = withOwnKey(withAlgorithms(credentialDenial(signature)), token);
      if (signature.code !== 'jws.alg_not_allowed') passed.push('token.algorithm');
      if (signature.code === 'jws.signature_invalid') passed.push('token.key');
      return denied(passed, denial, signature.code === 'jws.key_unknown');
    }
    passed.push('token.algorithm', 'token.key', 'token.signature');
    jwk = signature.key?.jwk;
  }
  const standard = standardClaims(input, decoded.claims, passed);
  if (standard !== undefined) return denied(passed, standard);
  return verified(input, passed, decoded.claims, {
    jwk,
    algorithm: decoded.header.alg,
    kid: decoded.header.kid,
    signed: !skipSignature,
  });
}

function standardClaims(input: VerifyInput, claims: Claims, passed: CheckName[]): Denial | undefined {
  const { rp, issuer } = input;
  const allowed = rp.config.issuers_allowed;
  // Without claim verification an explicit list of issuers is still a required check (openid-connect.md (d)).
  if (rp.config.verify_claims !== false || (allowed !== null && allowed !== undefined && allowed.length > 0)) {
    const problem = checkIssuer(claims, {
      metadataIssuer: issuer.metadata.issuer,
      issuersAllowed: allowed ?? undefined,
    });
    if (problem !== undefined) {
      const denial = credentialDenial(problem);
      const accepted =
        allowed !== null && allowed !== undefined && allowed.length > 0 ? allowed.join(' or ') : issuer.metadata.issuer;
      return issuerMismatch({ ...denial, expected: accepted });
    }
    passed.push('token.issuer');
  }
  if (rp.config.verify_claims === false) return undefined;
  const times = checkTimes(rp, claims, input.nowMs);
  if (times !== undefined) {
    passed.push(...timeChecks(rp, times.check));
    return times;
  }
  passed.push(...timeChecks(rp, undefined));
  const domains = rp.config.domains;
  if (domains === null || domains === undefined || domains.length === 0) return undefined;
  const hd = Object.hasOwn(claims, 'hd') ? claims['hd'] : undefined;
  if (typeof hd !== 'string' || !domains.includes(hd)) return hostedDomain(hd, domains);
  passed.push('token.hosted_domain');
  return undefined;
}

function verified(
  input: VerifyInput,
  passed: CheckName[],
  claims: Claims | undefined,
  jws:
    | { jwk: Readonly<Record<string, string>> | undefined; algorithm: string; kid: string | undefined; signed: boolean }
    | undefined,
): Verification {
  const { rp, issuer, token } = input;
  const permitted = authorize(rp, claims);
  passed.push(...permitted.passed);
  const facts = { token, claims, jwk: jws?.jwk };
  return {
    kind: 'verified',
    token: {
      token,
      claims,
      keys: jws?.signed ? issuer.keys : undefined,
      issuer: issuer.metadata.issuer,
      algorithm: jws?.algorithm,
      kid: jws?.kid,
      passed: passedChecks(passed.map((name) => check[name])),
      denial: permitted.denial,
      upstreamHeaders: assertedHeaders(rp.headers.upstream, facts),
      responseHeaders: assertedHeaders(rp.headers.downstream, facts),
      expiresAt: claims === undefined ? undefined : expiryMs(claims),
      window: claims === undefined ? undefined : timeWindow(rp, claims),
      last: { use: undefined },
    },
  };
}

function denied(passed: readonly CheckName[], denial: Denial, unknownKey = false): Verification {
  return { kind: 'denied', denial, passed: passedChecks(passed.map((name) => check[name])), unknownKey };
}

function notJws(token: string): Denial {
  const encrypted = looksLikeJwe(token);
  return {
    check: 'token.format',
    status: 401,
    text: encrypted ? 'the token is encrypted and cannot be read here' : 'the token is opaque, not a signed JWT',
    seen: encrypted ? 'an encrypted token (JWE)' : 'an opaque token',
    expected: 'a signed JWT (compact JWS)',
    hint:
      'The caller must request a token for an API of the provider: with Auth0 pass its identifier as audience; ' +
      'without one the token is opaque or encrypted.',
    error: 'invalid_token',
  };
}

function keysMissing(issuer: IssuerState): Denial {
  const problem = issuer.keysProblem;
  if (problem !== undefined) return issuerDenial('keys', problem);
  return {
    check: 'provider.keys',
    status: 502,
    text: 'the provider publishes no keys',
    seen: 'none',
    expected: 'a JWK Set',
    hint: 'The metadata must name jwks_uri, or set config.jwks_endpoint.',
  };
}

function withAlgorithms(denial: Denial): Denial {
  return denial.check === 'token.algorithm' ? { ...denial, expected: [...asymmetricAlgorithms].join(' ') } : denial;
}

/** A token that brings its key along is refused like any other, but whoever made it learns why that did not help. */
function withOwnKey(denial: Denial, token: string): Denial {
  if (denial.check !== 'token.key' && denial.check !== 'token.signature') return denial;
  const member = ownKeyMember(token);
  if (member === undefined) return denial;
  return {
    ...denial,
    text: `${denial.text}; the ${member} in its header does not count`,
    hint: `Keys come from the issuer alone, never from a token. ${denial.hint}`,
  };
}

const keyMembers = ['jwk', 'jku', 'x5u', 'x5c'] as const;

/** Looked for only after a refusal: the header was read and found well-formed before. */
function ownKeyMember(token: string): string | undefined {
  const header: unknown = JSON.parse(Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString('utf8'));
  return keyMembers.find((name) => typeof header === 'object' && header !== null && Object.hasOwn(header, name));
}

/** A difference of one slash is the commonest one, and the hardest to see. */
function issuerMismatch(denial: Denial): Denial {
  const { seen, expected } = denial;
  const onlySlash = seen !== expected && (`${seen}/` === expected || seen === `${expected}/`);
  if (!onlySlash) return denial;
  return {
    ...denial,
    text: 'the token was issued by another issuer: only the trailing slash differs',
    hint: `The values differ in the trailing slash alone: add "${seen}" to config.issuers_allowed if both are the same provider.`,
  };
}

function hostedDomain(hd: unknown, domains: readonly string[]): Denial {
  return {
    check: 'token.hosted_domain',
    status: 401,
    text: 'the token belongs to no allowed hosted domain',
    seen: typeof hd === 'string' ? hd : 'none',
    expected: domains.join(' or '),
    hint: 'The caller must log in with an account of an allowed domain, or correct config.domains.',
    error: 'invalid_token',
  };
}
