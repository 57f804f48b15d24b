import type { Claims } from '../../../oauth/jws.ts';
import { checkTimeClaims } from '../../../oauth/jwt-claims.ts';
import type { CheckName } from '../checks.ts';
import { credentialDenial, type Denial } from '../denials.ts';
import type { RelyingParty } from '../relying-party.ts';

/** Time claims as of `nowMs`; made again on every use of a token (security floor 3). */
export function checkTimes(rp: RelyingParty, claims: Claims, nowMs: number): Denial | undefined {
  if (rp.config.verify_claims === false) return undefined;
  const problem = checkTimeClaims(claims, {
    nowMs,
    leewaySeconds: rp.leewaySeconds,
    allowMissingExp: rp.dangers.allowMissingExp,
    maxAgeSeconds: rp.config.max_age ?? undefined,
  });
  return problem === undefined ? undefined : credentialDenial(problem);
}

const order = ['token.expiry', 'token.not_before', 'token.issued_at', 'token.auth_age'] as const;

/** The time checks made before `failed`, all of them without one. */
export function timeChecks(rp: RelyingParty, failed: CheckName | undefined): readonly CheckName[] {
  const made = order.filter((name) => name !== 'token.auth_age' || (rp.config.max_age ?? null) !== null);
  const end = made.findIndex((name) => name === failed);
  return end === -1 ? made : made.slice(0, end);
}
