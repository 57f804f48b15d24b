import type { Consumer } from '../../entities/index.ts';
import { claimAt, claimWords } from '../../oauth/claims.ts';
import type { Claims } from '../../oauth/jws.ts';
import { type AccessContext, type ConsumerDirectory, type Identity, identityPairs } from '../../pdk/index.ts';
import { check } from './checks.ts';
import type { Denial } from './denials.ts';
import type { RelyingParty } from './relying-party.ts';
import type { TokenUse, VerifiedToken } from './verify/access-token.ts';

export type Mapping =
  | { readonly kind: 'mapped'; readonly use: TokenUse }
  | { readonly kind: 'denied'; readonly denial: Denial };

/**
 * Claims → consumer, credential and groups (openid-connect.md (f)). The consumer is looked up on every request,
 * since consumers change; the rest follows from the token, and from the consumer of its last use.
 */
export function mapIdentity(context: AccessContext, rp: RelyingParty, token: VerifiedToken): Mapping {
  const { claims, last } = token;
  let consumer: Consumer | null = null;
  if (rp.consumerPaths.length > 0) {
    const found = findConsumer(context.services.consumers, rp, claims);
    if ('check' in found) {
      if (!rp.config.consumer_optional) return { kind: 'denied', denial: found };
    } else {
      context.decision.pass(check['consumer.claim']);
      context.decision.pass(check['consumer.mapped']);
      consumer = found.consumer;
    }
  }
  if (last.use === undefined || last.use.identity.consumer !== consumer) {
    const identity: Identity = {
      consumer,
      credential: credentialOf(rp, consumer, claims),
      authenticatedGroups: authenticatedGroups(rp, claims),
      anonymous: false,
    };
    last.use = { identity, headers: identityPairs(identity) };
  }
  return { kind: 'mapped', use: last.use };
}

function findConsumer(
  consumers: ConsumerDirectory,
  rp: RelyingParty,
  claims: Claims | undefined,
): Denial | { readonly consumer: Consumer } {
  const value = consumerValue(rp, claims);
  if (value === undefined) return noClaim(rp);
  for (const by of rp.config.consumer_by ?? []) {
    const consumer = lookUp(consumers, by, value, rp.config.by_username_ignore_case ?? false);
    if (consumer !== undefined) return { consumer };
  }
  return notMapped(rp, value);
}

function lookUp(consumers: ConsumerDirectory, by: string, value: string, ignoreCase: boolean): Consumer | undefined {
  if (by === 'id') return consumers.byId(value);
  if (by === 'custom_id') return consumers.byCustomId(value);
  return ignoreCase ? consumers.byUsernameIgnoringCase(value) : consumers.byUsername(value);
}

/** The first claim that is present decides. */
function consumerValue(rp: RelyingParty, claims: Claims | undefined): string | undefined {
  for (const path of rp.consumerPaths) {
    const value = claimAt(claims, path);
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'number') return String(value);
  }
  return undefined;
}

function credentialOf(rp: RelyingParty, consumer: Consumer | null, claims: Claims | undefined): { id: string } | null {
  const value = claimAt(claims, rp.config.credential_claim ?? ['sub']);
  if (typeof value === 'string' && value !== '') return { id: value };
  if (typeof value === 'number') return { id: String(value) };
  return consumer === null ? null : { id: consumer.id };
}

function authenticatedGroups(rp: RelyingParty, claims: Claims | undefined): readonly string[] | null {
  const path = rp.config.authenticated_groups_claim;
  if (path === null || path === undefined) return null;
  const value = claimAt(claims, path);
  return value === undefined ? null : claimWords(value);
}

function pathText(rp: RelyingParty): string {
  return rp.consumerPaths.map((path) => path.join('.')).join(' or ');
}

function noClaim(rp: RelyingParty): Denial {
  return {
    check: 'consumer.claim',
    status: 403,
    text: 'the token holds no claim that names a consumer',
    seen: 'none',
    expected: pathText(rp),
    hint: 'The provider must add this claim, or correct config.consumer_claims; config.consumer_optional lets such callers through without a consumer.',
    error: 'insufficient_scope',
  };
}

function notMapped(rp: RelyingParty, value: string): Denial {
  return {
    check: 'consumer.mapped',
    status: 403,
    text: 'no consumer is known for this caller',
    seen: value,
    expected: `a consumer with this ${(rp.config.consumer_by ?? []).join(' or ')}`,
    hint: 'Create such a consumer (POST /consumers), or correct config.consumer_by or config.consumer_claims.',
    error: 'insufficient_scope',
  };
}
