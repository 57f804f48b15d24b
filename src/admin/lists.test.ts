import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdminRequest } from './answer.ts';
import { pageBody, parseOffset, parseSize, parseTags } from './lists.ts';
import { Query } from './query.ts';

function query(...pairs: [string, string][]): Query {
  return new Query(pairs);
}

function request(path: string, prefix: string, ...pairs: [string, string][]): AdminRequest {
  return { method: 'GET', path, prefix, params: {}, query: query(...pairs), body: { kind: 'none' } };
}

test('an offset of a page is accepted by the next and by nothing else', () => {
  const { offset } = pageBody(request('/services', ''), [], 'last-id', []);
  const parse = (text: string, accepted = 'last-id') =>
    parseOffset(query(['offset', text]), (last) => last === accepted).kind;
  assert.equal(parse(String(offset)), 'value');
  assert.equal(parse(String(offset), 'other'), 'refused');
  for (const text of [`${offset}=`, `${offset} `, '', 'last-id']) assert.equal(parse(text), 'refused', text);
});

test('next escapes what it repeats and keeps the prefix and the path as sent', () => {
  const body = pageBody(request('/services/', '/kong-admin', ['tags', 'a&b'], ['size', '2']), [], 'x', [
    'tags',
    'size',
  ]);
  assert.equal(body['next'], '/kong-admin/services?offset=eA&tags=a%26b&size=2');
});

test('a size sent twice is no number', () => {
  assert.equal(parseSize(query(['size', '1'], ['size', '2'])).kind, 'refused');
  assert.deepEqual(parseSize(query()), { kind: 'value', value: 100 });
});

test('a tag filter is all, any or refused, and ignored where there are no tags', () => {
  const parse = (text: string, tagged = true) => {
    const parsed = parseTags(query(['tags', text]), tagged);
    return parsed.kind === 'value' ? parsed.value : 'refused';
  };
  assert.deepEqual(parse('a'), { mode: 'all', tags: ['a'] });
  assert.deepEqual(parse('a,b'), { mode: 'all', tags: ['a', 'b'] });
  assert.deepEqual(parse('a/b'), { mode: 'any', tags: ['a', 'b'] });
  assert.equal(parse('a/b,c', false), undefined);
  for (const text of ['a,b/c', ',', '/', 'a,', '\u0000', '']) assert.equal(parse(text), 'refused', text);
});
