/** What a broken upstream sends, byte for byte. */
export interface AnswerCase {
  readonly name: string;
  readonly answer: string;
  /** It closes its side behind the answer. */
  readonly closes?: boolean;
  readonly method?: string;
}

/** A good answer whose head has these lines. */
function ok(lines: string, body = 'hello'): string {
  return `HTTP/1.1 200 OK\r\n${lines}\r\n${body}`;
}

const length = 'Content-Length: 5\r\n';
const chunked = 'Transfer-Encoding: chunked\r\n';
const five = '5\r\nhello\r\n0\r\n\r\n';
const next = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged';

function named(cases: readonly (readonly [name: string, answer: string])[]): AnswerCase[] {
  return cases.map(([name, answer]) => ({ name, answer }));
}

/** No client ever sees a byte of these: a 502 in their place. */
export const unreadable: readonly AnswerCase[] = [
  ...named([
    ['both lengths', ok(length + chunked, five)],
    ['both lengths the other way round', ok(chunked + length, five)],
    ['two different lengths', ok(`${length}Content-Length: 6\r\n`, 'hello!')],
    ['two equal lengths', ok(length + length)],
    ['a list of lengths', ok('Content-Length: 5, 5\r\n')],
    ['a negative length', ok('Content-Length: -5\r\n')],
    ['a length with plus', ok('Content-Length: +5\r\n')],
    ['a hexadecimal length', ok('Content-Length: 0x5\r\n')],
    ['a length that wraps', ok('Content-Length: 18446744073709551621\r\n')],
    ['an empty length', ok('Content-Length:\r\n')],
    ['chunked twice', ok('Transfer-Encoding: chunked, chunked\r\n', five)],
    ['two Transfer-Encoding', ok(chunked + chunked, five)],
    ['gzip before chunked', ok('Transfer-Encoding: gzip, chunked\r\n', five)],
    ['identity', ok('Transfer-Encoding: identity\r\n')],
    ['a coding nobody knows', ok('Transfer-Encoding: xchunked\r\n', five)],
    ['chunked behind a tab', ok('Transfer-Encoding:\tchunked\r\n', five)],
    ['Transfer-Encoding in HTTP/1.0', `HTTP/1.0 200 OK\r\n${chunked}\r\n${five}`],
    ['a folded field', ok(`X-A: one\r\n two\r\n${length}`)],
    ['a folded length', ok('Content-Length:\r\n 5\r\n')],
    ['a blank before the colon', ok(`X-A : one\r\n${length}`)],
    ['an empty name', ok(`: one\r\n${length}`)],
    ['a line without a colon', ok(`X-A\r\n${length}`)],
    ['a NUL in a name', ok(`X\0A: one\r\n${length}`)],
    ['a NUL in a value', ok(`X-A: o\0e\r\n${length}`)],
    ['a bare CR in a value', ok(`X-A: o\re\r\n${length}`)],
    ['a bare LF in a value', ok(`X-A: one\nSet-Cookie: a=b\r\n${length}`)],
    ['a bare LF everywhere', 'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello'],
    ['a control character in a value', ok(`X-A: o\x07e\r\n${length}`)],
    ['a bare LF behind the status line', `HTTP/1.1 200 OK\n${length}\r\nhello`],
    ['a bare CR in the reason', `HTTP/1.1 200 O\rK\r\n${length}\r\nhello`],
    ['a NUL in the reason', `HTTP/1.1 200 O\0K\r\n${length}\r\nhello`],
    ['a status of letters', `HTTP/1.1 abc OK\r\n${length}\r\nhello`],
    ['a status of two digits', `HTTP/1.1 20 OK\r\n${length}\r\nhello`],
    ['a status of four digits', `HTTP/1.1 2000 OK\r\n${length}\r\nhello`],
    ['a status that begins with zero', `HTTP/1.1 099 OK\r\n${length}\r\nhello`],
    ['a negative status', `HTTP/1.1 -20 OK\r\n${length}\r\nhello`],
    ['two blanks before the status', `HTTP/1.1  200 OK\r\n${length}\r\nhello`],
    ['no status', `HTTP/1.1\r\n${length}\r\nhello`],
    ['HTTP/0.9', 'hello\r\n'],
    ['HTTP/1.2', `HTTP/1.2 200 OK\r\n${length}\r\nhello`],
    ['HTTP/2.0 in the text', `HTTP/2.0 200 OK\r\n${length}\r\nhello`],
    ['http in lower case', `http/1.1 200 OK\r\n${length}\r\nhello`],
    ['frames of HTTP/2', '\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\x04\0\x01\0\0\0\x05\0\xff\xff\xff\n'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a request', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['an empty line first', `\r\n${ok(length)}`],
    ['TLS', '\x15\x03\x01\x00\x02\x02\x46\r\n\r\n'],
    ['more fields than a head may have', ok('X-A: 1\r\n'.repeat(300) + length)],
    ['a head of a hundred kilobytes', ok(`X-A: ${'a'.repeat(100_000)}\r\n${length}`)],
    ['a status line of a hundred kilobytes', `HTTP/1.1 200 ${'O'.repeat(100_000)}\r\n${length}\r\nhello`],
    ['interim answers without end', `HTTP/1.1 102 Processing\r\n\r\n`.repeat(100)],
    ['an interim answer with a bare LF', `HTTP/1.1 100 Continue\n\n${ok(length)}`],
    ['a switch of protocols nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nforged'],
  ]),
  { name: 'nothing', answer: '', closes: true },
  { name: 'half a status line', answer: 'HTTP/1.1 20', closes: true },
  { name: 'half a head', answer: 'HTTP/1.1 200 OK\r\nX-A: 1\r\n', closes: true },
  { name: 'an interim answer and no other', answer: 'HTTP/1.1 100 Continue\r\n\r\n', closes: true },
];

/** The client has the head by then: its connection is cut, and what it got can never pass for a whole answer. */
export const cutOff: readonly AnswerCase[] = [
  { name: 'less than announced', answer: ok('Content-Length: 10\r\n'), closes: true },
  { name: 'chunks without the last one', answer: ok(chunked, '5\r\nhello\r\n'), closes: true },
  { name: 'a chunk that breaks off', answer: ok(chunked, '5\r\nhel'), closes: true },
  { name: 'trailers that break off', answer: ok(chunked, '5\r\nhello\r\n0\r\nX: y\r\n'), closes: true },
  ...named([
    ['a chunk size of letters', ok(chunked, `5\r\nhello\r\nz\r\n${five}`)],
    ['an empty chunk size', ok(chunked, `\r\n${five}`)],
    ['a chunk size with 0x', ok(chunked, `0x5\r\nhello\r\n0\r\n\r\n`)],
    ['a chunk size that wraps', ok(chunked, `10000000000000005\r\nhello\r\n0\r\n\r\n`)],
    ['a bare LF behind a chunk size', ok(chunked, '5\nhello\r\n0\r\n\r\n')],
    ['chunk data longer than announced', ok(chunked, '5\r\nhello!\r\n0\r\n\r\n')],
    ['an extension with a bare LF', ok(chunked, '5;a\nhello\r\n0\r\n\r\n')],
    ['a trailer with a bare LF', ok(chunked, '5\r\nhello\r\n0\r\nX: y\nSet-Cookie: a=b\r\n\r\n')],
    ['a length as trailer', ok(chunked, '5\r\nhello\r\n0\r\nContent-Length: 3\r\n\r\n')],
  ]),
];

/** Good as far as it goes: the client gets that, and what is too much is lost together with the connection. */
export const tooMuch: readonly (AnswerCase & { readonly status: number; readonly body: string })[] = [
  { name: 'bytes behind the length', answer: `${ok(length)}extra`, status: 200, body: 'hello' },
  { name: 'a second answer', answer: ok(length) + next, status: 200, body: 'hello' },
  { name: 'bytes behind the last chunk', answer: `${ok(chunked, five)}extra`, status: 200, body: 'hello' },
  { name: 'a second answer behind the last chunk', answer: ok(chunked, five) + next, status: 200, body: 'hello' },
  { name: 'a body behind a length of zero', answer: ok('Content-Length: 0\r\n') + next, status: 200, body: '' },
  { name: 'a body to a HEAD', method: 'HEAD', answer: ok(length), status: 200, body: '' },
  { name: 'chunks to a HEAD', method: 'HEAD', answer: ok(chunked, five), status: 200, body: '' },
  {
    name: 'a body behind 204',
    answer: `HTTP/1.1 204 No Content\r\n${length}\r\n${next}`,
    status: 204,
    body: '',
  },
  {
    name: 'a body behind 304',
    answer: `HTTP/1.1 304 Not Modified\r\n${length}\r\nhello`,
    status: 304,
    body: '',
  },
  {
    name: 'chunks behind 304',
    answer: `HTTP/1.1 304 Not Modified\r\n${chunked}\r\n${five}`,
    status: 304,
    body: '',
  },
  { name: 'a body that ends with the connection', answer: ok(''), closes: true, status: 200, body: 'hello' },
  { name: 'HTTP/1.0', answer: `HTTP/1.0 200 OK\r\n${length}\r\nhello`, status: 200, body: 'hello' },
  { name: 'Connection: close', answer: ok(`Connection: close\r\n${length}`), status: 200, body: 'hello' },
];
