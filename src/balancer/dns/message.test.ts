import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cheapRandom } from '../random.ts';
import { encodeName, encodeQuery, parseResponse } from './message.ts';

const query = encodeQuery(0x1234, 'a.example', 'A') ?? Buffer.alloc(0);

/** An answer to `query` with these records, each already encoded. */
function response(records: readonly Buffer[], changed: { id?: number; flags?: number; count?: number } = {}): Buffer {
  const head = Buffer.from(query);
  head.writeUInt16BE(changed.id ?? 0x1234, 0);
  head.writeUInt16BE(changed.flags ?? 0x8180, 2);
  head.writeUInt16BE(changed.count ?? records.length, 6);
  return Buffer.concat([head, ...records]);
}

function record(name: readonly number[], type: number, data: readonly number[], ttl = 60): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([Buffer.from(name), fixed, Buffer.from(data)]);
}

const pointer = [0xc0, 12];

test('a query asks one question with recursion desired', () => {
  assert.equal(
    query.toString('hex'),
    `12340100000100000000000001${'61'}07${Buffer.from('example').toString('hex')}0000010001`,
  );
});

test('a name that no message can carry makes no query', () => {
  for (const name of ['', 'a..b', `${'x'.repeat(64)}.example`, `${'abcdefghi.'.repeat(26)}example`]) {
    assert.equal(encodeQuery(1, name, 'A'), undefined, name);
  }
  assert.ok(encodeName(`${'x'.repeat(63)}.example.`) !== undefined);
});

test('addresses, aliases and services are read, other records passed over', () => {
  const target = [1, 0x62, ...pointer];
  const parsed = parseResponse(
    query,
    response([
      record(pointer, 1, [10, 0, 0, 1]),
      record(pointer, 16, [3, 1, 2, 3]),
      record(pointer, 28, [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
      record(pointer, 5, target),
      record(pointer, 33, [0, 1, 0, 5, 0x1f, 0x90, ...target], 0x80000001),
    ]),
  );
  assert.ok(parsed.kind === 'response');
  assert.deepEqual(parsed.answers, [
    { name: 'a.example', ttlSeconds: 60, type: 'A', address: '10.0.0.1' },
    { name: 'a.example', ttlSeconds: 60, type: 'AAAA', address: '2001:db8::1' },
    { name: 'a.example', ttlSeconds: 60, type: 'CNAME', target: 'b.a.example' },
    { name: 'a.example', ttlSeconds: 0, type: 'SRV', priority: 1, weight: 5, port: 8080, target: 'b.a.example' },
  ]);
});

test('IPv6 addresses are written in their one short form', () => {
  const cases: [readonly number[], string][] = [
    [[0, 0, 0, 0, 0, 0, 0, 0], '::'],
    [[0, 0, 0, 0, 0, 0, 0, 1], '::1'],
    [[0x2001, 0xdb8, 0, 0, 1, 0, 0, 1], '2001:db8::1:0:0:1'],
    [[0x2001, 0xdb8, 0, 1, 1, 1, 1, 1], '2001:db8:0:1:1:1:1:1'],
    [[1, 2, 3, 4, 5, 6, 0, 0], '1:2:3:4:5:6::'],
  ];
  for (const [groups, text] of cases) {
    const bytes = groups.flatMap((group) => [group >> 8, group & 0xff]);
    const parsed = parseResponse(query, response([record(pointer, 28, bytes)]));
    assert.ok(parsed.kind === 'response' && parsed.answers[0]?.type === 'AAAA');
    assert.equal(parsed.answers[0].address, text);
  }
});

test('what answers another question is no answer', () => {
  const fine = response([record(pointer, 1, [10, 0, 0, 1])]);
  const otherName = Buffer.from(fine);
  otherName[13] = 0x7a;
  const otherType = Buffer.from(fine);
  otherType[query.length - 3] = 28;
  const messages = [
    response([], { id: 0x1235 }),
    response([], { flags: 0x0100 }),
    otherName,
    otherType,
    query.subarray(0, 5),
  ];
  for (const message of messages) assert.deepEqual(parseResponse(query, message), { kind: 'foreign' });
  const upper = Buffer.from(fine);
  upper[13] = 0x41;
  assert.equal(parseResponse(query, upper).kind, 'response');
});

test('a name that points forwards or in circles ends the reading', () => {
  const at = query.length;
  for (const name of [
    [0xc0, at],
    [0xc0, at + 2],
    [1, 0x61, 0xc0, at],
    [0xc0, 0xff],
    [0x80, 1],
  ]) {
    const parsed = parseResponse(query, response([record(name, 1, [10, 0, 0, 1])]));
    assert.ok(parsed.kind === 'response' && parsed.code === 2 && parsed.answers.length === 0, String(name));
  }
});

test('cut and garbled messages never throw, and a damaged answer is not half believed', () => {
  const whole = response([
    record(pointer, 1, [10, 0, 0, 1]),
    record(pointer, 33, [0, 1, 0, 5, 0x1f, 0x90, 1, 0x62, 0]),
  ]);
  for (let length = query.length; length < whole.length; length += 1) {
    const parsed = parseResponse(query, whole.subarray(0, length));
    assert.ok(parsed.kind === 'response' && parsed.answers.length === 0, String(length));
  }
  const random = cheapRandom(42);
  for (let round = 0; round < 20_000; round += 1) {
    const garbled = Buffer.from(whole);
    for (let change = 0; change < 3; change += 1) {
      garbled[query.length + (random() % (whole.length - query.length))] = random() & 0xff;
    }
    parseResponse(query, garbled);
  }
});
