import type { ProviderOutcome, ProviderRequest } from '../../base/exchange.ts';
import { retryAfterSeconds } from '../../oauth/exchange.ts';
import { clientCredentialsRequest, processTokenResponse, type TokenSet } from '../../oauth/token-endpoint.ts';
import {
  type AccessContext,
  type PassedChecks,
  type PluginServices,
  passedChecks,
  type RequestArguments,
} from '../../pdk/index.ts';
import { type CheckName, check } from './checks.ts';
import type { ClientPair } from './credentials.ts';
import { type Denial, issuerDenial, tokenDenial } from './denials.ts';
import { digest } from './digest.ts';
import { type IssuerState, loadIssuer, rediscover } from './issuer-state.ts';
import { callOptions, type RelyingParty } from './relying-party.ts';
import { type Verification, type VerifiedToken, verifyAccessToken } from './verify/access-token.ts';

/** A token bought with a caller's client credentials, as this worker remembers it. */
export interface ClientToken {
  readonly verified: VerifiedToken;
  readonly usableUntil: number;
  readonly exchangeKey: string;
}

/** A refusal the worker remembers: the provider is not asked again for the same credentials until then. */
export interface RefusedClient {
  readonly denial: Denial;
  readonly passed: PassedChecks;
  readonly until: number;
}

export type ClientTokenEntry = ClientToken | RefusedClient;

export type Acquired =
  | { readonly kind: 'token'; readonly entry: ClientToken }
  | ({ readonly kind: 'denied' } & RefusedClient);

/** Arguments and headers of the caller that go along to the token endpoint (`token_post_args_client`, `token_headers_client`). */
export interface Forwarded {
  readonly args: readonly (readonly [string, string])[];
  readonly headers: readonly (readonly [string, string])[];
}

const nothingForwarded: Forwarded = { args: [], headers: [] };

/** Looks the configured names up in query, body and headers, in that order. */
export function forwardedParts(context: AccessContext, rp: RelyingParty, args: RequestArguments): Forwarded {
  const { clientArgs, clientHeaders } = rp.token;
  if (clientArgs.length === 0 && clientHeaders.length === 0) return nothingForwarded;
  const { headers } = context.request;
  const found: [string, string][] = [];
  for (const name of clientArgs) {
    const inQuery = args.inQuery(name);
    const inBody = inQuery.kind === 'none' ? args.inBody(name) : inQuery;
    const value = inBody.kind === 'one' ? inBody.value : headers.get(name.toLowerCase().replaceAll('_', '-'));
    if (value !== undefined && value !== '') found.push([name, value]);
  }
  const copied: [string, string][] = [];
  for (const name of clientHeaders) {
    const value = headers.get(name);
    if (value !== undefined) copied.push([name, value]);
  }
  return { args: found, headers: copied };
}

/** Name of this credential in the worker's cache: policy, credential and whatever else shapes the token. */
export function clientTokenKey(rp: RelyingParty, pair: ClientPair, forwarded: Forwarded): string {
  if (forwarded === nothingForwarded) return digest([rp.policy, pair.id, pair.secret]);
  return digest([rp.policy, pair.id, pair.secret, JSON.stringify([forwarded.args, forwarded.headers])]);
}

/**
 * Buys a token at the provider, or shares one that another request or worker just bought, and verifies
 * it. `freshAfter`: an older one will not do.
 */
export async function acquireClientToken(
  services: PluginServices,
  rp: RelyingParty,
  pair: ClientPair,
  forwarded: Forwarded,
  freshAfter?: number,
): Promise<Acquired> {
  const before: CheckName[] = [
    'request.authorization',
    'credential.present',
    'credential.unambiguous',
    'credential.format',
  ];
  const issuer = await loadIssuer(rp, services);
  if (issuer.kind === 'problem') return denied(before, issuerDenial(issuer.step, issuer.problem));
  before.push('provider.discovery', 'provider.issuer');
  const request = tokenRequest(rp, issuer.state, pair, forwarded);
  if (request === undefined) return denied(before, noTokenEndpoint());
  before.push('provider.token_endpoint');
  const exchangeKey = keyOf(rp, request);
  const options = freshAfter === undefined ? {} : { freshAfter };
  const { outcome } = await services.provider.exchange(exchangeKey, request, options);
  const answer = processTokenResponse(outcome, outcome.at, [pair.secret]);
  if (answer.kind === 'problem') {
    const denial = tokenDenial(answer, audienceSent(rp, forwarded));
    // Counted from the answer: a worker that hears of it later must not keep it alive for the others.
    const until = outcome.at + quietMs(rp, denial, outcome);
    services.provider.keep(exchangeKey, until);
    return denied([...before, ...passedBefore(denial.check)], denial, until);
  }
  before.push('provider.rate_limit', 'provider.reachable', 'provider.grant', 'provider.answer');
  const verification = await verifyOnce(services, rp, issuer.state, answer.tokenSet, before);
  if (verification.kind === 'denied') {
    // A token kept from before a key rotation: the provider has newer ones.
    const fromBefore = outcome.at < services.now() - 1000 && freshAfter === undefined;
    if (fromBefore && isKeyTrouble(verification.denial)) {
      return acquireClientToken(services, rp, pair, forwarded, services.now());
    }
    // The next token would fail the same way; a key may be found by the next rediscovery, so that is tried soon.
    const quietSeconds = isKeyTrouble(verification.denial) ? 1 : (rp.config.cache_ttl_neg ?? 5);
    const until = outcome.at + quietSeconds * 1000;
    services.provider.keep(exchangeKey, until);
    return { kind: 'denied', denial: verification.denial, passed: verification.passed, until };
  }
  const usableUntil = lifetime(rp, answer.tokenSet, verification.token, outcome.at);
  services.provider.keep(exchangeKey, rp.config.cache_tokens === false ? 0 : usableUntil);
  services.log.debug('oidc.token.acquire', {
    plugin_id: rp.instanceId,
    client_id: pair.id,
    until: new Date(usableUntil).toISOString(),
  });
  const replayed = replayedHeaders(rp, answer.tokenSet);
  const verified: VerifiedToken =
    replayed.length === 0
      ? verification.token
      : { ...verification.token, responseHeaders: [...verification.token.responseHeaders, ...replayed] };
  return { kind: 'token', entry: { verified, usableUntil, exchangeKey } };
}

