import assert from 'node:assert/strict';
import { cutArguments, cutJsonMembers, jsonMembers, parseArguments } from '../../src/pdk/arguments.ts';
import type { Seeded } from '../support/seeded.ts';
import type { FuzzTarget } from './target.ts';
import { latin1Text } from './text.ts';

const names = [
  'key',
  'client_id',
  'client%5Fid',
  'k%65y',
  'KEY',
  'a+b',
  'a%20b',
  '%',
  '%zz',
  '',
  '\xc3\xa9',
  '__proto__',
];

function query(random: Seeded): string {
  const parts: string[] = [];
  for (let left = random.below(8); left > 0; left -= 1) {
    const name = random.chance(0.8) ? random.pick(names) : latin1Text(random, 9).replaceAll('&', '');
    parts.push(random.chance(0.2) ? name : `${name}=${latin1Text(random, 15)}`);
  }
  return parts.join(random.chance(0.9) ? '&' : '&&');
}

/** What the platform's own reader of forms makes of the same bytes; it would drop a `?` in front. */
function reference(text: string): [string, string][] {
  return [...new URLSearchParams(`&${Buffer.from(text, 'latin1').toString('utf8')}`)];
}

export const argumentsTarget: FuzzTarget = {
  name: 'queries and forms',
  run(random) {
    const text = query(random);
    const found = parseArguments(text);
    assert.ok(found !== undefined);
    for (const { start, end } of found) assert.ok(!text.slice(start, end).includes('&'), JSON.stringify(text));
    const pairs = found.map(({ name, value }) => [name, value]);
    // Bytes that are no UTF-8 become the same sign in both, but not always as many of them.
    if (/[\x80-\xff]|%[89a-f]/i.test(text)) return;
    assert.deepEqual(pairs, reference(text), JSON.stringify(text));
  },
};

export const cutArgumentsTarget: FuzzTarget = {
  name: 'credentials cut out of queries and forms',
  run(random) {
    const text = query(random);
    const gone = new Set(['key', 'client_id', 'a b'].slice(0, 1 + random.below(3)));
    const rest = cutArguments(text, gone);
    const place = JSON.stringify([text, [...gone], rest]);
    const left = parseArguments(rest ?? '') ?? [];
    assert.ok(!left.some(({ name }) => gone.has(name)), `still there: ${place}`);
    const expected = (parseArguments(text) ?? []).filter(({ name }) => !gone.has(name));
    assert.deepEqual(
      left.map(({ start, end }) => (rest ?? '').slice(start, end)),
      expected.map(({ start, end }) => text.slice(start, end)),
      `something else changed: ${place}`,
    );
    if (!/[\x80-\xff]|%[89a-f]/i.test(text)) {
      assert.ok(!reference(rest ?? '').some(([name]) => gone.has(name)), `another reader finds it: ${place}`);
    }
  },
};

const scalars = [
  '1',
  '1.50',
  '-0',
  '1e400',
  '12345678901234567890',
  'true',
  'null',
  '""',
  '"a\\u0000\\"}]"',
  '"\\ud83d"',
  '"é"',
];

function jsonValue(random: Seeded, depth: number): string {
  const kind = depth > 3 ? 0 : random.next();
  const space = () => random.pick(['', '', ' ', '\n\t']);
  if (kind < 0.6) return random.pick(scalars);
  if (kind < 0.8)
    return `[${random
      .some([1, 2, 3], 3)
      .map(() => space() + jsonValue(random, depth + 1))
      .join(',')}]`;
  return jsonObject(random, depth + 1);
}

const memberNames = [
  '"client_id"',
  '"client_secret"',
  '"a"',
  '"client\\u005fid"',
  '"__proto__"',
  '""',
  '"é"',
  '"b\\"c"',
];

function jsonObject(random: Seeded, depth = 0): string {
  const members = random.some([1, 2, 3, 4, 5], 5).map(() => {
    const space = random.pick(['', ' ', '\r\n']);
    return `${space}${random.pick(memberNames)}${space}:${space}${jsonValue(random, depth)}${space}`;
  });
  return `{${members.join(',')}${members.length === 0 ? ' ' : ''}}`;
}

export const cutMembersTarget: FuzzTarget = {
  name: 'credentials cut out of JSON',
  run(random) {
    let text = jsonObject(random);
    if (random.chance(0.2)) {
      const at = random.below(text.length);
      text = text.slice(0, at) + latin1Text(random, 3) + text.slice(at + random.below(3));
    }
    const bytes = Buffer.from(text, 'utf8');
    const members = jsonMembers(bytes);
    const whole = parsed(text);
    if (members === undefined) {
      assert.ok(whole === undefined, `not read: ${JSON.stringify(text)}`);
      return;
    }
    const gone = new Set(['client_id', 'client_secret']);
    const rest = cutJsonMembers(bytes, members, gone).toString('utf8');
    const place = JSON.stringify([text, rest]);
    const left = jsonMembers(Buffer.from(rest, 'utf8'));
    assert.ok(left !== undefined && parsed(rest) !== undefined, `no JSON any more: ${place}`);
    const source = (from: string, list: typeof members) =>
      list.map(({ start, end }) => Buffer.from(from, 'utf8').toString('utf8', start, end));
    const expected = members.filter(({ name }) => !gone.has(name));
    assert.deepEqual(source(rest, left), source(text, expected), place);
  },
};

function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
