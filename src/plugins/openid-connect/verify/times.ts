import type { Claims } from '../../../oauth/jws.ts';
import { checkTimeClaims, secondsClaim } from '../../../oauth/jwt-claims.ts';
import type { CredentialProblem } from '../../../oauth/problem.ts';
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
  return problem === undefined ? undefined : readable(credentialDenial(problem), problem, rp, nowMs);
}

/** Between these moments, exclusive, every time check passes; outside of them `checkTimes` knows which one does not. */
export interface TimeWindow {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The window of claims that passed `checkTimes`, so that a later use of the token costs two comparisons. */
export function timeWindow(rp: RelyingParty, claims: Claims): TimeWindow {
  if (rp.config.verify_claims === false) return { fromMs: Number.NEGATIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY };
  const maxAge = rp.config.max_age ?? undefined;
  const aged = maxAge === undefined ? undefined : secondsOf(claims, 'auth_time');
  const from = Math.max(secondsOf(claims, 'nbf') ?? 0, secondsOf(claims, 'iat') ?? 0, aged ?? 0);
  const until = Math.min(
    secondsOf(claims, 'exp') ?? Number.POSITIVE_INFINITY,
    aged === undefined || maxAge === undefined ? Number.POSITIVE_INFINITY : aged + maxAge,
  );
  return { fromMs: (from - rp.leewaySeconds) * 1000, untilMs: (until + rp.leewaySeconds) * 1000 };
}

function secondsOf(claims: Claims, name: string): number | undefined {
  const seconds = secondsClaim(claims, name);
  return typeof seconds === 'number' ? seconds : undefined;
}

/** Compared times as people read them (issue of the decision record: ISO 8601 UTC). */
function readable(denial: Denial, problem: CredentialProblem, rp: RelyingParty, nowMs: number): Denial {
  const now = new Date(nowMs).toISOString();
  const seen = isoSeconds(problem.seen);
  switch (problem.code) {
    case 'jwt.expired':
      return { ...denial, seen, expected: `after ${now}` };
    case 'jwt.nbf_future':
    case 'jwt.iat_future':
    case 'jwt.auth_time_future':
      return { ...denial, seen, expected: `not after ${now}` };
    case 'jwt.auth_time_too_old':
      return { ...denial, seen, expected: `at most ${rp.config.max_age ?? 0} s before ${now}` };
    case 'jwt.exp_missing':
      return { ...denial, expected: `after ${now}` };
    case 'jwt.auth_time_missing':
      return { ...denial, expected: 'an auth_time claim' };
    default:
      return denial;
  }
}

/** A NumericDate as ISO 8601 UTC; `none` for what is no time. */
export function isoSeconds(value: unknown): string {
  const seconds = typeof value === 'string' ? Number(value) : value;
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || Math.abs(seconds) > 253_402_300_799) return 'none';
  return new Date(seconds * 1000).toISOString();
}

const order = ['token.expiry', 'token.not_before', 'token.issued_at', 'token.auth_age'] as const;

/** The time checks made before `failed`, all of them without one. */
export function timeChecks(rp: RelyingParty, failed: CheckName | undefined): readonly CheckName[] {
  const made = order.filter((name) => name !== 'token.auth_age' || (rp.config.max_age ?? null) !== null);
  const end = made.findIndex((name) => name === failed);
  return end === -1 ? made : made.slice(0, end);
}
