import { claimAt, claimWords, meets } from '../../oauth/claims.ts';
import type { Claims } from '../../oauth/jws.ts';
import type { CheckName } from './checks.ts';
import type { Denial } from './denials.ts';
import type { RelyingParty, RequiredClaim } from './relying-party.ts';

interface Requirement {
  readonly name: 'scopes' | 'audience' | 'groups' | 'roles';
  readonly check: CheckName;
  readonly text: string;
  /** The text where the claim is absent or empty. */
  readonly absent: string;
  readonly hint: string;
}

const requirements: readonly Requirement[] = [
  {
    name: 'scopes',
    check: 'token.scopes',
    text: 'the token lacks a required scope',
    absent: 'the token holds no scopes',
    hint: 'Grant the client one of the expected scopes at the provider (and request it), or correct config.scopes_required or config.scopes_claim.',
  },
  {
    name: 'audience',
    check: 'token.audience',
    text: 'the token is meant for another audience',
    absent: 'the token names no audience',
    hint: 'The caller must request a token for the expected audience, or correct config.audience_required or config.audience_claim.',
  },
  {
    name: 'groups',
    check: 'token.groups',
    text: 'the token lacks a required group',
    absent: 'the token holds no groups',
    hint: 'Add the caller to one of the expected groups at the provider, or correct config.groups_required or config.groups_claim.',
  },
  {
    name: 'roles',
    check: 'token.roles',
    text: 'the token lacks a required role',
    absent: 'the token holds no roles',
    hint: 'Give the caller one of the expected roles at the provider, or correct config.roles_required or config.roles_claim.',
  },
];

/** The checks this configuration makes on what the token permits; the same for every use of a token. */
export function authorize(
  rp: RelyingParty,
  claims: Claims | undefined,
): { readonly passed: CheckName[]; readonly denial: Denial | undefined } {
  const passed: CheckName[] = [];
  const forbidden = rp.config.claims_forbidden ?? [];
  if (forbidden.length > 0) {
    const found = forbidden.find((name) => claims !== undefined && Object.hasOwn(claims, name));
    if (found !== undefined) return { passed, denial: forbiddenClaim(found) };
    passed.push('token.forbidden_claims');
  }
  for (const requirement of requirements) {
    const required = rp.required[requirement.name];
    if (required === undefined) continue;
    const words = claimWords(claimAt(claims, required.path));
    if (!meets(required.requirement, words)) return { passed, denial: missing(requirement, required, claims, words) };
    passed.push(requirement.check);
  }
  return { passed, denial: undefined };
}

/** What the claim holds, for records. */
export function wordsAt(claims: Claims | undefined, required: RequiredClaim): string {
  const words = claimWords(claimAt(claims, required.path));
  return words.length === 0 ? 'none' : words.join(' ');
}

function missing(
  requirement: Requirement,
  required: RequiredClaim,
  claims: Claims | undefined,
  words: readonly string[],
): Denial {
  const opaque = claims === undefined;
  const text = words.length === 0 ? requirement.absent : requirement.text;
  return {
    check: requirement.check,
    status: 403,
    text: opaque ? `${requirement.text}: it is opaque and shows no claims` : text,
    seen: words.length === 0 ? 'none' : words.join(' '),
    expected: required.requirement.text,
    hint: opaque
      ? 'The provider issued an opaque token; request an audience (config.token_post_args_names=audience) so that it issues a signed JWT.'
      : requirement.hint,
    error: 'insufficient_scope',
    ...(requirement.name === 'scopes' ? { scope: required.requirement.alternatives[0]?.join(' ') ?? '' } : {}),
  };
}

function forbiddenClaim(name: string): Denial {
  return {
    check: 'token.forbidden_claims',
    status: 403,
    text: 'the token holds a claim that is forbidden here',
    seen: name,
    expected: 'absent',
    hint: 'The caller must use a token without this claim, or remove its name from config.claims_forbidden.',
    error: 'insufficient_scope',
  };
}
