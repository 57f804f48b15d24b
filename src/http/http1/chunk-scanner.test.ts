import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChunkScanner, decodeChunked } from './chunk-scanner.ts';

interface Seen {
  readonly end: number;
  readonly rule: string | undefined;
  readonly data: string;
  readonly done: boolean;
}

/** Scans `text` in the given pieces, as far as the end of the body. */
function scan(text: string, cuts: readonly number[] = []): Seen {
  const bytes = Buffer.from(text, 'latin1');
  const scanner = new ChunkScanner();
  let data = '';
  const sink = {
    onChunkData: (piece: Buffer, from: number, to: number): void => {
      data += piece.toString('latin1', from, to);
    },
  };
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    const end = scanner.scan(bytes, from, to, sink);
    if (end < 0) return { end, rule: scanner.rule, data: '', done: false };
    if (scanner.done) return { end, rule: undefined, data, done: true };
    assert.equal(end, to);
    from = to;
  }
  return { end: from, rule: undefined, data, done: false };
}

const good: readonly (readonly [string, string])[] = [
  ['0\r\n\r\n', ''],
  ['3\r\nabc\r\n0\r\n\r\n', 'abc'],
  ['00003\r\nabc\r\n000\r\n\r\n', 'abc'],
  ['a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n', '01234567890123456789'],
  ['3;name=value;other="q;\\""\r\nabc\r\n0;x\r\n\r\n', 'abc'],
  ['3\r\n\r\n0\r\n0\r\n\r\n', '\r\n0'],
  ['1\r\na\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\n', 'a'],
];

const bad: readonly (readonly [string, string])[] = [
  ['chunk.size', '\r\n0\r\n\r\n'],
  ['chunk.size', ' 3\r\nabc\r\n0\r\n\r\n'],
  ['chunk.size', '3 \r\nabc\r\n0\r\n\r\n'],
  ['chunk.size', '3 ;a\r\nabc\r\n0\r\n\r\n'],
  ['chunk.size', '3\nabc\r\n0\r\n\r\n'],
  ['chunk.size', '0x3\r\nabc\r\n0\r\n\r\n'],
  ['chunk.size', '-1\r\n'],
  ['chunk.size', '+3\r\nabc'],
  ['chunk.size', 'g\r\n'],
  ['chunk.size', '3_0\r\n'],
  ['chunk.size', ';a\r\n'],
  ['chunk.size_too_large', 'fffffffffffffff\r\n'],
  ['chunk.size_too_large', '00000000000003\r\nabc\r\n'],
  ['chunk.size_line_end', '3\rabc\r\n0\r\n\r\n'],
  ['chunk.extension', '3;\r\nabc\r\n0\r\n\r\n'],
  ['chunk.extension', '3;a=\r\nabc\r\n0\r\n\r\n'],
  ['chunk.extension', '3;a=b=c\r\nabc\r\n0\r\n\r\n'],
  ['chunk.extension', '3;a="b"c\r\nabc\r\n0\r\n\r\n'],
  ['chunk.extension', '3;a="b\r\nabc\r\n0\r\n\r\n'],
  ['chunk.extension', '3;a b\r\nabc\r\n0\r\n\r\n'],
  ['chunk.extension', '3;a¹1\r\nabc\r\n0\r\n\r\n'],
  ['chunk.extension', '3;a\nabc\r\n0\r\n\r\n'],
  ['chunk.extension', '3;a\0b\r\nabc\r\n0\r\n\r\n'],
  ['chunk.size_line_end', '3;a\rb\r\nabc\r\n0\r\n\r\n'],
  ['chunk.extension_too_long', `3;${'a'.repeat(2000)}\r\nabc\r\n0\r\n\r\n`],
  ['chunk.data_end', '3\r\nabcd\r\n0\r\n\r\n'],
  ['chunk.data_end', '3\r\nabc\n0\r\n\r\n'],
  ['chunk.data_end', '3\r\nabc\rX0\r\n\r\n'],
  ['chunk.data_end', '3\r\nabc0\r\n\r\n'],
  ['chunk.trailer', '0\r\n x: y\r\n\r\n'],
  ['chunk.trailer', '0\r\nno colon\r\n\r\n'],
  ['chunk.trailer', '0\r\nx : y\r\n\r\n'],
  ['chunk.trailer', '0\r\nx\r\n\r\n'],
  ['chunk.trailer_name', '0\r\nContent-Length: 5\r\n\r\n'],
  ['chunk.trailer_name', '0\r\nA: b\r\ntransfer-Encoding: chunked\r\n\r\n'],
  ['chunk.trailer', '0\r\n: y\r\n\r\n'],
  ['chunk.trailer', '0\r\nx: y\n\r\n'],
  ['chunk.trailer', '0\r\nx: \0\r\n\r\n'],
  ['chunk.trailer', '0\r\nx: y\rz\r\n\r\n'],
  ['chunk.trailer', '0\r\n\n'],
  ['chunk.end', '0\r\n\rx'],
  ['chunk.trailers_too_long', `0\r\n${'x: yyyyyyyy\r\n'.repeat(1000)}\r\n`],
];

