import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Claims } from '../../../oauth/jws.ts';
import type { RelyingParty } from '../relying-party.ts';
import { checkTimes, timeWindow } from './times.ts';

const second = 1000;
const base = 1_800_000_000;

function party(config: Record<string, unknown>, leewaySeconds = 0, allowMissingExp = false): RelyingParty {
  return { config, leewaySeconds, dangers: { allowMissingExp } } as unknown as RelyingParty;
}

const cases: readonly (readonly [string, RelyingParty, Claims])[] = [
  ['exp alone', party({}), { exp: base + 60 }],
  ['exp, nbf and iat', party({}), { exp: base + 60, nbf: base - 5, iat: base - 10 }],
  ['decimal strings and fractions', party({}), { exp: `${base + 60}.5`, iat: base - 0.25 }],
  ['leeway', party({}, 30), { exp: base + 60, nbf: base + 10 }],
  ['max_age', party({ max_age: 20 }), { exp: base + 60, auth_time: base - 5 }],
  ['max_age with leeway', party({ max_age: 20 }, 7), { exp: base + 600, auth_time: base - 5 }],
  ['no exp, where that is allowed', party({}, 0, true), { iat: base - 5 }],
  ['verify_claims off', party({ verify_claims: false }), { exp: base - 1000 }],
];

describe('the time window of a verified token', () => {
  for (const [name, rp, claims] of cases) {
    it(`holds only moments at which every check passes, and nearly all of them: ${name}`, () => {
      const { fromMs, untilMs } = timeWindow(rp, claims);
      const now = base * second;
      assert.equal(checkTimes(rp, claims, now), undefined);
      assert.ok(now > fromMs && now < untilMs);
      for (let offset = -120; offset <= 120; offset += 0.25) {
        const at = now + offset * second;
        const inside = at > fromMs && at < untilMs;
        const passes = checkTimes(rp, claims, at) === undefined;
        if (inside) assert.ok(passes, `${offset}`);
        else if (passes) assert.ok(at === fromMs || at === untilMs, `${offset}`);
      }
    });
  }
});
