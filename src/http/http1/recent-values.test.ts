import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FieldLines, REFUSED } from './field-lines.ts';
import { RecentValues } from './recent-values.ts';

const token = 'Bearer '.padEnd(800, 'abcdefgh');

function parse(value: string): FieldLines | undefined {
  const lines = new FieldLines();
  const text = `Authorization: ${value}\r\nA: b\r\n\r\n`;
  return lines.parse(text, 0, text.length - 1, 10) === REFUSED ? undefined : lines;
}

describe('values that came lately', () => {
  it('are recognised from the third time on, to the letter', () => {
    const recent = new RecentValues();
    const text = `X: ${token}\r\n`;
    const end = 3 + token.length;
    recent.note(text, 3, end);
    assert.equal(recent.recall(text, 3, end), undefined);
    recent.note(text, 3, end);
    assert.equal(recent.recall(text, 3, end), token);
    assert.equal(recent.recall(text, 3, end - 1), undefined);
    // The same length and the same end, another character in the middle.
    const other = text.replace('abcdefghabcdefghabcdefgh', 'abcdefghabcdXfghabcdefgh');
    assert.equal(recent.recall(other, 3, end), undefined);
  });

  it('are read the same however often they come', () => {
    for (let count = 0; count < 5; count += 1) {
      assert.deepEqual(parse(token)?.headers.values, [token, 'b']);
      assert.deepEqual(parse(`${token} \t`)?.headers.values, [token, 'b']);
      assert.deepEqual(parse(`  ${token}`)?.headers.values, [token, 'b']);
    }
  });

  it('do not let through what only looks like them', () => {
    for (let count = 0; count < 4; count += 1) parse(token);
    for (const bad of ['\0', '\x01', '\x7f', '\n', '\r']) {
      assert.equal(parse(token.slice(0, 400) + bad + token.slice(401)), undefined);
      assert.equal(parse(token + bad), undefined);
      assert.equal(parse(token.slice(0, -1) + bad), undefined);
    }
    assert.deepEqual(parse(`${token}x`)?.headers.values, [`${token}x`, 'b']);
  });

  it('are not kept when they are very long', () => {
    const recent = new RecentValues();
    const long = 'x'.repeat(2049);
    for (let count = 0; count < 3; count += 1) recent.note(long, 0, long.length);
    assert.equal(recent.recall(long, 0, long.length), undefined);
  });
});
