import { limits } from '../base/limits.ts';
import { valueOfScheme } from './authorization-field.ts';
import type { CredentialProblem } from './problem.ts';
import { credentialProblem } from './problem.ts';

export type AuthorizationToken =
  /** No header, or a scheme that carries no token. */
  | { readonly kind: 'none' }
  | { readonly kind: 'bad'; readonly problem: CredentialProblem }
  | { readonly kind: 'token'; readonly scheme: 'bearer' | 'dpop'; readonly token: string };

/**
 * Reads an Authorization field that carries a token: `Bearer` (RFC 6750 section 2.1) or `DPoP`
 * (RFC 9449 section 7.1), scheme in any case. The token is not empty, not too large and in one piece;
 * its characters are left to `checkTokenSyntax`, which a token found in a cache has passed before.
 */
export function parseAuthorization(authorization: string | undefined): AuthorizationToken {
  if (authorization === undefined) return none;
  const bearer = valueOfScheme(authorization, 'bearer');
  if (bearer !== undefined) return presented('bearer', bearer);
  const dpop = valueOfScheme(authorization, 'dpop');
  return dpop === undefined ? none : presented('dpop', dpop);
}

/** The b64token syntax (RFC 6750 section 2.1) and the size bound, for a token found anywhere. */
export function checkTokenSyntax(token: string): CredentialProblem | undefined {
  if (token.length > limits.tokenBytesMax) return credentialProblem('bearer.too_large');
  return b64token.test(token) ? undefined : credentialProblem('bearer.malformed');
}

const none: AuthorizationToken = { kind: 'none' };
const b64token = /^[A-Za-z0-9\-._~+/]+=*$/;

function presented(scheme: 'bearer' | 'dpop', token: string): AuthorizationToken {
  if (token.length > limits.tokenBytesMax) return { kind: 'bad', problem: credentialProblem('bearer.too_large') };
  if (token === '' || token.includes(' ')) return { kind: 'bad', problem: credentialProblem('bearer.malformed') };
  return { kind: 'token', scheme, token };
}
