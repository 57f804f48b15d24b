import { cookieValue, withoutCookie } from '../../base/cookies.ts';
import { checkTokenSyntax } from '../../oauth/bearer-token.ts';
import {
  type AccessContext,
  type AccessResult,
  type BodyState,
  establishIdentity,
  isAlreadyRecognised,
  letAnonymousIn,
  type PluginResponse,
  passedChecks,
  RequestArguments,
  unknownAnonymous,
} from '../../pdk/index.ts';
import { authMethods } from './auth-methods/index.ts';
import { cachedBearer, keepBearer } from './bearer-cache.ts';
import { check } from './checks.ts';
import {
  acquireClientToken,
  type ClientTokenEntry,
  clientTokenKey,
  type Forwarded,
  forwardedParts,
  type RefusedClient,
} from './client-token.ts';
import { mapIdentity } from './consumer.ts';
import { type BearerToken, type ClientPair, type Found, type KnownCredential, notFound } from './credentials.ts';
import { credentialDenial, type Denial, issuerDenial, respondDenied } from './denials.ts';
import { type Facts, noFacts } from './facts.ts';
import { type IssuerState, knownIssuer, loadIssuer, rediscover } from './issuer-state.ts';
import { ambiguous, noCredential, twoAuthorizations, unreadBody } from './presentation.ts';
import type { RelyingParty } from './relying-party.ts';
import { keepRepeatedClient, repeatedClient } from './repeated-client.ts';
import { type Verification, type VerifiedToken, verifyAccessToken } from './verify/access-token.ts';
import { checkTimes, timeChecks } from './verify/times.ts';

/**
 * The access phase: find a credential, get and verify a token, authorize, map the consumer, set
 * headers. With everything cached it ends without waiting.
 */
export function access(context: AccessContext, rp: RelyingParty): AccessResult | Promise<AccessResult> {
  const { request } = context;
  if (request.method === 'OPTIONS' && rp.config.run_on_preflight === false) return undefined;
  // Another authentication plugin has let the caller in already, and this one is marked as an alternative.
  if (isAlreadyRecognised(context, rp.config.anonymous)) return undefined;
  if (request.headers.count('authorization') > 1) return deny(context, rp, twoAuthorizations(), noFacts);
  context.decision.pass(check['request.authorization']);
  const args = new RequestArguments(context);
  const repeated = repeatedClient(context, rp);
  if (repeated !== undefined) {
    const { client, entry } = repeated;
    const issuer = knownIssuer(rp, context.services);
    if (issuer !== undefined && stillGood(entry.verified, issuer)) {
      context.decision.passAll(recognised);
      return finish(context, rp, args, client, entry.verified);
    }
  }
  const found = search(context, rp, args);
  if (found.kind !== 'none') return proceed(context, rp, args, found);
  if (args.bodyMayHoldArguments && looksIntoBody(rp)) return searchBody(context, rp, args);
  return deny(context, rp, noCredential(context, rp, undefined), noFacts);
}

const recognised = passedChecks([
  check['credential.present'],
  check['credential.unambiguous'],
  check['credential.format'],
]);

function search(context: AccessContext, rp: RelyingParty, args: RequestArguments): Found {
  for (const method of authMethods) {
    if (!rp.methods.has(method.name)) continue;
    const found = method.find(context, rp, args);
    if (found.kind !== 'none') return found;
  }
  return notFound;
}

function looksIntoBody(rp: RelyingParty): boolean {
  return authMethods.some((method) => rp.methods.has(method.name) && method.locations(rp).has('body'));
}

async function searchBody(context: AccessContext, rp: RelyingParty, args: RequestArguments): Promise<AccessResult> {
  const body: BodyState = await args.loadBody();
  for (const method of authMethods) {
    if (!rp.methods.has(method.name) || !method.locations(rp).has('body')) continue;
    const found = method.findInBody(args);
    if (found.kind !== 'none') return proceed(context, rp, args, found);
  }
  return deny(context, rp, unreadBody(body) ?? noCredential(context, rp, body), noFacts);
}

function proceed(
  context: AccessContext,
  rp: RelyingParty,
  args: RequestArguments,
  found: Exclude<Found, { kind: 'none' }>,
): AccessResult | Promise<AccessResult> {
  const { decision } = context;
  decision.pass(check['credential.present']);
  if (found.kind === 'conflict') return deny(context, rp, ambiguous(found.what), noFacts);
  if (found.kind === 'bad') return deny(context, rp, credentialDenial(found.problem), noFacts);
  decision.passAll(recognised);
  const { credential } = found;
  if (credential.kind === 'bearer') return withBearer(context, rp, args, credential);
  const needsBody = rp.token.clientArgs.length > 0 && args.bodyMayHoldArguments;
  if (needsBody) return args.loadBody().then(() => withClient(context, rp, args, credential));
  return withClient(context, rp, args, credential);
}

