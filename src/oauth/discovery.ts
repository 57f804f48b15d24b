import type { ProviderOutcome, ProviderRequest } from '../base/exchange.ts';
import { limits } from '../base/limits.ts';
import { mergeHeaders } from './outgoing-headers.ts';
import type { ProviderProblem, ProviderProblemCode } from './problem.ts';
import { providerProblem } from './problem.ts';
import { answeredObject, ownMember } from './provider-answer.ts';

/** What this gateway uses of a provider's metadata (OpenID Connect Discovery section 3, RFC 8414 section 2), in wire spelling. */
export interface ProviderMetadata {
  readonly issuer: string;
  readonly authorization_endpoint?: string;
  readonly token_endpoint?: string;
  readonly userinfo_endpoint?: string;
  readonly jwks_uri?: string;
  readonly introspection_endpoint?: string;
  readonly revocation_endpoint?: string;
  readonly end_session_endpoint?: string;
  readonly pushed_authorization_request_endpoint?: string;
  readonly token_endpoint_auth_methods_supported?: readonly string[];
  readonly introspection_endpoint_auth_methods_supported?: readonly string[];
  readonly revocation_endpoint_auth_methods_supported?: readonly string[];
  readonly scopes_supported?: readonly string[];
  readonly response_types_supported?: readonly string[];
  readonly response_modes_supported?: readonly string[];
  readonly grant_types_supported?: readonly string[];
  readonly code_challenge_methods_supported?: readonly string[];
  readonly id_token_signing_alg_values_supported?: readonly string[];
}

export interface DiscoveryRequestOptions {
  readonly timeoutMs: number;
  readonly tlsVerify: boolean;
  readonly keepalive: boolean;
  /** `discovery_headers_names` with their values. */
  readonly headers?: readonly (readonly [string, string])[];
}

export interface DiscoveryRules {
  /** `config.issuer` as configured. */
  readonly configuredIssuer: string;
  /** The switch named for its danger: metadata of another issuer is taken. */
  readonly allowIssuerMismatch: boolean;
  /** Epoch milliseconds, for Retry-After; the moment of the answer unless given. */
  readonly nowMs?: number;
}

/**
 * Where the metadata of a configured issuer is: the value itself when it is a well-known URL, else the
 * issuer with `/.well-known/openid-configuration` behind it (OpenID Connect Discovery section 4).
 */
export function discoveryUrl(configuredIssuer: string): string {
  const [path, query] = atQuery(configuredIssuer.trim());
  if (path.includes('/.well-known/')) return path + query;
  return `${withoutSlash(path)}${suffixes[0]}${query}`;
}

/** The name under which everything about that issuer is kept: without well-known part and one trailing slash. */
export function issuerKey(configuredIssuer: string): string {
  const [path, query] = atQuery(configuredIssuer.trim());
  return withoutSlash(withoutWellKnown(path)) + query;
}

/** The request for the metadata document. */
export function discoveryRequest(configuredIssuer: string, options: DiscoveryRequestOptions): ProviderRequest {
  return {
    purpose: 'discovery',
    method: 'GET',
    url: discoveryUrl(configuredIssuer),
    headers: mergeHeaders([['accept', 'application/json']], options.headers ?? [], []),
    body: undefined,
    timeoutMs: options.timeoutMs,
    tlsVerify: options.tlsVerify,
    keepalive: options.keepalive,
    responseBytesMax: limits.providerResponseBytesMax,
  };
}

/**
 * Judges a metadata document. Its `issuer` must equal the configured one after removing the well-known
 * part and at most one trailing slash on each side (OpenID Connect Discovery section 4.3); it is kept
 * as the document spells it, for comparison with `iss`. Endpoints are absolute http(s) URLs, and https
 * ones when the configured issuer is https. Unknown members are ignored, known ones of a wrong type
 * refused.
 */
export function processDiscovery(
  outcome: ProviderOutcome,
  rules: DiscoveryRules,
): { kind: 'ok'; metadata: ProviderMetadata } | ProviderProblem {
  const body = answeredObject(outcome, rules.nowMs ?? outcome.at);
  if (body.kind === 'problem') return body;
  const issuer = ownMember(body.value, 'issuer');
  if (typeof issuer !== 'string' || !isUsableUrl(issuer, 'issuer')) {
    return unusable('discovery.issuer_missing', '', 'an http or https URL');
  }
  const [configured] = atQuery(rules.configuredIssuer.trim());
  const expected = withoutWellKnown(configured);
  if (!rules.allowIssuerMismatch && withoutSlash(issuer) !== withoutSlash(expected)) {
    return unusable('discovery.issuer_mismatch', issuer, expected);
  }
  return readMembers(body.value, issuer, configured.toLowerCase().startsWith('https:'));
}

