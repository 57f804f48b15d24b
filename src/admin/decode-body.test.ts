import assert from 'node:assert/strict';
import { test } from 'node:test';
import { integer, record, string } from '../schema/index.ts';
import { bodyFields, bodyMember, decodeBody } from './decode-body.ts';

function decode(type: string | undefined, text: string) {
  const decoded = decodeBody(type, Buffer.from(text));
  return decoded.kind === 'body' ? decoded.body : decoded.answer.status;
}

test('types are compared by their beginning, as sent', () => {
  assert.deepEqual(decode('application/json;charset=utf-8', '{"a":1}'), { kind: 'json', fields: { a: 1 } });
  assert.deepEqual(decode('application/x-www-form-urlencoded; x', 'a=1'), { kind: 'form', pairs: [['a', '1']] });
  assert.equal(decode('APPLICATION/JSON', '{}'), 415);
  assert.equal(decode(' application/json', '{}'), 415);
});

test('only the absence of both body and type is an empty set of fields', () => {
  assert.deepEqual(decode(undefined, ''), { kind: 'none' });
  assert.equal(decode(undefined, 'x'), 415);
  assert.equal(decode('application/json', ''), 400);
  assert.deepEqual(decode('application/x-www-form-urlencoded', ''), { kind: 'form', pairs: [] });
});

test('JSON is bounded in depth', () => {
  const nested = (depth: number) => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;
  assert.equal(decode('application/json', nested(62)) === 400, false);
  assert.equal(decode('application/json', nested(64)), 400);
  assert.equal(decode('application/json', nested(100_000)), 400);
});

test('a member __proto__ stays a member and changes no prototype', () => {
  const body = decode('application/json', '{"__proto__":{"polluted":true}}');
  assert.ok(typeof body === 'object' && body.kind === 'json');
  assert.deepEqual(Object.keys(body.fields), ['__proto__']);
  assert.equal(Object.getPrototypeOf(body.fields), Object.prototype);
});

test('a form gets the types of the record, JSON keeps its own', () => {
  const schema = record({ name: string(), count: integer() });
  assert.deepEqual(bodyFields({ kind: 'form', pairs: [['count', '1']] }, schema), { count: 1 });
  assert.deepEqual(bodyFields({ kind: 'json', fields: { count: '1' } }, schema), { count: '1' });
  assert.deepEqual(bodyFields({ kind: 'none' }, schema), {});
});

test('one member can be read before the schema is known', () => {
  assert.equal(
    bodyMember(
      {
        kind: 'form',
        pairs: [
          ['name', 'a'],
          ['name', 'b'],
        ],
      },
      'name',
    ),
    'b',
  );
  assert.equal(bodyMember({ kind: 'json', fields: { name: 1 } }, 'name'), 1);
  assert.equal(bodyMember({ kind: 'json', fields: {} }, 'constructor'), undefined);
});
