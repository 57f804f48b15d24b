import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  appendField,
  appendParsed,
  appendTo,
  emptyBlock,
  fieldStart,
  joinBlocks,
  lastingBlock,
} from './header-block.ts';
import { hopByHopNames, isHopByHop } from './hop-by-hop.ts';
import { memoryRequest } from './memory-request.ts';

describe('header blocks', () => {
  it('hold fields line by line', () => {
    const block = appendField(appendField(emptyBlock, 'X-A', 'one'), 'x-b', 'two\tthree');
    assert.equal(block, 'X-A: one\r\nx-b: two%09three\r\n');
  });

  it('cannot be split by a value', () => {
    assert.equal(appendField(emptyBlock, 'A', 'x\r\nB: y'), 'A: x%0D%0AB: y\r\n');
    assert.equal(appendField(emptyBlock, 'A', '\0\n\x7f\x85'), 'A: %00%0A%7F%C2%85\r\n');
    // U+010D and U+010A end in the bytes of CR and LF when cut to latin1.
    assert.equal(appendField(emptyBlock, 'A', '\u010d\u010a'), 'A: %C4%8D%C4%8A\r\n');
  });

  it('keep visible latin1 and escape everything beyond', () => {
    assert.equal(appendField(emptyBlock, 'A', 'J\u00f6rg'), 'A: J\u00f6rg\r\n');
    assert.equal(appendField(emptyBlock, 'A', '\u0141ukasz'), 'A: %C5%81ukasz\r\n');
    assert.equal(appendField(emptyBlock, 'A', '\u{1f600}'), 'A: %F0%9F%98%80\r\n');
    assert.equal(appendField(emptyBlock, 'A', '\ud800'), 'A: %EF%BF%BD\r\n');
  });

  it('are as safe behind a name that was looked at beforehand', () => {
    const start = fieldStart('X-A');
    const long = 'v'.repeat(100);
    assert.equal(appendTo(emptyBlock, start, 'x\r\nB: y'), 'X-A: x%0D%0AB: y\r\n');
    assert.equal(appendTo(emptyBlock, start, `${long}\r\n\x7f`), `X-A: ${long}%0D%0A%7F\r\n`);
    assert.equal(appendTo(emptyBlock, start, `${long}J\u00f6rg`), `X-A: ${long}J\u00f6rg\r\n`);
    assert.throws(() => fieldStart('A\r\nB'), /not a header field name/);
    assert.throws(() => fieldStart('Content-Length'), /belongs to/);
    assert.throws(() => fieldStart('transfer-encoding'), /belongs to/);
  });

  it('stay the same text when joined or made to last', () => {
    const first = appendField(emptyBlock, 'A', 'J\u00f6rg');
    const both = joinBlocks(first, appendField(emptyBlock, 'B', '2'));
    assert.equal(lastingBlock(both), 'A: J\u00f6rg\r\nB: 2\r\n');
  });

  it('refuse names that are not tokens', () => {
    for (const name of ['', 'A B', 'A:', 'A\r\nB', 'A\0', '\u00e4', 'A(']) {
      assert.throws(() => appendField(emptyBlock, name, 'x'), /not a header field name/);
    }
  });

  it('leave framing to the writer of the message', () => {
    assert.equal(appendField(emptyBlock, 'Content-Length', '5'), '');
    assert.equal(appendField(emptyBlock, 'transfer-encoding', 'chunked'), '');
    const { headers } = memoryRequest({ method: 'POST', target: '/', headers: [['content-length', '3']], body: 'abc' });
    assert.equal(appendParsed(emptyBlock, headers, 1), '');
  });

  it('copy parsed fields as received', () => {
    const { headers } = memoryRequest({ method: 'GET', target: '/', headers: [['x-Odd', ' \u00e9 x ']] });
    assert.equal(appendParsed(emptyBlock, headers, 1), 'x-Odd: \u00e9 x\r\n');
    assert.equal(appendParsed(emptyBlock, headers, 9), '');
  });
});

describe('hop-by-hop fields', () => {
  it('are the fixed ones and those that Connection names', () => {
    const { headers } = memoryRequest({
      method: 'GET',
      target: '/',
      headers: [
        ['Connection', 'keep-alive, X-Secret'],
        ['Connection', 'close,x-more ,'],
      ],
    });
    assert.deepEqual([...(hopByHopNames(headers) ?? [])], ['x-secret', 'x-more']);
    assert.ok(isHopByHop('te') && isHopByHop('keep-alive') && !isHopByHop('cookie'));
  });

  it('are only the fixed ones for the usual values of Connection', () => {
    const { headers } = memoryRequest({ method: 'GET', target: '/', headers: [['Connection', 'keep-alive']] });
    assert.equal(hopByHopNames(headers), undefined);
  });
});

describe('requests made in memory', () => {
  it('are read by the same parser', async () => {
    const request = memoryRequest({
      method: 'PUT',
      target: '/a/../b?c',
      headers: [['Host', 'X.Example']],
      body: 'h\u00e9',
    });
    assert.deepEqual([request.path, request.query, request.host, request.body.length], ['/b', 'c', 'x.example', 3]);
    const peeked = await request.body.peek(10, 10);
    assert.deepEqual(peeked, { kind: 'whole', bytes: Buffer.from('h\u00e9') });
    assert.deepEqual(await request.body.peek(2, 10), { kind: 'too_large' });
    request.body.replace(Buffer.from('x'));
    assert.deepEqual(await request.body.peek(2, 10), { kind: 'whole', bytes: Buffer.from('x') });
  });

  it('are refused by the same rules', () => {
    const make = (name: string, value: string) => () =>
      memoryRequest({ method: 'GET', target: '/', headers: [[name, value]] });
    assert.throws(make('A', 'b\r\nC: d\r\n\r\n'), /head.early_end/);
    assert.throws(make('A ', 'b'), /head.space_before_colon/);
  });
});
