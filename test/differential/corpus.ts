import { Seeded } from '../support/seeded.ts';

/** Requests made of a start, fields and a body; good ones, bad ones and both together. */

interface Framed {
  readonly lines: string;
  readonly body: string;
}

const host = 'Host: a.example\r\n';

const starts: readonly string[] = [
  'GET / HTTP/1.1',
  'GET /a/b?c=d&e HTTP/1.1',
  'GET /a/../b//c HTTP/1.1',
  'GET /?a=%zz&b="<>{}|^` HTTP/1.1',
  'GET /a;b=c,d:e@f!$&*()+[] HTTP/1.1',
  'HEAD /x HTTP/1.1',
  'POST /x HTTP/1.1',
  'PUT /x%20y HTTP/1.1',
  'DELETE /x HTTP/1.1',
  'PATCH /%E2%82%AC HTTP/1.1',
  'OPTIONS * HTTP/1.1',
  'OPTIONS /x HTTP/1.1',
  'TRACE /x HTTP/1.1',
  'PROPFIND /x HTTP/1.1',
  'BREW /x HTTP/1.1',
  'get /x HTTP/1.1',
  'M-SEARCH /x HTTP/1.1',
  'GET http://a.example/x HTTP/1.1',
  'GET http://a.example HTTP/1.1',
  'GET https://a.example/x?y HTTP/1.1',
  'GET http://b.example/x HTTP/1.1',
  'CONNECT a.example:443 HTTP/1.1',
  'GET /x HTTP/1.0',
  'POST /x HTTP/1.0',
  'GET /x HTTP/1.2',
  'GET /x HTTP/2.0',
  'GET /x HTTP/0.9',
  'GET /x http/1.1',
  'GET /x',
  'GET  /x HTTP/1.1',
  'GET /x  HTTP/1.1',
  'GET /x HTTP/1.1 ',
  ' GET /x HTTP/1.1',
  'GET\t/x HTTP/1.1',
  'GET /x y HTTP/1.1',
  'GET /x#y HTTP/1.1',
  'GET /\x7f HTTP/1.1',
  'GET /\xe9 HTTP/1.1',
  'GET /\0 HTTP/1.1',
  'GET /x\\y HTTP/1.1',
  'GET x HTTP/1.1',
  'GE T /x HTTP/1.1',
  'GET@ /x HTTP/1.1',
  '\r\nGET /x HTTP/1.1',
  '\r\n\r\nGET /x HTTP/1.1',
  '\nGET /x HTTP/1.1',
  'GET /x HTTP/1.1\nX-A: y',
  'GET /x HTTP/1.1\rX-A: y',
];

const lines: readonly string[] = [
  '',
  'Accept: */*\r\nX-A: 1\r\nx-a: 2\r\n',
  'X-Empty:\r\nX-Blank: \t \r\n',
  'X-A: \t b c \t\r\n',
  'X-A: a\tb\r\n',
  'X-A: \x80\xe9\xff\r\n',
  "!#$%&'*+-.^_`|~: 1\r\n",
  `X-Long: ${'a b'.repeat(60)}\r\n`,
  'Connection: close\r\n',
  'Connection: keep-alive, X-A\r\nX-A: 1\r\n',
  'Connection: Upgrade\r\nUpgrade: websocket\r\n',
  'Expect: 100-continue\r\n',
  'Expect: tea\r\n',
  'Cookie: a=b; c="d"\r\nCookie: e=f\r\n',
  'TE: trailers\r\nTrailer: X-T\r\n',
  host,
  'Host: b.example\r\n',
  'X-A : 1\r\n',
  'X-A\t: 1\r\n',
  ' X-A: 1\r\n',
  'X-A: 1\r\n 2\r\n',
  'X-A: 1\r\n\t2\r\n',
  'X-A\r\n',
  ': 1\r\n',
  'X A: 1\r\n',
  'X[A]: 1\r\n',
  'X\xe9: 1\r\n',
  'X\0: 1\r\n',
  'X-A: \0\r\n',
  'X-A: \x01\r\n',
  'X-A: \x7f\r\n',
  'X-A: \x0b\r\n',
  'X-A: a\rb\r\n',
  'X-A: a\nb: c\r\n',
  'X-A: a\r\r\n',
  'X-A: a\n\r\n',
  '\r',
  '\n',
];