describe('chunked bodies', () => {
  for (const [text, data] of good) {
    it(`reads ${JSON.stringify(text)} however it is cut`, () => {
      const expected = { end: text.length, rule: undefined, data, done: true };
      const withNext = `${text}GET / HTTP/1.1\r\n`;
      assert.deepEqual(scan(withNext), expected);
      for (let cut = 1; cut < text.length; cut += 1) {
        assert.deepEqual(scan(withNext, [cut]), expected);
        assert.equal(scan(text.slice(0, cut)).done, false);
      }
      assert.deepEqual(
        scan(
          withNext,
          Array.from(text, (_, index) => index + 1),
        ),
        expected,
      );
      assert.equal(decodeChunked(Buffer.from(text, 'latin1'), data.length).toString('latin1'), data);
    });
  }

  for (const [rule, text] of bad) {
    it(`refuses ${rule}: ${JSON.stringify(text.slice(0, 50))} however it is cut`, () => {
      assert.equal(scan(text).rule, rule);
      const step = text.length > 500 ? 97 : 1;
      for (let cut = 1; cut < text.length; cut += step) assert.equal(scan(text, [cut]).rule, rule, `cut at ${cut}`);
    });
  }

  it('say where the trailer section begins', () => {
    const bytes = Buffer.from('1\r\na\r\n0\r\nA: b\r\n\r\n');
    const scanner = new ChunkScanner();
    assert.equal(scanner.scan(bytes, 0, bytes.length), bytes.length);
    assert.equal(scanner.trailerFrom, 9);
    assert.equal(scanner.hasTrailers, true);
    assert.equal(scanner.dataBytes, 1);
  });

  it('give their bytes without extensions, however they are cut', () => {
    const text = '5;a;b="c;\\"d"\r\nhello\r\n01;x=y\r\n;\r\n0;last\r\nA: b\r\n\r\n';
    const expected = '5\r\nhello\r\n01\r\n;\r\n0\r\nA: b\r\n\r\n';
    const bytes = Buffer.from(text);
    for (let cut = 0; cut <= text.length; cut += 1) {
      const scanner = new ChunkScanner();
      let plain = '';
      let trailers = '';
      for (const [from, to] of [
        [0, cut],
        [cut, text.length],
      ] as const) {
        const end = scanner.scan(bytes, from, to);
        const piece = scanner.withoutExtensions(bytes, from, end).toString('latin1');
        if (scanner.trailerFrom >= 0) trailers = piece.slice(scanner.trailerFrom);
        plain += piece;
      }
      assert.equal(plain, expected, `cut at ${cut}`);
      assert.ok(
        'A: b\r\n\r\n'.startsWith(trailers) && (cut < text.length - 8 ? trailers !== '' : true),
        `cut at ${cut}`,
      );
    }
  });
});
