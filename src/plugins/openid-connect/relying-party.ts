import { hash } from 'node:crypto';
import type { ProviderRequest } from '../../base/exchange.ts';
import { compileRequirement, type Requirement } from '../../oauth/claims.ts';
import { type ClientAuthMethod, chooseMethod } from '../../oauth/client-authentication.ts';
import { discoveryRequest, issuerKey } from '../../oauth/discovery.ts';
import { realmOf } from '../../oauth/www-authenticate.ts';
import type { PluginInstance } from '../../pdk/index.ts';
import { digest } from './digest.ts';
import { compileHeaders, type HeaderRules } from './headers.ts';
import type { OpenidConnectConfig } from './schema/index.ts';

export type Location = 'header' | 'cookie' | 'query' | 'body';

export interface RequiredClaim {
  readonly path: readonly string[];
  readonly requirement: Requirement;
}

/** What one plugin instance is towards its provider: the configuration, worked out once and frozen. */
export interface RelyingParty {
  readonly instanceId: string;
  readonly config: OpenidConnectConfig;
  /** Tells this policy from every other: cached verdicts never cross it. */
  readonly policy: string;
  readonly issuer: IssuerRules;
  readonly methods: ReadonlySet<string>;
  readonly bearer: { readonly locations: ReadonlySet<Location>; readonly headerName: string | null };
  readonly clientCredentials: { readonly locations: ReadonlySet<Location> };
  /** A request without a query is decided by its Authorization header alone, and what it buys may be kept. */
  readonly basicDecides: boolean;
  readonly token: TokenRules;
  readonly leewaySeconds: number;
  readonly required: {
    readonly scopes: RequiredClaim | undefined;
    readonly audience: RequiredClaim | undefined;
    readonly groups: RequiredClaim | undefined;
    readonly roles: RequiredClaim | undefined;
  };
  readonly consumerPaths: readonly (readonly string[])[];
  readonly headers: HeaderRules;
  readonly realm: string;
  readonly dangers: { readonly allowMissingExp: boolean; readonly allowIssuerMismatch: boolean };
}

export interface IssuerRules {
  /** Name of the issuer's state in the worker's cache. */
  readonly cacheKey: string;
  readonly configured: string;
  readonly metadataRequest: ProviderRequest | undefined;
  readonly jwksEndpoint: string | null;
  readonly extraJwks: readonly string[];
  readonly rediscoveryMs: number;
  readonly refreshMs: number;
}

export interface TokenRules {
  readonly endpoint: string | null;
  /** Configured method; the provider's metadata decides where it is undefined. */
  readonly method: (supported: readonly string[] | undefined) => ClientAuthMethod;
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
  readonly args: readonly (readonly [string, string])[];
  readonly headers: readonly (readonly [string, string])[];
  readonly clientArgs: readonly string[];
  readonly clientHeaders: readonly string[];
  readonly replay: readonly string[];
  readonly salt: string;
}

/** `prepare`: pure, no network. */
export function prepareRelyingParty(config: OpenidConnectConfig, instance: PluginInstance): RelyingParty {
  const sallyport = config.sallyport ?? null;
  const methods = new Set<string>(config.auth_methods ?? []);
  const clientCredentials = { locations: new Set<Location>(config.client_credentials_param_type ?? []) };
  const token = tokenRules(config);
  return Object.freeze({
    instanceId: instance.id,
    config,
    policy: digest(['policy', instance.id, hash('sha256', JSON.stringify(config), 'base64url')]),
    issuer: issuerRules(config),
    methods,
    bearer: {
      locations: new Set<Location>(config.bearer_token_param_type ?? []),
      headerName: config.bearer_token_header_name?.toLowerCase().replaceAll('_', '-') ?? null,
    },
    clientCredentials,
    basicDecides:
      config.cache_tokens !== false &&
      methods.size === 1 &&
      methods.has('client_credentials') &&
      clientCredentials.locations.has('header') &&
      token.clientArgs.length === 0 &&
      token.clientHeaders.length === 0,
    token,
    leewaySeconds: config.leeway ?? 0,
    required: {
      scopes: requiredClaim(config.scopes_claim, config.scopes_required),
      audience: requiredClaim(config.audience_claim, config.audience_required),
      groups: requiredClaim(config.groups_claim, config.groups_required),
      roles: requiredClaim(config.roles_claim, config.roles_required),
    },
    consumerPaths: consumerPaths(config),
    headers: compileHeaders(config),
    realm: realmOf(config.issuer, 'sallyport'),
    dangers: {
      allowMissingExp: sallyport?.allow_missing_exp ?? false,
      allowIssuerMismatch: sallyport?.allow_issuer_mismatch ?? false,
    },
  });
}

