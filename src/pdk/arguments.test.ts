import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutArguments, cutJsonMembers, jsonMembers, parseArguments } from './arguments.ts';

test('arguments are decoded as forms are, bad escapes stay', () => {
  const found = parseArguments('a=1&b=x+y%20z&=v&c&d=%zz&e=%C3%A9') ?? [];
  assert.deepEqual(
    found.map(({ name, value }) => [name, value]),
    [
      ['a', '1'],
      ['b', 'x y z'],
      ['', 'v'],
      ['c', ''],
      ['d', '%zz'],
      ['e', 'é'],
    ],
  );
});

test('more than a thousand arguments are not read', () => {
  assert.equal(parseArguments('a=1&'.repeat(1001)), undefined);
});

test('cutting arguments leaves every other byte alone', () => {
  const names = new Set(['client_id', 'client_secret']);
  assert.equal(cutArguments('a=%7e&client_id=x&b=+&client%5Fsecret=y&&c', names), 'a=%7e&b=+&&c');
  assert.equal(cutArguments('client_id=x&client_secret=y', names), undefined);
});

const names = new Set(['client_id', 'client_secret']);
for (const [title, text, expected] of [
  ['first members', '{"client_id":"x","client_secret":"y","a":1.0}', '{"a":1.0}'],
  ['last members', '{ "a" : 1.0 , "client_id":"x", "client_secret":"y" }', '{ "a" : 1.0 }'],
  ['only members', '{"client_id":"x","client_secret":"y"}', '{}'],
  [
    'mixed',
    '{"client_id":"x","big":12345678901234567890,"client_secret":"y","b":{"client_id":1}}',
    '{"big":12345678901234567890,"b":{"client_id":1}}',
  ],
  ['duplicates', '{"client_id":"x","a":1,"a":2,"client_id":"z"}', '{"a":1,"a":2}'],
  ['escaped names', '{"client\\u005fid":"x","a":"\\"}"}', '{"a":"\\"}"}'],
  ['nested before', '{"a":[1,{"b":"]"}],"client_id":null,"c":"é"}', '{"a":[1,{"b":"]"}],"c":"é"}'],
] as const) {
  test(`JSON members are cut out exactly: ${title}`, () => {
    const bytes = Buffer.from(text);
    const members = jsonMembers(bytes);
    assert.ok(members);
    assert.equal(cutJsonMembers(bytes, members, names).toString(), expected);
  });
}

test('what is no JSON object has no members', () => {
  for (const text of ['[]', '"x"', '{', '{"a":}', '', 'null', '{"a":1}x'])
    assert.equal(jsonMembers(Buffer.from(text)), undefined, text);
});

test('cutting agrees with parsing for generated objects', () => {
  let seed = 7;
  const random = (n: number) => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return seed % n;
  };
  const value = (depth: number): unknown =>
    [
      () => random(1000),
      () => '"\\,}é',
      () => null,
      () => true,
      () => (depth > 2 ? 1 : [value(depth + 1), value(depth + 1)]),
      () => (depth > 2 ? 2 : { x: value(depth + 1) }),
    ][random(6)]?.();
  for (let round = 0; round < 300; round += 1) {
    const object: Record<string, unknown> = {};
    for (let count = random(6); count > 0; count -= 1)
      object[['a', 'client_id', 'b', 'client_secret', 'c'][random(5)] ?? 'z'] = value(0);
    const bytes = Buffer.from(JSON.stringify(object, null, random(2) === 0 ? 0 : 2));
    const cut = cutJsonMembers(bytes, jsonMembers(bytes) ?? [], names);
    const { client_id: _id, client_secret: _secret, ...rest } = object;
    assert.deepEqual(JSON.parse(cut.toString()), rest, bytes.toString());
  }
});