function withBearer(
  context: AccessContext,
  rp: RelyingParty,
  args: RequestArguments,
  credential: BearerToken,
): AccessResult | Promise<AccessResult> {
  const issuer = knownIssuer(rp, context.services);
  if (issuer === undefined) {
    return loadIssuer(rp, context.services).then((outcome) => {
      if (outcome.kind === 'problem') {
        return deny(context, rp, issuerDenial(outcome.step, outcome.problem), factsOf(context, credential, undefined));
      }
      return verifyBearer(context, rp, args, credential, outcome.state);
    });
  }
  const cached = cachedBearer(context.services, rp, credential.token);
  if (cached !== undefined && stillGood(cached, issuer)) return finish(context, rp, args, credential, cached);
  return verifyBearer(context, rp, args, credential, issuer);
}

function verifyBearer(
  context: AccessContext,
  rp: RelyingParty,
  args: RequestArguments,
  credential: BearerToken,
  known: IssuerState,
): AccessResult | Promise<AccessResult> {
  const { services } = context;
  const verify = (issuer: IssuerState): Verification =>
    verifyAccessToken({
      rp,
      issuer,
      token: credential.token,
      grant: 'bearer',
      nowMs: services.now(),
      before: ['provider.discovery', 'provider.issuer', 'provider.keys'],
    });
  const settle = (verification: Verification): AccessResult => {
    if (verification.kind === 'denied') {
      context.decision.passAll(verification.passed);
      return deny(context, rp, verification.denial, factsOf(context, credential, undefined));
    }
    keepBearer(services, rp, verification.token);
    return finish(context, rp, args, credential, verification.token);
  };
  const malformed = checkTokenSyntax(credential.token);
  if (malformed !== undefined) {
    context.decision.unpass(check['credential.format']);
    return deny(context, rp, credentialDenial(malformed), factsOf(context, credential, undefined));
  }
  const first = verify(known);
  if (first.kind === 'verified' || !first.unknownKey) return settle(first);
  return rediscover(rp, services, known).then((newer) => settle(newer === known ? first : verify(newer)));
}

function withClient(
  context: AccessContext,
  rp: RelyingParty,
  args: RequestArguments,
  credential: ClientPair,
): AccessResult | Promise<AccessResult> {
  const { services } = context;
  const forwarded = forwardedParts(context, rp, args);
  const key = clientTokenKey(rp, credential, forwarded);
  const entry =
    rp.config.cache_tokens === false ? undefined : services.cache<ClientTokenEntry>('oidc.client-tokens').get(key);
  const now = services.now();
  if (entry !== undefined) {
    if ('denial' in entry) {
      if (now < entry.until) return denyRemembered(context, rp, credential, entry);
    } else if (now < entry.usableUntil) {
      const issuer = knownIssuer(rp, services);
      if (issuer !== undefined && stillGood(entry.verified, issuer)) {
        keepRepeatedClient(context, rp, credential, entry);
        return finish(context, rp, args, credential, entry.verified);
      }
    }
  }
  return acquire(context, rp, args, credential, { key, forwarded });
}

async function acquire(
  context: AccessContext,
  rp: RelyingParty,
  args: RequestArguments,
  credential: ClientPair,
  with_: { readonly key: string; readonly forwarded: Forwarded },
): Promise<AccessResult> {
  const { services } = context;
  const acquired = await acquireClientToken(services, rp, credential, with_.forwarded);
  const cache = services.cache<ClientTokenEntry>('oidc.client-tokens');
  if (acquired.kind === 'denied') {
    if (rp.config.cache_tokens !== false && acquired.until > services.now()) cache.set(with_.key, acquired);
    return denyRemembered(context, rp, credential, acquired);
  }
  if (rp.config.cache_tokens !== false) cache.set(with_.key, acquired.entry);
  return finish(context, rp, args, credential, acquired.entry.verified);
}

function denyRemembered(
  context: AccessContext,
  rp: RelyingParty,
  credential: ClientPair,
  refused: RefusedClient,
): AccessResult {
  context.decision.passAll(refused.passed);
  const { denial, until } = refused;
  const leftSeconds = Math.max(1, Math.ceil((until - context.services.now()) / 1000));
  const waits = denial.check === 'provider.rate_limit';
  const told = waits ? { ...denial, retryAfterSeconds: leftSeconds } : denial;
  return deny(context, rp, told, factsOf(context, credential, undefined));
}

/** Keys and issuer are those of the verification; after a rotation the token is verified anew. */
function stillGood(token: VerifiedToken, issuer: IssuerState): boolean {
  return (token.keys === undefined || token.keys === issuer.keys) && token.issuer === issuer.metadata.issuer;
}

