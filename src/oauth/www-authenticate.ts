import { limits } from '../base/limits.ts';

export type ChallengeError = 'invalid_request' | 'invalid_token' | 'insufficient_scope';

export interface Challenge {
  readonly realm: string;
  /** Left out when no credential was presented. */
  readonly error?: ChallengeError | undefined;
  /** `<check name>: <text>`; sent only beside an error. */
  readonly description?: string | undefined;
  /** Scopes that would do; sent only with `insufficient_scope`. */
  readonly scope?: string | undefined;
}

/**
 * The value of a `WWW-Authenticate: Bearer` field (RFC 6750 section 3, RFC 9110 section 11.6.1), always
 * printable ASCII. What RFC 6750 does not allow in an attribute is replaced, not escaped; the
 * description is cut at `limits.challengeDescriptionCharsMax`.
 */
export function bearerChallenge(challenge: Challenge): string {
  let value = `Bearer realm="${quoted(challenge.realm)}"`;
  if (challenge.error === undefined) return value;
  value += `, error="${challenge.error}"`;
  if (challenge.description !== undefined && challenge.description !== '') {
    value += `, error_description="${attribute(challenge.description)}"`;
  }
  if (challenge.error === 'insufficient_scope' && challenge.scope !== undefined) {
    const scope = attribute(challenge.scope).trim();
    if (scope !== '') value += `, scope="${scope}"`;
  }
  return value;
}

/** The realm for an issuer: its host, or the fallback where it is not a URL. */
export function realmOf(issuer: string | undefined, fallback: string): string {
  const host = issuer === undefined ? undefined : URL.parse(issuer)?.host;
  return host === undefined || host === '' ? fallback : host;
}

/** RFC 6750 section 3 allows %x20-21 / %x23-5B / %x5D-7E: no double quote, no backslash. */
function attribute(text: string): string {
  return text
    .slice(0, limits.challengeDescriptionCharsMax)
    .replaceAll('"', "'")
    .replaceAll('\\', '/')
    .replace(/[^\x20-\x7e]/g, '?');
}

/** A quoted-string (RFC 9110 section 5.6.4). */
function quoted(text: string): string {
  return text
    .slice(0, limits.challengeDescriptionCharsMax)
    .replace(/[^\x20-\x7e]/g, '?')
    .replace(/["\\]/g, '\\$&');
}
