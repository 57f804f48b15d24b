import type { AccessContext, BodyState } from '../../pdk/index.ts';
import type { Denial } from './denials.ts';
import type { RelyingParty } from './relying-party.ts';

export function twoAuthorizations(): Denial {
  return {
    check: 'request.authorization',
    status: 400,
    text: 'the request carries more than one Authorization header',
    seen: 'several Authorization headers',
    expected: 'at most one',
    hint: 'The caller must send one Authorization header.',
    error: 'invalid_request',
  };
}

export function ambiguous(what: string): Denial {
  return {
    check: 'credential.unambiguous',
    status: 400,
    text: `the request carries ${what}`,
    seen: what,
    expected: 'one credential',
    hint: 'The caller must send its credential in one place only.',
    error: 'invalid_request',
  };
}

/** Nothing was presented: a bare challenge, without an error code (RFC 6750 section 3.1). */
export function noCredential(context: AccessContext, rp: RelyingParty, body: BodyState | undefined): Denial {
  const expected = whatIsLookedFor(rp);
  return {
    check: 'credential.present',
    status: 401,
    text: 'no credential was presented',
    seen: whatWasThere(context, body),
    expected,
    hint: `The caller must send one of these: ${expected}.`,
  };
}

/** A body in which a credential may hide that cannot be read. */
export function unreadBody(body: BodyState): Denial | undefined {
  switch (body.kind) {
    case 'too_large':
      return bodyDenial(
        401,
        'the request body is too large to look for a credential',
        'more than 1 MiB',
        'Send the credential in a header.',
      );
    case 'timeout':
      return bodyDenial(
        401,
        'the request body did not arrive in time',
        'an incomplete body',
        'Send the whole body, or the credential in a header.',
      );
    case 'aborted':
      return bodyDenial(401, 'the request body was cut off', 'an incomplete body', 'Send the whole body.');
    case 'busy':
      return {
        ...bodyDenial(
          503,
          'too many request bodies are being read',
          'a full budget',
          'Retry shortly, or send the credential in a header.',
        ),
        retryAfterSeconds: 1,
      };
    default:
      return undefined;
  }
}

function bodyDenial(status: 401 | 503, text: string, seen: string, hint: string): Denial {
  return { check: 'credential.present', status, text, seen, expected: 'a complete body of at most 1 MiB', hint };
}

function whatWasThere(context: AccessContext, body: BodyState | undefined): string {
  if (body?.kind === 'unreadable') return body.what;
  const authorization = context.request.headers.get('authorization');
  if (authorization === undefined) return 'none';
  const scheme = /^[A-Za-z][A-Za-z0-9-]{0,20}(?= )/.exec(authorization)?.[0];
  return scheme === undefined
    ? 'an Authorization header without a scheme'
    : `an Authorization header with scheme ${scheme}`;
}

function whatIsLookedFor(rp: RelyingParty): string {
  const places: string[] = [];
  if (rp.methods.has('client_credentials')) {
    const { locations } = rp.clientCredentials;
    if (locations.has('header')) places.push('Basic client_id:client_secret');
    const others = [...locations].filter((location) => location !== 'header');
    if (others.length > 0) places.push(`client_id and client_secret in ${others.join(' or ')}`);
  }
  if (rp.methods.has('bearer')) {
    const { locations, headerName } = rp.bearer;
    if (locations.has('header')) places.push(headerName === null ? 'Bearer token' : `token in header ${headerName}`);
    if (locations.has('cookie')) places.push(`token in cookie ${rp.config.bearer_token_cookie_name ?? ''}`);
    const others = [...locations].filter((location) => location === 'query' || location === 'body');
    if (others.length > 0) places.push(`access_token in ${others.join(' or ')}`);
  }
  return places.join('; ');
}