const endpointMembers = [
  'authorization_endpoint',
  'token_endpoint',
  'userinfo_endpoint',
  'jwks_uri',
  'introspection_endpoint',
  'revocation_endpoint',
  'end_session_endpoint',
  'pushed_authorization_request_endpoint',
] as const;

const listMembers = [
  'token_endpoint_auth_methods_supported',
  'introspection_endpoint_auth_methods_supported',
  'revocation_endpoint_auth_methods_supported',
  'scopes_supported',
  'response_types_supported',
  'response_modes_supported',
  'grant_types_supported',
  'code_challenge_methods_supported',
  'id_token_signing_alg_values_supported',
] as const;

function readMembers(
  document: Readonly<Record<string, unknown>>,
  issuer: string,
  mustBeSecure: boolean,
): { kind: 'ok'; metadata: ProviderMetadata } | ProviderProblem {
  const endpoints: { -readonly [name in (typeof endpointMembers)[number]]?: string } = {};
  for (const name of endpointMembers) {
    const value = ownMember(document, name);
    if (value === undefined) continue;
    if (typeof value !== 'string') return unusable('discovery.member_malformed', name, 'a URL');
    if (!isUsableUrl(value, 'endpoint')) return unusable('discovery.endpoint_malformed', name, 'an http or https URL');
    if (mustBeSecure && !value.toLowerCase().startsWith('https:')) {
      return unusable('discovery.endpoint_insecure', name, 'an https URL');
    }
    endpoints[name] = value;
  }
  const lists: { -readonly [name in (typeof listMembers)[number]]?: readonly string[] } = {};
  for (const name of listMembers) {
    const value = ownMember(document, name);
    if (value === undefined) continue;
    if (!isStringList(value)) return unusable('discovery.member_malformed', name, 'an array of strings');
    lists[name] = value;
  }
  return { kind: 'ok', metadata: { issuer, ...endpoints, ...lists } };
}

const suffixes = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'] as const;

/** Also undoes the form of RFC 8414 section 3.1, where the well-known part stands before the issuer's path. */
function withoutWellKnown(path: string): string {
  for (const suffix of suffixes) {
    if (path.endsWith(suffix)) return path.slice(0, -suffix.length);
    if (path.endsWith(`${suffix}/`)) return path.slice(0, -suffix.length - 1);
    const at = path.indexOf(`${suffix}/`);
    if (at !== -1) return path.slice(0, at) + path.slice(at + suffix.length);
  }
  return path;
}

/** Some providers choose a policy by a query in the discovery URL; it is not part of the issuer. */
function atQuery(url: string): [path: string, query: string] {
  const at = url.indexOf('?');
  return at === -1 ? [url, ''] : [url.slice(0, at), url.slice(at)];
}

function withoutSlash(text: string): string {
  return text.endsWith('/') ? text.slice(0, -1) : text;
}

/** Absolute, http or https, no credentials in it, no fragment (RFC 6749 section 3.2), an issuer also no query (RFC 8414 section 2). */
function isUsableUrl(value: string, kind: 'issuer' | 'endpoint'): boolean {
  if (value.length > limits.metadataUrlCharsMax || !/^https?:\/\/[^\s\\\x00-\x1f\x7f]+$/i.test(value)) return false;
  if (value.includes('#') || (kind === 'issuer' && value.includes('?'))) return false;
  const url = URL.parse(value);
  return url !== null && url.hostname !== '' && url.username === '' && url.password === '';
}

function isStringList(value: unknown): value is string[] {
  if (!Array.isArray(value) || value.length > limits.metadataListEntriesMax) return false;
  return value.every((entry) => typeof entry === 'string' && entry.length <= limits.metadataUrlCharsMax);
}

function unusable(code: ProviderProblemCode, seen = '', expected = ''): ProviderProblem {
  return providerProblem(code, 'unusable', { status: 200, seen, expected });
}