const hello = '5\r\nhello\r\n0\r\n\r\n';
const chunked = 'Transfer-Encoding: chunked\r\n';
const framings: readonly Framed[] = [
  { lines: '', body: '' },
  { lines: 'Content-Length: 5\r\n', body: 'hello' },
  { lines: 'Content-Length: 0\r\n', body: '' },
  { lines: 'Content-Length: 005\r\n', body: 'hello' },
  { lines: 'Content-Length:  5  \r\n', body: 'hello' },
  { lines: 'content-length: 5\r\n', body: '\r\n\0\xff\n' },
  { lines: chunked, body: hello },
  { lines: chunked, body: '0\r\n\r\n' },
  { lines: 'transfer-ENCODING: Chunked\r\n', body: '00A\r\n0123456789\r\n1\r\na\r\n000\r\n\r\n' },
  { lines: chunked, body: '5;a;b=c;d="e"\r\nhello\r\n0;f\r\n\r\n' },
  { lines: chunked, body: '5\r\nhello\r\n0\r\nX-T: 1\r\nX-U: 2\r\n\r\n' },
  { lines: chunked, body: '1\r\n\r\r\n1\r\n\n\r\n0\r\n\r\n' },
  { lines: `Content-Length: 5\r\n${chunked}`, body: hello },
  { lines: `${chunked}Content-Length: 5\r\n`, body: hello },
  { lines: 'Content-Length: 5\r\nContent-Length: 5\r\n', body: 'hello' },
  { lines: 'Content-Length: 5\r\nContent-Length: 6\r\n', body: 'hello!' },
  { lines: 'Content-Length: 5, 5\r\n', body: 'hello' },
  { lines: 'Content-Length: +5\r\n', body: 'hello' },
  { lines: 'Content-Length: -5\r\n', body: 'hello' },
  { lines: 'Content-Length: 0x5\r\n', body: 'hello' },
  { lines: 'Content-Length: 5 6\r\n', body: 'hello!' },
  { lines: 'Content-Length:\r\n', body: '' },
  { lines: 'Content-Length: 18446744073709551621\r\n', body: 'hello' },
  { lines: `${chunked}${chunked}`, body: hello },
  { lines: 'Transfer-Encoding: chunked, chunked\r\n', body: hello },
  { lines: 'Transfer-Encoding: gzip, chunked\r\n', body: hello },
  { lines: 'Transfer-Encoding: chunked, gzip\r\n', body: hello },
  { lines: 'Transfer-Encoding: identity\r\n', body: '' },
  { lines: 'Transfer-Encoding: xchunked\r\n', body: hello },
  { lines: 'Transfer-Encoding:\x0bchunked\r\n', body: hello },
  { lines: 'Transfer-Encoding:\tchunked\r\n', body: hello },
  { lines: 'Transfer-Encoding:\r\n chunked\r\n', body: hello },
  { lines: 'Transfer-Encoding:\r\n', body: hello },
  { lines: chunked, body: '5 \r\nhello\r\n0\r\n\r\n' },
  { lines: chunked, body: '0x5\r\nhello\r\n0\r\n\r\n' },
  { lines: chunked, body: '-5\r\nhello\r\n0\r\n\r\n' },
  { lines: chunked, body: '5_\r\nhello\r\n0\r\n\r\n' },
  { lines: chunked, body: '\r\nhello\r\n0\r\n\r\n' },
  { lines: chunked, body: '10000000000000005\r\nhello\r\n0\r\n\r\n' },
  { lines: chunked, body: '5\nhello\r\n0\r\n\r\n' },
  { lines: chunked, body: '5\r\nhello!\r\n0\r\n\r\n' },
  { lines: chunked, body: '5\r\nhello\n0\r\n\r\n' },
  { lines: chunked, body: '5;a\nhello\r\n0\r\n\r\n' },
  { lines: chunked, body: '5\r\nhello\r\n0\r\nX T: 1\r\n\r\n' },
  { lines: chunked, body: '5\r\nhello\r\n0\r\nX-T: 1\n\r\n' },
  { lines: chunked, body: '5\r\nhello\r\n0\r\nContent-Length: 3\r\n\r\n' },
  { lines: chunked, body: '5\r\nhello\r\n0\n\r\n' },
  { lines: chunked, body: '5\r\nhello\r\n0\r\n\n' },
];

const next = `GET /next HTTP/1.1\r\n${host}\r\n`;
const pairs = 250;

