import type { JsonWebKey } from 'node:crypto';
import type { Registry } from './registry.ts';
import type { TokenStore } from './token-adapter.ts';
import type { ProviderClient } from './types.ts';

export interface ModeInput {
  readonly issuer: string;
  readonly registry: Registry;
  readonly store: TokenStore;
  /** Added to `iat` and `exp` of each token; read when a token is issued. */
  readonly skewSeconds: () => number;
}

/** Settings of the package that both modes share. Lives are spelled out, since its defaults print warnings. */
export function commonConfiguration(input: ModeInput): {
  jwks: { keys: readonly JsonWebKey[] };
  cookies: { keys: readonly string[] };
  [name: string]: unknown;
} {
  return {
    jwks: { keys: input.registry.keys },
    cookies: { keys: [input.registry.cookieKey] },
    claims: {
      openid: ['sub'],
      profile: ['name', 'nickname', 'preferred_username'],
      email: ['email', 'email_verified'],
    },
    pkce: { required: () => false },
    clientBasedCORS: () => false,
    findAccount: (_context: unknown, accountId: string) => ({
      accountId,
      claims: () => ({
        sub: accountId,
        name: accountId,
        nickname: accountId,
        preferred_username: accountId,
        email: `${accountId.replaceAll(/[^A-Za-z0-9._-]/g, '_')}@example.com`,
        email_verified: true,
      }),
    }),
    ttl: {
      AccessToken: (_context: unknown, token: { resourceServer?: { accessTokenTTL?: number } }) =>
        token.resourceServer?.accessTokenTTL ?? 86_400,
      ClientCredentials: (_context: unknown, token: { resourceServer?: { accessTokenTTL?: number } }) =>
        token.resourceServer?.accessTokenTTL ?? 600,
      AuthorizationCode: 60,
      Grant: 14 * 86_400,
      IdToken: 36_000,
      Interaction: 3_600,
      RefreshToken: 14 * 86_400,
      Session: 14 * 86_400,
    },
  };
}

/** RFC 7591 §2 metadata of a client, as the package reads it. */
export function clientMetadata(client: ProviderClient): Record<string, unknown> {
  const logsUsersIn = client.redirectUris.length > 0;
  return {
    client_id: client.id,
    client_secret: client.secret,
    client_name: client.name,
    token_endpoint_auth_method:
      client.authMethod === 'client_secret_post' ? 'client_secret_post' : 'client_secret_basic',
    grant_types: logsUsersIn ? ['client_credentials', 'authorization_code', 'refresh_token'] : ['client_credentials'],
    response_types: logsUsersIn ? ['code'] : [],
    redirect_uris: [...client.redirectUris],
  };
}
