import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJsonObject } from './strict-json.ts';

const read = (text: string, depthMax = 4) => parseJsonObject(text, { depthMax, duplicates: 'refuse' });

test('an object is parsed as JSON.parse does it', () => {
  const texts = ['{}', ' {"a":1} ', '{"a":{"b":[{"c":null}]}}', '{"":0,"a:b":"c:d"}', '{"a":[[1,2],"x"]}'];
  for (const text of texts) assert.deepEqual(read(text), JSON.parse(text));
});

test('structure inside strings is not structure', () => {
  const texts = [
    '{"a":"{[:,"}',
    '{"a":"\\"","b":"\\"{[:"}',
    '{"a\\\\":1,"b":"\\\\\\":{"}',
    '{"\\":":"\\\\"}',
    '{"a":"}}]]"}',
  ];
  for (const text of texts) assert.deepEqual(read(text, 1), JSON.parse(text), text);
});

test('a name given twice is found at any level, however it is escaped', () => {
  for (const text of [
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '{"x":{"a":1,"a":2}}',
    '{"x":[0,{"a":1,"a":{}}]}',
    '{"a":"\\":","a":"\\":"}',
    '{"__proto__":1,"__proto__":1}',
  ]) {
    assert.equal(read(text), 'duplicate_member', text);
  }
  assert.deepEqual(parseJsonObject('{"a":1,"a":2}', { depthMax: 1, duplicates: 'last' }), { a: 2 });
});

test('the same name in different objects is no duplicate', () => {
  assert.deepEqual(read('{"a":{"a":1},"b":[{"a":1},{"a":1}]}'), { a: { a: 1 }, b: [{ a: 1 }, { a: 1 }] });
});

test('depth counts objects and arrays, the outermost included', () => {
  assert.deepEqual(read('{"a":[{"b":[]}]}', 4), { a: [{ b: [] }] });
  assert.equal(read('{"a":[{"b":[]}]}', 3), 'too_deep');
  assert.equal(read('['.repeat(1_000_000)), 'too_deep');
});

test('everything else is named for what it is', () => {
  for (const text of ['', '{', '{"a"}', '{a:1}', "{'a':1}", '{"a":1}{', '{"a":"', '{"a":"\\', '\ufeff{}']) {
    assert.equal(read(text), 'not_json', text);
  }
  for (const text of ['null', '1', '"x"', '[]', '[{}]', 'true']) assert.equal(read(text), 'not_object', text);
});
