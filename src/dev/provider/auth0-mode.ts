import { clientMetadata, commonConfiguration, type ModeInput } from './common-configuration.ts';
import type {
  OidcClientReference,
  OidcContext,
  OidcMiddleware,
  OidcMode,
  ResourceServerInfo,
  StructuredToken,
  TokenInIssue,
} from './oidc-configuration.ts';
import { type Registry, randomClientId, randomClientSecret } from './registry.ts';
import { createTokenAdapter } from './token-adapter.ts';
import type { ProviderApi, ProviderClient } from './types.ts';

/** Auth0's default life of an access token: one day. */
export const auth0TokenLifetimeSeconds = 86_400;

/** Where an Auth0 tenant has its endpoints. */
export const auth0Endpoints = { token: '/oauth/token', jwks: '/.well-known/jwks.json' } as const;

const routes = {
  authorization: '/authorize',
  device_authorization: '/oauth/device/code',
  end_session: '/oidc/logout',
  jwks: auth0Endpoints.jwks,
  pushed_authorization_request: '/oauth/par',
  revocation: '/oauth/revoke',
  token: auth0Endpoints.token,
  userinfo: '/userinfo',
};

/** What a fresh tenant holds: the guide's API and a machine client authorised for it. */
export function auth0InitialState(): { clients: ProviderClient[]; apis: ProviderApi[] } {
  const scopes = ['read:things', 'write:things'];
  const identifier = 'https://example.com/';
  return {
    apis: [
      {
        identifier,
        name: 'Example API',
        scopes,
        tokenLifetimeSeconds: auth0TokenLifetimeSeconds,
        ungrantedScopes: 'ignore',
      },
    ],
    clients: [
      {
        id: randomClientId(),
        name: 'Guide (machine to machine)',
        secret: randomClientSecret(),
        authMethod: 'any',
        grants: [{ audience: identifier, scopes }],
        redirectUris: [],
      },
    ],
  };
}

/** The package configured and wrapped so that a client cannot tell it from an Auth0 tenant. */
export function auth0Mode(input: ModeInput): OidcMode {
  const { registry, store } = input;
  return {
    issuer: input.issuer,
    middleware: [audienceAsResource, auth0Errors(registry)],
    configuration: {
      ...commonConfiguration(input),
      adapter: (model) => createTokenAdapter(model, store, (id) => describeClient(registry, id)),
      routes,
      clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
      features: {
        clientCredentials: { enabled: true },
        deviceFlow: { enabled: false },
        devInteractions: { enabled: true },
        revocation: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: (context: OidcContext) => resourceWithoutAudience(context),
          useGrantedResource: () => true,
          getResourceServerInfo: (context: OidcContext, resource: string, client: OidcClientReference) =>
            resourceServerInfo(registry, context, resource, client.clientId),
        },
      },
      formats: {
        customizers: {
          jwt: (_context: OidcContext, token: TokenInIssue, jwt: StructuredToken) =>
            auth0Claims(token, jwt, input.skewSeconds()),
        },
      },
    },
  };
}

/**
 * The package takes absolute URIs as resources (RFC 8707 §2) while an Auth0 audience is any text, so the
 * audience travels inside a URN and comes out again in `resourceServerInfo`.
 */
const resourcePrefix = 'urn:audience:';

function resourceOf(audience: string): string {
  return resourcePrefix + encodeURIComponent(audience);
}

const audienceAsResource: OidcMiddleware = async (context, next) => {
  const body = (context.req as { body?: unknown }).body;
  if (context.path === routes.token && typeof body === 'object' && body !== null) {
    const parameters = body as Record<string, unknown>;
    if (typeof parameters['audience'] === 'string' && parameters['audience'] !== '') {
      parameters['resource'] = resourceOf(parameters['audience']);
    }
  } else if (context.path === routes.authorization) {
    const audience = context.query['audience'];
    if (typeof audience === 'string' && audience !== '')
      context.query = { ...context.query, resource: resourceOf(audience) };
  }
  await next();
};

/** Users may go without an audience and get an opaque token; machine clients may not. */
function resourceWithoutAudience(context: OidcContext): undefined {
  if (context.oidc?.params?.['grant_type'] !== 'client_credentials') return undefined;
  throw accessDenied('No audience parameter was provided, and no default audience has been configured');
}

