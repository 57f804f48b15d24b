import assert from 'node:assert/strict';
import { cookieValue, withoutCookie } from '../../src/base/cookies.ts';
import type { Seeded } from '../support/seeded.ts';
import type { FuzzTarget } from './target.ts';
import { latin1Text } from './text.ts';

const names = ['session', 'Session', 'session ', 'sess', '"session"', '__proto__', ''];

/** Written from RFC 6265 section 5.2 alone, in another manner: one pass over the characters. */
function plainReading(fields: readonly string[]): { name: string; value: string }[] {
  return fields
    .join(';')
    .split(';')
    .filter((part) => /=/.test(part))
    .map((part) => {
      const [, name = '', value = ''] = /^([^=]*)=([\s\S]*)$/.exec(part) ?? [];
      return { name: name.trim(), value: value.trim().replace(/^"([\s\S]*)"$/, '$1') };
    });
}

/** A cookie is found where a plain reading finds it, and is gone, alone, when it is taken out. */
export const cookieTarget: FuzzTarget = {
  name: 'cookies',
  run(random: Seeded) {
    const fields = Array.from({ length: random.below(4) }, () =>
      Array.from({ length: random.below(5) }, () => {
        const name = random.chance(0.7) ? random.pick(names) : latin1Text(random, 8);
        return random.chance(0.9) ? `${name}=${latin1Text(random, 12)}` : name;
      }).join(random.chance(0.8) ? '; ' : ';'),
    );
    const place = JSON.stringify(fields);
    const before = plainReading(fields);
    assert.equal(cookieValue(fields, 'session'), before.find(({ name }) => name === 'session')?.value, place);
    const rest = withoutCookie(fields, 'session');
    assert.deepEqual(
      plainReading(rest === undefined ? [] : [rest]),
      before.filter(({ name }) => name !== 'session'),
      place,
    );
  },
};
