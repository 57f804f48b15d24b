import type { Claims } from './jws.ts';
import type { CredentialProblem, CredentialProblemCode } from './problem.ts';
import { credentialProblem } from './problem.ts';

export interface TimeRules {
  /** Epoch milliseconds. */
  readonly nowMs: number;
  /** Tolerated clock difference, for every check. */
  readonly leewaySeconds: number;
  /** The switch named for its danger: a token without `exp` never expires. */
  readonly allowMissingExp: boolean;
  /** OpenID Connect Core section 3.1.2.1: seconds since the end user authenticated. */
  readonly maxAgeSeconds?: number | undefined;
}

/**
 * Checks `exp`, `nbf`, `iat` and, with `maxAgeSeconds`, `auth_time` (RFC 7519 section 4.1). The moment
 * of `exp` itself counts as expired. Numbers may come as decimal strings (Kong 3.13); any other type,
 * and numbers no clock will reach, are refused. Cheap enough to repeat on every use of a cached token.
 */
export function checkTimeClaims(claims: Claims, rules: TimeRules): CredentialProblem | undefined {
  const now = rules.nowMs / 1000;
  const { leewaySeconds } = rules;
  const exp = secondsClaim(claims, 'exp');
  if (exp === 'malformed') return malformed(claims, 'exp', 'jwt.exp_malformed');
  if (exp === undefined && !rules.allowMissingExp) return credentialProblem('jwt.exp_missing');
  if (exp !== undefined && now >= exp + leewaySeconds) return timeProblem('jwt.expired', exp, now);
  const nbf = secondsClaim(claims, 'nbf');
  if (nbf === 'malformed') return malformed(claims, 'nbf', 'jwt.nbf_malformed');
  if (nbf !== undefined && nbf > now + leewaySeconds) return timeProblem('jwt.nbf_future', nbf, now);
  const iat = secondsClaim(claims, 'iat');
  if (iat === 'malformed') return malformed(claims, 'iat', 'jwt.iat_malformed');
  if (iat !== undefined && iat > now + leewaySeconds) return timeProblem('jwt.iat_future', iat, now);
  return rules.maxAgeSeconds === undefined ? undefined : checkAge(claims, now, rules.maxAgeSeconds, leewaySeconds);
}

export interface IssuerRules {
  /** `issuer` of the provider's metadata; undefined when nothing is known, then nothing matches. */
  readonly metadataIssuer: string | undefined;
  /** Replaces the metadata's issuer when not empty (`issuers_allowed`). */
  readonly issuersAllowed?: readonly string[] | undefined;
}

/** `iss` must equal an accepted issuer byte for byte (RFC 9207 section 2.4, OpenID Connect Discovery section 4.3). */
export function checkIssuer(claims: Claims, rules: IssuerRules): CredentialProblem | undefined {
  const iss = Object.hasOwn(claims, 'iss') ? claims['iss'] : undefined;
  if (iss === undefined) return credentialProblem('jwt.iss_missing');
  if (typeof iss !== 'string') return credentialProblem('jwt.iss_malformed', typeof iss, 'a string');
  const allowed = rules.issuersAllowed;
  if (allowed !== undefined && allowed.length > 0) {
    return allowed.includes(iss) ? undefined : credentialProblem('jwt.iss_mismatch', iss, allowed.join(' or '));
  }
  if (rules.metadataIssuer !== undefined && iss === rules.metadataIssuer) return undefined;
  return credentialProblem('jwt.iss_mismatch', iss, rules.metadataIssuer ?? '');
}

/** `exp` in epoch milliseconds for caches; undefined when absent or malformed. */
export function expiryMs(claims: Claims): number | undefined {
  const exp = secondsClaim(claims, 'exp');
  return typeof exp === 'number' ? exp * 1000 : undefined;
}

/**
 * A NumericDate (RFC 7519 section 2) as seconds. Absent, but not null, is undefined. Times after the
 * year 9999 are milliseconds by mistake or meant as "never": both are malformed.
 */
export function secondsClaim(claims: Claims, name: string): number | undefined | 'malformed' {
  if (!Object.hasOwn(claims, name)) return undefined;
  const value = claims[name];
  if (typeof value === 'number') return value >= 0 && value <= latestSeconds ? value : 'malformed';
  if (typeof value !== 'string' || !decimal.test(value)) return 'malformed';
  const seconds = Number(value);
  return seconds <= latestSeconds ? seconds : 'malformed';
}

const latestSeconds = 253_402_300_799;
const decimal = /^[0-9]{1,12}(?:\.[0-9]{1,9})?$/;

function checkAge(claims: Claims, now: number, maxAge: number, leeway: number): CredentialProblem | undefined {
  const authTime = secondsClaim(claims, 'auth_time');
  if (authTime === undefined) return credentialProblem('jwt.auth_time_missing');
  if (authTime === 'malformed') return malformed(claims, 'auth_time', 'jwt.auth_time_malformed');
  if (authTime > now + leeway) return timeProblem('jwt.auth_time_future', authTime, now);
  return now > authTime + maxAge + leeway ? timeProblem('jwt.auth_time_too_old', authTime, now) : undefined;
}

function timeProblem(code: CredentialProblemCode, seconds: number, now: number): CredentialProblem {
  return credentialProblem(code, String(seconds), `now ${Math.floor(now)}`);
}

function malformed(claims: Claims, name: string, code: CredentialProblemCode): CredentialProblem {
  const value = claims[name];
  const seen = typeof value === 'number' || typeof value === 'string' ? String(value) : typeof value;
  return credentialProblem(code, seen, 'seconds since 1970');
}
