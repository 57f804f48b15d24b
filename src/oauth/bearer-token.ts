import { limits } from '../base/limits.ts';
import type { CredentialProblem } from './problem.ts';
import { credentialProblem } from './problem.ts';

export type AuthorizationToken =
  /** No header, or a scheme that carries no token. */
  | { readonly kind: 'none' }
  | { readonly kind: 'bad'; readonly problem: CredentialProblem }
  | { readonly kind: 'token'; readonly scheme: 'bearer' | 'dpop'; readonly token: string };

/**
 * Reads an Authorization field that carries a token: `Bearer` (RFC 6750 section 2.1) or `DPoP`
 * (RFC 9449 section 7.1), scheme in any case.
 */
export function parseAuthorization(authorization: string | undefined): AuthorizationToken {
  if (authorization === undefined) return none;
  const name = tokenScheme.exec(authorization)?.[1];
  if (name === undefined) return none;
  const token = authorization.slice(name.length).trim();
  const problem = checkTokenSyntax(token);
  if (problem !== undefined) return { kind: 'bad', problem };
  return { kind: 'token', scheme: name.length === 4 ? 'dpop' : 'bearer', token };
}

/** The b64token syntax (RFC 6750 section 2.1) and the size bound, for a token found anywhere. */
export function checkTokenSyntax(token: string): CredentialProblem | undefined {
  if (token.length > limits.tokenBytesMax) return credentialProblem('bearer.too_large');
  return b64token.test(token) ? undefined : credentialProblem('bearer.malformed');
}

const none: AuthorizationToken = { kind: 'none' };
const tokenScheme = /^(bearer|dpop)(?:[ \t]|$)/i;
const b64token = /^[A-Za-z0-9\-._~+/]+=*$/;
