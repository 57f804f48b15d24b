import type { CredentialProblem } from '../../oauth/problem.ts';
import type { Location } from './relying-party.ts';

/** A caller's client, recognised. */
export interface KnownClient {
  readonly kind: 'client';
  readonly id: string;
  readonly location: Location;
  /** Names to hide; the Authorization header for `header`. */
  readonly names: ReadonlySet<string>;
}

/** A caller's own client id and secret, for the client credentials grant. */
export interface ClientPair extends KnownClient {
  readonly secret: string;
}

export interface BearerToken {
  readonly kind: 'bearer';
  readonly token: string;
  readonly location: Location;
  /** Header, cookie or argument it was found in. */
  readonly name: string;
}

export type PresentedCredential = ClientPair | BearerToken;

/** What is left to know of a credential once it has been judged. */
export type KnownCredential = KnownClient | BearerToken;

/** "Not mine" and "mine but wrong" are different: a wrong credential never falls through to the next method. */
export type Found =
  | { readonly kind: 'none' }
  | { readonly kind: 'found'; readonly credential: PresentedCredential }
  | { readonly kind: 'bad'; readonly problem: CredentialProblem; readonly location: Location }
  | { readonly kind: 'conflict'; readonly what: string };

export const notFound: Found = { kind: 'none' };