function issuerRules(config: OpenidConnectConfig): IssuerRules {
  const call = callOptions(config);
  const headers = pairs(config.discovery_headers_names, config.discovery_headers_values);
  const metadataRequest = config.using_pseudo_issuer
    ? undefined
    : discoveryRequest(config.issuer, { ...call, headers });
  const extraJwks = config.extra_jwks_uris ?? [];
  const jwksEndpoint = config.jwks_endpoint ?? null;
  const mismatch = config.sallyport?.allow_issuer_mismatch ?? false;
  return {
    cacheKey: digest([
      'issuer',
      issuerKey(config.issuer),
      JSON.stringify([metadataRequest ?? null, jwksEndpoint, extraJwks, call, mismatch]),
    ]),
    configured: config.issuer,
    metadataRequest,
    jwksEndpoint,
    extraJwks,
    rediscoveryMs: (config.rediscovery_lifetime ?? 30) * 1000,
    refreshMs: Math.max(1, config.cache_ttl ?? 3600) * 1000,
  };
}

/** What every call to the provider shares. */
export function callOptions(config: OpenidConnectConfig): {
  timeoutMs: number;
  tlsVerify: boolean;
  keepalive: boolean;
} {
  return {
    timeoutMs: config.timeout ?? 10_000,
    tlsVerify: config.ssl_verify ?? true,
    keepalive: config.keepalive ?? true,
  };
}

function tokenRules(config: OpenidConnectConfig): TokenRules {
  const args = pairs(config.token_post_args_names, config.token_post_args_values);
  const configured = config.token_endpoint_auth_method ?? config.client_auth?.[0] ?? null;
  const names = new Set(args.map(([name]) => name));
  return {
    endpoint: config.token_endpoint ?? null,
    method: (supported) => chooseMethod(configured, supported),
    scopes: config.scopes ?? [],
    // A post argument of that name is the operator's own choice and wins (decisions: compatible surface).
    audience: names.has('audience') ? [] : (config.audience ?? []),
    args,
    headers: pairs(config.token_headers_names, config.token_headers_values),
    clientArgs: config.token_post_args_client ?? [],
    clientHeaders: (config.token_headers_client ?? []).map((name) => name.toLowerCase()),
    replay: replayNames(config),
    salt: config.cache_tokens_salt ?? '',
  };
}

/** Names of token response headers given to the client, when this grant is among `token_headers_grants`. */
function replayNames(config: OpenidConnectConfig): readonly string[] {
  const grants = config.token_headers_grants;
  if (grants !== null && grants !== undefined && !grants.includes('client_credentials')) return [];
  return config.token_headers_replay ?? [];
}

function pairs(
  names: readonly string[] | null | undefined,
  values: readonly string[] | null | undefined,
): (readonly [string, string])[] {
  return (names ?? []).map((name, index) => [name, values?.[index] ?? ''] as const);
}

function requiredClaim(
  path: readonly string[] | null | undefined,
  required: readonly string[] | null | undefined,
): RequiredClaim | undefined {
  const requirement = compileRequirement(required);
  return requirement === undefined ? undefined : { path: path ?? [], requirement };
}

function consumerPaths(config: OpenidConnectConfig): readonly (readonly string[])[] {
  if (config.consumer_claims !== null && config.consumer_claims !== undefined) return config.consumer_claims;
  return [];
}