/** The common tail: checks made on every use, identity, headers. */
function finish(
  context: AccessContext,
  rp: RelyingParty,
  args: RequestArguments,
  credential: KnownCredential,
  token: VerifiedToken,
): AccessResult {
  const { decision, edits, services } = context;
  decision.passAll(token.passed);
  const now = services.now();
  const { window } = token;
  if (token.claims !== undefined && window !== undefined && !(now > window.fromMs && now < window.untilMs)) {
    const expired = checkTimes(rp, token.claims, now);
    if (expired !== undefined) {
      decision.unpass(check['token.expiry']);
      for (const name of timeChecks(rp, undefined)) decision.unpass(check[name]);
      for (const name of timeChecks(rp, expired.check)) decision.pass(check[name]);
      return deny(context, rp, expired, factsOf(context, credential, token));
    }
  }
  const stray = sessionMismatch(context, rp, token);
  if (stray !== undefined) return deny(context, rp, stray, factsOf(context, credential, token));
  if (token.denial !== undefined) return deny(context, rp, token.denial, factsOf(context, credential, token));
  const mapping = mapIdentity(context, rp, token);
  if (mapping.kind === 'denied') return deny(context, rp, mapping.denial, factsOf(context, credential, token));
  if (rp.config.hide_credentials) hide(context, args, credential);
  const { identity, headers } = mapping.use;
  establishIdentity(context, identity, headers);
  if (token.upstreamHeaders.length > 0) edits.appendOwned(token.upstreamHeaders);
  if (token.responseHeaders.length > 0) edits.appendResponse(token.responseHeaders);
  decision.allow(factsOf(context, credential, token, identity.consumer?.username ?? identity.consumer?.id, now));
  return undefined;
}

/** `jwt_session_cookie`: the token belongs to the browser session that the cookie names. */
function sessionMismatch(context: AccessContext, rp: RelyingParty, token: VerifiedToken): Denial | undefined {
  const name = rp.config.jwt_session_cookie;
  if (name === null || name === undefined) return undefined;
  const claim = rp.config.jwt_session_claim ?? 'sid';
  const claims = token.claims;
  const expected = claims !== undefined && Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  const cookie = cookieValue(context.request.headers.all('cookie'), name);
  if (typeof expected === 'string' && cookie !== undefined && cookie === expected) {
    context.decision.pass(check['token.session']);
    return undefined;
  }
  return {
    check: 'token.session',
    status: 401,
    text: 'the token does not belong to the session of this browser',
    seen: cookie === undefined ? 'no cookie' : 'a cookie with another value',
    expected: typeof expected === 'string' ? `the value of claim ${claim}` : `a token with claim ${claim}`,
    hint: 'The caller must send the session cookie together with the token it was issued for.',
    error: 'invalid_token',
  };
}

/** Only what authenticated the request is removed; everything else passes as it came (security floor 11). */
function hide(context: AccessContext, args: RequestArguments, credential: KnownCredential): void {
  const { location } = credential;
  if (credential.kind === 'client') {
    if (credential.names.has('authorization')) context.edits.removeHeader('authorization');
    if (location === 'query' || (location === 'header' && credential.names.size > 1))
      args.hideFromQuery(credential.names);
    if (location === 'body') args.hideFromBody(credential.names);
    return;
  }
  if (location === 'header') context.edits.removeHeader(credential.name);
  else if (location === 'query') args.hideFromQuery(new Set([credential.name]));
  else if (location === 'body') args.hideFromBody(new Set([credential.name]));
  else hideCookie(context, credential.name);
}

function hideCookie(context: AccessContext, name: string): void {
  const kept = withoutCookie(context.request.headers.all('cookie'), name);
  if (kept === undefined) context.edits.removeHeader('cookie');
  else context.edits.setHeader('Cookie', kept);
}

/** Refuses, or lets the anonymous consumer stand in where the caller, not the provider, is at fault. */
function deny(context: AccessContext, rp: RelyingParty, denial: Denial, facts: Facts): PluginResponse | undefined {
  const { anonymous } = rp.config;
  if (anonymous === null || anonymous === undefined || (denial.status !== 401 && denial.status !== 403)) {
    return respondDenied(context, rp, denial, facts);
  }
  const consumer = letAnonymousIn(context, anonymous);
  if (consumer === undefined) {
    return respondDenied(context, rp, { check: 'consumer.anonymous', ...unknownAnonymous(anonymous) }, facts);
  }
  context.decision.pass(check['consumer.anonymous']);
  context.decision.allow({
    ...facts,
    anonymousBecause: `${denial.check}: ${denial.text}`,
    consumer: consumer.username ?? consumer.id,
    at: context.services.now(),
  });
  return undefined;
}

function factsOf(
  context: AccessContext,
  credential: KnownCredential,
  token: VerifiedToken | undefined,
  consumer?: string | undefined,
  at = context.services.now(),
): Facts {
  return {
    method: credential.kind === 'bearer' ? 'bearer' : 'client_credentials',
    location: credential.location,
    clientId: credential.kind === 'client' ? credential.id : undefined,
    token,
    anonymousBecause: undefined,
    consumer,
    at,
  };
}