/** Every part once beside good ones, then parts drawn by a seed; each request is followed by another. */
export function requestCorpus(): string[] {
  const message = (start: string, field: string, { lines: framing, body }: Framed, after: string) =>
    `${start}\r\n${host}${field}${framing}\r\n${body}${after}`;
  const [plain = { lines: '', body: '' }] = framings;
  const random = new Seeded(20_261_124);
  return [
    ...starts.map((start) => message(start, '', plain, next)),
    ...lines.map((field) => message('GET /x HTTP/1.1', field, plain, next)),
    ...framings.map((framing) => message('POST /x HTTP/1.1', '', framing, next)),
    ...lines.map((field) => message('POST /x HTTP/1.1', field, { lines: chunked, body: hello }, next)),
    'GET /x HTTP/1.1\r\n\r\n',
    'GET /x HTTP/1.0\r\n\r\n',
    'GET /x HTTP/1.1\r\nHost:\r\n\r\n',
    'GET /x HTTP/1.1\r\nHost: a b\r\n\r\n',
    ...Array.from({ length: pairs }, () =>
      message(
        random.pick(starts),
        random.pick(lines),
        random.pick(framings),
        random.chance(0.5) ? next : random.pick(['', 'x', '\r\n', '0\r\n\r\n']),
      ),
    ),
  ];
}

/** Pieces known to make readers disagree. */
const splices: readonly string[] = [
  ...['\r', '\n', '\r\n', '\0', ' ', '\t', ':', ';', ',', '"', '\\', '#', '%', '?', '/', '\x0b', '\x0c', '\x7f'],
  ...['\x80', '\xa0', '\xff', 'chunked', 'Transfer-Encoding: chunked\r\n', 'Transfer-Encoding : chunked\r\n'],
  ...['Transfer-Encoding:\x0bchunked\r\n', 'Transfer-Encoding: chunked, identity\r\n', 'Content-Length: 3\r\n'],
  ...[
    'Content-Length: 3, 3\r\n',
    'content-length:\r\n',
    ' folded\r\n',
    'X: y\rZ: w\r\n',
    'X: y\nZ: w\r\n',
    '0\r\n\r\n',
  ],
  ...['HTTP/1.1', 'HTTP/1.0', '1;a\n', '0x', '-1', '+1', 'ffffffffffffffff', 'Host: b\r\n', 'GET / HTTP/1.1\r\n\r\n'],
];

/** The text with one to three changes. */
export function mutated(text: string, random: Seeded): string {
  let out = text;
  for (let left = 1 + random.below(3); left > 0; left -= 1) {
    const at = random.below(out.length + 1);
    const kind = random.next();
    if (kind < 0.5) out = out.slice(0, at) + random.pick(splices) + out.slice(at);
    else if (kind < 0.7) out = out.slice(0, at) + out.slice(at + 1 + random.below(3));
    else if (kind < 0.85) out = out.slice(0, at) + String.fromCharCode(random.below(256)) + out.slice(at + 1);
    else {
      const parts = out.split('\r\n');
      parts.splice(random.below(parts.length), 0, random.pick(parts));
      out = parts.join('\r\n');
    }
  }
  return out;
}

const statusLines: readonly string[] = [
  'HTTP/1.1 200 OK',
  'HTTP/1.1 200',
  'HTTP/1.1 200 ',
  'HTTP/1.1 201 Created at last',
  'HTTP/1.1 204 No Content',
  'HTTP/1.1 304 Not Modified',
  'HTTP/1.1 404 Not Found',
  'HTTP/1.1 500 \xe9',
  'HTTP/1.1 799 Odd',
  'HTTP/1.0 200 OK',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK',
  'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK',
  'HTTP/1.1 20 OK',
  'HTTP/1.1 2000 OK',
  'HTTP/1.1 abc OK',
  'HTTP/1.1  200 OK',
  'HTTP/1.2 200 OK',
  'HTTP/2.0 200 OK',
  'http/1.1 200 OK',
  'HTTP/1.1 200 O\0K',
  'HTTP/1.1 200 O\rK',
  'HTTP/1.1 200 OK\nX-A: b',
  '\r\nHTTP/1.1 200 OK',
  'ICY 200 OK',
];

/** Answers made in the same way, without another behind them. */
export function responseCorpus(): string[] {
  const message = (start: string, field: string, { lines: framing, body }: Framed) =>
    `${start}\r\n${field}${framing}\r\n${body}`;
  const usual: Framed = { lines: 'Content-Length: 5\r\n', body: 'hello' };
  const random = new Seeded(20_261_125);
  return [
    ...statusLines.flatMap((start) => framings.slice(0, 9).map((framing) => message(start, '', framing))),
    ...lines.map((field) => message('HTTP/1.1 200 OK', field, usual)),
    ...framings.map((framing) => message('HTTP/1.1 200 OK', '', framing)),
    ...Array.from({ length: 60 }, () => message(random.pick(statusLines), random.pick(lines), random.pick(framings))),
  ];
}
