import assert from 'node:assert/strict';
import { test } from 'node:test';
import { xxhash32 } from './xxhash32.ts';

test('texts hash to the published values of XXH32', () => {
  assert.equal(xxhash32(''), 0x02cc5d05);
  assert.equal(xxhash32('a'), 0x550d7456);
  assert.equal(xxhash32('abc'), 0x32d153ff);
  assert.equal(xxhash32('Nobody inspects the spammish repetition'), 0xe2293b2f);
});

test('a text beyond ASCII is hashed by its UTF-8 bytes', () => {
  assert.equal(xxhash32('é'), xxhash32(Buffer.from([0xc3, 0xa9]).toString('utf8')));
  assert.notEqual(xxhash32('é'), xxhash32('e'));
});
