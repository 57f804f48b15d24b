import type { DevStartErrorCode } from '../start-error.ts';

/** An API ("resource server") that tokens can be asked for. `identifier` becomes the token's `aud`. */
export interface ProviderApi {
  readonly identifier: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly tokenLifetimeSeconds: number;
  /**
   * What a request for a scope outside the client's grant gets: a token without it, or 403 "Client has not
   * been granted scopes" as tenants of Auth0 have been seen to answer.
   */
  readonly ungrantedScopes: 'ignore' | 'refuse';
}

/** A machine client's permission to ask for tokens of one API, with at most these scopes. */
export interface ClientGrant {
  readonly audience: string;
  readonly scopes: readonly string[];
}

export type ClientAuthMethod = 'any' | 'client_secret_basic' | 'client_secret_post';

/** A registered client. `any` accepts its secret by Basic and by body alike. */
export interface ProviderClient {
  readonly id: string;
  readonly name: string;
  readonly secret: string;
  readonly authMethod: ClientAuthMethod;
  readonly grants: readonly ClientGrant[];
  /** With redirect URIs the client may also log users in (authorization code). */
  readonly redirectUris: readonly string[];
}

/** `auth0` imitates an Auth0 tenant; `default` is the package oidc-provider as it comes. */
export type ProviderMode = 'auth0' | 'default';

/** Parent to child, once. `port` 0 means any free one; without `stateDir` nothing is kept. */
export interface StartMessage {
  readonly kind: 'start';
  readonly mode: ProviderMode;
  readonly host: string;
  readonly port: number;
  readonly stateDir: string | null;
}

/** Child to parent. */
export type ProviderMessage =
  | {
      readonly kind: 'ready';
      readonly issuer: string;
      readonly port: number;
      readonly clients: readonly ProviderClient[];
      readonly apis: readonly ProviderApi[];
    }
  | { readonly kind: 'failed'; readonly code: DevStartErrorCode; readonly message: string };
