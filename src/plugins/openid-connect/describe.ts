import { claimAt } from '../../oauth/claims.ts';
import { asymmetricAlgorithms } from '../../oauth/jws.ts';
import type { CheckView } from '../../pdk/index.ts';
import { wordsAt } from './authorize.ts';
import { type CheckName, checkName } from './checks.ts';
import type { Facts } from './facts.ts';
import type { RelyingParty, RequiredClaim } from './relying-party.ts';
import { isoSeconds } from './verify/times.ts';

/** `seen` and `expected` of a passed check. Works with claims and settings only: no token, no secret is within reach of a text. */
export function describeCheck(index: number, given: unknown, rp: RelyingParty): CheckView | undefined {
  const facts = given as Facts;
  const name = checkName(index);
  return describeRequest(name, facts, rp) ?? describeToken(name, facts, rp) ?? describeRequired(name, facts, rp);
}

function describeRequest(name: CheckName, facts: Facts, rp: RelyingParty): CheckView | undefined {
  switch (name) {
    case 'credential.present':
      return {
        seen: `${facts.method} in ${facts.location}`,
        expected: [...rp.methods].join(' or '),
      };
    case 'provider.discovery':
    case 'provider.issuer':
      return { seen: facts.token?.issuer ?? rp.issuer.configured, expected: rp.issuer.configured };
    case 'provider.grant':
      return { seen: `a token for client ${facts.clientId ?? 'none'}`, expected: 'an access token' };
    case 'consumer.mapped':
    case 'consumer.claim':
      return {
        seen: facts.consumer ?? 'none',
        expected: `a consumer by ${(rp.config.consumer_by ?? []).join(' or ')}`,
      };
    case 'consumer.anonymous':
      return { seen: facts.consumer ?? 'none', expected: facts.anonymousBecause ?? 'none' };
    default:
      return undefined;
  }
}

function describeToken(name: CheckName, facts: Facts, rp: RelyingParty): CheckView | undefined {
  const { token } = facts;
  if (token === undefined) return undefined;
  const at = isoSeconds(facts.at / 1000);
  switch (name) {
    case 'token.format':
      return { seen: token.claims === undefined ? 'an opaque token' : 'a signed JWT', expected: 'a signed JWT' };
    case 'token.algorithm':
      return { seen: token.algorithm ?? 'none', expected: [...asymmetricAlgorithms].join(' ') };
    case 'token.key':
      return { seen: `kid ${token.kid ?? 'none'}`, expected: 'a key of the issuer' };
    case 'token.issuer':
      return { seen: text(token.claims, 'iss'), expected: (rp.config.issuers_allowed ?? [token.issuer]).join(' or ') };
    case 'token.expiry':
      return { seen: isoSeconds(claimAt(token.claims, ['exp'])), expected: `after ${at}` };
    case 'token.not_before':
      return { seen: isoSeconds(claimAt(token.claims, ['nbf'])), expected: `not after ${at}` };
    case 'token.issued_at':
      return { seen: isoSeconds(claimAt(token.claims, ['iat'])), expected: `not after ${at}` };
    case 'token.auth_age':
      return {
        seen: isoSeconds(claimAt(token.claims, ['auth_time'])),
        expected: `at most ${rp.config.max_age ?? 0} s old`,
      };
    case 'token.hosted_domain':
      return { seen: text(token.claims, 'hd'), expected: (rp.config.domains ?? []).join(' or ') };
    default:
      return undefined;
  }
}

function describeRequired(name: CheckName, facts: Facts, rp: RelyingParty): CheckView | undefined {
  const required = requiredBy(name, rp);
  if (required === undefined || facts.token === undefined) return undefined;
  return { seen: wordsAt(facts.token.claims, required), expected: required.requirement.text };
}

function requiredBy(name: CheckName, rp: RelyingParty): RequiredClaim | undefined {
  if (name === 'token.scopes') return rp.required.scopes;
  if (name === 'token.audience') return rp.required.audience;
  if (name === 'token.groups') return rp.required.groups;
  return name === 'token.roles' ? rp.required.roles : undefined;
}

function text(claims: unknown, name: string): string {
  const value = claimAt(claims, [name]);
  return typeof value === 'string' ? value : 'none';
}
