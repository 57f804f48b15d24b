import { clientMetadata, commonConfiguration, type ModeInput } from './common-configuration.ts';
import type { OidcMode, StructuredToken, TokenInIssue } from './oidc-configuration.ts';
import { randomClientId, randomClientSecret } from './registry.ts';
import { createTokenAdapter } from './token-adapter.ts';
import type { ProviderApi, ProviderClient } from './types.ts';

/** Where the package has its endpoints by default. */
export const defaultEndpoints = { token: '/token', jwks: '/jwks' } as const;

const errorsOfUnknownResource = { status: 400, statusCode: 400, expose: true, error: 'invalid_target' };

/** One API, which is also the default resource, and one confidential client. */
export function defaultInitialState(): { clients: ProviderClient[]; apis: ProviderApi[] } {
  const identifier = 'https://api.example/';
  const scopes = ['api:read', 'api:write'];
  return {
    apis: [{ identifier, name: 'API', scopes, tokenLifetimeSeconds: 600, ungrantedScopes: 'ignore' }],
    clients: [
      {
        id: randomClientId(),
        name: 'Confidential client',
        secret: randomClientSecret(),
        authMethod: 'client_secret_basic',
        grants: [{ audience: identifier, scopes }],
        redirectUris: [],
      },
    ],
  };
}

/**
 * The package as it comes: its own paths, errors and claims. It only knows the registry's clients and gives
 * a JWT for the first API when no `resource` (RFC 8707) is named.
 */
export function defaultMode(input: ModeInput): OidcMode {
  const { registry, store } = input;
  return {
    issuer: input.issuer,
    middleware: [],
    configuration: {
      ...commonConfiguration(input),
      adapter: (model) =>
        createTokenAdapter(model, store, (id) => {
          const client = registry.findClient(id);
          return client === undefined ? undefined : clientMetadata(client);
        }),
      features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: true },
        introspection: { enabled: true },
        revocation: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => registry.apis[0]?.identifier,
          useGrantedResource: () => true,
          getResourceServerInfo: (_context: unknown, resource: string) => {
            const api = registry.findApi(resource);
            if (api === undefined) throw Object.assign(new Error('invalid_target'), errorsOfUnknownResource);
            return {
              audience: api.identifier,
              scope: api.scopes.join(' '),
              accessTokenFormat: 'jwt',
              accessTokenTTL: api.tokenLifetimeSeconds,
              jwt: { sign: { alg: 'RS256', kid: registry.currentKey.kid } },
            };
          },
        },
      },
      formats: {
        customizers: {
          jwt: (_context: unknown, _token: TokenInIssue, jwt: StructuredToken) => {
            for (const name of ['iat', 'exp']) {
              const seconds = jwt.payload[name];
              if (typeof seconds === 'number') jwt.payload[name] = seconds + input.skewSeconds();
            }
          },
        },
      },
    },
  };
}