function resourceServerInfo(
  registry: Registry,
  context: OidcContext,
  resource: string,
  clientId: string,
): ResourceServerInfo {
  const audience = resource.startsWith(resourcePrefix)
    ? decodeURIComponent(resource.slice(resourcePrefix.length))
    : resource;
  const api = registry.findApi(audience);
  if (api === undefined) throw accessDenied(`Service not found: ${audience}`);
  let scopes = api.scopes;
  const parameters = context.oidc?.params;
  if (parameters?.['grant_type'] === 'client_credentials') {
    const grant = registry.findClient(clientId)?.grants.find((candidate) => candidate.audience === audience);
    if (grant === undefined) {
      throw accessDenied(
        `Client is not authorized to access "${audience}". Authorize the client for this API ("client-grant") first.`,
      );
    }
    scopes = api.scopes.filter((scope) => grant.scopes.includes(scope));
    applyRequestedScopes(parameters, scopes, api);
  }
  return {
    audience,
    scope: scopes.join(' '),
    accessTokenFormat: 'jwt',
    accessTokenTTL: api.tokenLifetimeSeconds,
    jwt: { sign: { alg: 'RS256', kid: registry.currentKey.kid } },
  };
}

/** Auth0 grants everything the client may have when it asks for nothing in particular. */
function applyRequestedScopes(parameters: Record<string, unknown>, granted: readonly string[], api: ProviderApi): void {
  const requested = typeof parameters['scope'] === 'string' ? parameters['scope'].split(' ').filter(Boolean) : [];
  if (requested.length === 0) {
    if (granted.length > 0) parameters['scope'] = granted.join(' ');
    return;
  }
  const ungranted = requested.filter((scope) => !granted.includes(scope));
  if (ungranted.length > 0 && api.ungrantedScopes === 'refuse') {
    throw accessDenied(`Client has not been granted scopes: ${ungranted.join(', ')}`);
  }
}

function auth0Claims(token: TokenInIssue, jwt: StructuredToken, skewSeconds: number): void {
  const { payload } = jwt;
  jwt.header = { typ: 'JWT' };
  delete payload['client_id'];
  delete payload['jti'];
  payload['azp'] = token.clientId;
  if (token.kind === 'ClientCredentials') {
    payload['sub'] = `${token.clientId}@clients`;
    payload['gty'] = 'client-credentials';
  }
  for (const name of ['iat', 'exp']) {
    const seconds = payload[name];
    if (typeof seconds === 'number') payload[name] = seconds + skewSeconds;
  }
}

/** Auth0 answers a bad secret and an unknown client alike, and not with the code of RFC 6749 §5.2. */
function auth0Errors(registry: Registry): OidcMiddleware {
  return async (context, next) => {
    if (context.path !== routes.token) return next();
    if (cannotBeAuthenticated(registry, context)) return unauthorized(context);
    await next();
    const body = context.body;
    const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
    if (error === 'invalid_client') unauthorized(context);
  };
}

function unauthorized(context: OidcContext): void {
  context.status = 401;
  context.remove('WWW-Authenticate');
  context.body = { error: 'access_denied', error_description: 'Unauthorized' };
}

/**
 * No client at all, which the package would call an invalid request; or a secret sent in another way than
 * the client is registered for, since the package takes Basic and body alike.
 */
function cannotBeAuthenticated(registry: Registry, context: OidcContext): boolean {
  const { tokenRequest } = context.req as { tokenRequest?: { clientId: string | null; authMethod: string | null } };
  if (tokenRequest === undefined) return false;
  if (tokenRequest.clientId === null) return true;
  const expected = registry.findClient(tokenRequest.clientId)?.authMethod ?? 'any';
  return expected !== 'any' && tokenRequest.authMethod !== null && tokenRequest.authMethod !== expected;
}

/** An error that the package answers as it is: 403 with Auth0's two fields. */
function accessDenied(description: string): Error {
  return Object.assign(new Error('access_denied'), {
    status: 403,
    statusCode: 403,
    expose: true,
    error: 'access_denied',
    error_description: description,
  });
}

function describeClient(registry: Registry, id: string): Record<string, unknown> | undefined {
  const client = registry.findClient(id);
  return client === undefined ? undefined : clientMetadata(client);
}
