import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMultipart } from './multipart.ts';

const type = 'multipart/form-data; boundary=XX';

function part(disposition: string, content: string, more = ''): string {
  return `--XX\r\nContent-Disposition: form-data; ${disposition}\r\n${more}\r\n${content}\r\n`;
}

function parse(text: string | Uint8Array, contentType = type, pairsMax = 10) {
  return parseMultipart(contentType, typeof text === 'string' ? Buffer.from(text) : text, pairsMax);
}

function pairs(text: string, contentType?: string) {
  const parsed = parse(text, contentType);
  assert.equal(parsed.kind, 'pairs', text);
  return parsed.kind === 'pairs' ? parsed.pairs : [];
}

test('fields and files are pairs of name and content, line ends and all', () => {
  const text = `${part('name="a"', '1')}${part('name="cert"; filename="x.pem"', 'L1\r\nL2\n', 'Content-Type: application/x-x509-ca-cert\r\n')}--XX--\r\n`;
  assert.deepEqual(pairs(text), [
    ['a', '1'],
    ['cert', 'L1\r\nL2\n'],
  ]);
  assert.deepEqual(pairs('--XX--'), []);
  assert.deepEqual(pairs(`${part('name=""', '')}--XX--`), [['', '']]);
});

test('boundaries are quoted or not, in any case of the parameter, and may hold what a token may not', () => {
  assert.deepEqual(pairs(`${part('name=a', 'b')}--XX--`, 'multipart/form-data; charset=utf-8; Boundary="XX"'), [
    ['a', 'b'],
  ]);
  const text = '--a b:c\r\nContent-Disposition: form-data; name="n"\r\n\r\nv\r\n--a b:c--';
  assert.deepEqual(pairs(text, 'multipart/form-data; boundary="a b:c"'), [['n', 'v']]);
});

test('quotes within names are understood as browsers and curl write them', () => {
  assert.deepEqual(pairs(`${part('name="a%22b"', '1')}${part('filename="x; name=z"; name="c\\"d"', '2')}--XX--`), [
    ['a"b', '1'],
    ['c"d', '2'],
  ]);
});

test('a part of JSON is one pair for each value in it', () => {
  const json = '{"active":{"healthy":{"interval":5,"http_statuses":[200,201]}},"x":null}';
  assert.deepEqual(pairs(`${part('name="h"', json, 'Content-Type: application/json\r\n')}--XX--`), [
    ['h[active][healthy][interval]', '5'],
    ['h[active][healthy][http_statuses][1]', '200'],
    ['h[active][healthy][http_statuses][2]', '201'],
    ['h[x]', ''],
  ]);
});

test('what is not framed by the boundary is malformed', () => {
  const whole = `${part('name="a"', '1')}--XX--`;
  const cut = Array.from({ length: whole.length }, (_, length) => whole.slice(0, length));
  for (const text of ['', 'x', '--XY--', ...cut]) assert.equal(parse(text).kind, 'malformed', text);
  assert.equal(parse(`${part('name="a"', '1')}--XXY`).kind, 'malformed');
  assert.equal(parse(`${part('filename="a"', '1')}--XX--`).kind, 'malformed');
  assert.equal(parse(`${part('name="a"', '{', 'Content-Type: application/json\r\n')}--XX--`).kind, 'malformed');
  assert.equal(parse('--XX--', 'multipart/form-data').kind, 'malformed');
  assert.equal(parse(Buffer.concat([Buffer.from(`${part('name="a"', '1')}`), Buffer.of(0xff)])).kind, 'malformed');
});

test('content that is not UTF-8 is malformed', () => {
  const head = Buffer.from('--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n');
  assert.equal(parse(Buffer.concat([head, Buffer.of(0xff), Buffer.from('\r\n--XX--')])).kind, 'malformed');
});

test('more pairs than allowed are refused, also within one part of JSON', () => {
  const many = Array.from({ length: 11 }, (_, index) => part(`name="${index}"`, 'x')).join('');
  assert.equal(parse(`${many}--XX--`).kind, 'too_many');
  const json = JSON.stringify(Array.from({ length: 11 }, () => 1));
  assert.equal(parse(`${part('name="a"', json, 'Content-Type: application/json\r\n')}--XX--`).kind, 'too_many');
});