async function verifyOnce(
  services: PluginServices,
  rp: RelyingParty,
  issuer: IssuerState,
  tokenSet: TokenSet,
  before: readonly CheckName[],
): Promise<Verification> {
  const input = {
    rp,
    token: tokenSet.accessToken,
    grant: 'client_credentials' as const,
    before: [...before, 'provider.keys' as const],
  };
  const first = verifyAccessToken({ ...input, issuer, nowMs: services.now() });
  if (first.kind === 'verified' || !first.unknownKey) return first;
  const newer = await rediscover(rp, services, issuer);
  return newer === issuer ? first : verifyAccessToken({ ...input, issuer: newer, nowMs: services.now() });
}

function tokenRequest(
  rp: RelyingParty,
  issuer: IssuerState,
  pair: ClientPair,
  forwarded: Forwarded,
): ProviderRequest | undefined {
  const tokenEndpoint = rp.token.endpoint ?? issuer.metadata.token_endpoint;
  if (tokenEndpoint === undefined) return undefined;
  return clientCredentialsRequest({
    tokenEndpoint,
    client: { id: pair.id, secret: pair.secret },
    method: rp.token.method(issuer.metadata.token_endpoint_auth_methods_supported),
    scopes: rp.token.scopes,
    audience: rp.token.audience,
    args: [...rp.token.args, ...forwarded.args],
    headers: [...rp.token.headers, ...forwarded.headers],
    ...callOptions(rp.config),
  });
}

let unshared = 0;

/**
 * Name of the exchange on the whole node: the request itself, to the letter, and the salt. Instances
 * share tokens only when given equal salts; without caching every request has a name of its own.
 */
function keyOf(rp: RelyingParty, request: ProviderRequest): string {
  unshared += 1;
  return digest([
    'token',
    rp.token.salt === '' ? rp.instanceId : rp.token.salt,
    request.url,
    JSON.stringify(request.headers),
    request.body ?? '',
    String(request.tlsVerify),
    rp.config.cache_tokens === false ? `${process.pid}/${rp.instanceId}/${performance.now()}/${unshared}` : '',
  ]);
}

/** Until when the token may be used again: the smallest of expires_in, exp and the configured bounds. */
function lifetime(rp: RelyingParty, tokenSet: TokenSet, verified: VerifiedToken, answeredAt: number): number {
  const { cache_ttl, cache_ttl_max, cache_ttl_min } = rp.config;
  const fallback = answeredAt + Math.max(cache_ttl ?? 3600, cache_ttl_min ?? 0) * 1000;
  const known = [tokenSet.expiresAt, verified.expiresAt].filter((time) => time !== undefined);
  let until = known.length === 0 ? fallback : Math.min(...known);
  if (cache_ttl_max !== null && cache_ttl_max !== undefined) until = Math.min(until, answeredAt + cache_ttl_max * 1000);
  return until;
}

/**
 * How long a refusal answers for itself: refused credentials 5 s by default, a rate limit as long as the provider
 * says. After a fault the provider is asked again a second later, so that a recovery is seen soon.
 */
function quietMs(rp: RelyingParty, denial: Denial, outcome: ProviderOutcome): number {
  if (denial.check === 'provider.grant') return (rp.config.cache_ttl_neg ?? 5) * 1000;
  if (denial.check === 'provider.rate_limit') return Math.max(1, denial.retryAfterSeconds ?? 1) * 1000;
  return Math.max(1, retryAfterSeconds(outcome, outcome.at) ?? 1) * 1000;
}

function passedBefore(name: CheckName): CheckName[] {
  const order: CheckName[] = ['provider.rate_limit', 'provider.reachable', 'provider.grant', 'provider.answer'];
  return order.slice(0, order.indexOf(name));
}

function audienceSent(rp: RelyingParty, forwarded: Forwarded): boolean {
  const named = (args: readonly (readonly [string, string])[]) =>
    args.some(([name]) => name === 'audience' || name === 'resource');
  return rp.token.audience.length > 0 || named(rp.token.args) || named(forwarded.args);
}

function isKeyTrouble(denial: Denial): boolean {
  return denial.check === 'token.key' || denial.check === 'token.signature';
}

function replayedHeaders(rp: RelyingParty, tokenSet: TokenSet): string[] {
  const pairs: string[] = [];
  for (const name of rp.token.replay) {
    const lower = name.toLowerCase();
    const found = tokenSet.headers.find(([own]) => own === lower);
    if (found !== undefined) pairs.push(`${rp.config.token_headers_prefix ?? ''}${name}`, found[1]);
  }
  return pairs;
}

function noTokenEndpoint(): Denial {
  return {
    check: 'provider.token_endpoint',
    status: 502,
    text: 'no token endpoint is known',
    seen: 'none',
    expected: 'token_endpoint in the metadata',
    hint: 'Set config.token_endpoint, or have the provider publish token_endpoint in its metadata.',
  };
}

/** `until` 0: asked anew by the next request, whatever remembers the cause remembers it for everybody. */
function denied(passed: readonly CheckName[], denial: Denial, until = 0): Acquired {
  return { kind: 'denied', denial, passed: passedChecks(passed.map((name) => check[name])), until };
}
