import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { INCOMPLETE, REFUSED } from './field-lines.ts';
import { RequestHeadParser } from './head-parser.ts';
import { ResponseHeadParser } from './response-head-parser.ts';

const limits = { requestLineBytesMax: 300, headBytesMax: 1000, headerCountMax: 12 };
const host = 'Host: a.example\r\n';

interface Refused {
  readonly rule: string;
  readonly status: number;
}

function refusal(text: string): Refused | undefined {
  const parser = new RequestHeadParser(limits);
  return parser.parse(text) === REFUSED ? { rule: parser.rule, status: parser.status } : undefined;
}

function accepted(text: string): RequestHeadParser {
  const parser = new RequestHeadParser(limits);
  const end = parser.parse(text);
  assert.equal(end, text.length, `refused: ${parser.rule}`);
  return parser;
}

/** The same bytes in two packets: what an incremental reader sees first must not change the verdict. */
function refusalInTwoParts(text: string, cut: number): Refused | undefined {
  const parser = new RequestHeadParser(limits);
  let end = parser.parse(text.slice(0, cut));
  if (end === INCOMPLETE) end = parser.parse(text);
  return end === REFUSED ? { rule: parser.rule, status: parser.status } : undefined;
}

const get = (target: string): string => `GET ${target} HTTP/1.1\r\n${host}\r\n`;
const field = (line: string): string => `GET / HTTP/1.1\r\n${host}${line}\r\n\r\n`;
const post = (lines: string): string => `POST / HTTP/1.1\r\n${host}${lines}\r\n`;

/** [rule, head], status 400 unless listed in `statuses`. */
const malformed: readonly (readonly [string, string])[] = [
  ['line.empty', `\r\n\r\n${get('/')}`],
  ['head.bare_cr', `\rGET / HTTP/1.1\r\n${host}\r\n`],
  ['line.bare_lf', `GET / HTTP/1.1\n${host}\r\n`],
  ['line.bare_lf', `\nGET / HTTP/1.1\r\n${host}\r\n`],
  ['line.bare_lf', `GET /\n${host}\r\n`],
  ['line.bare_lf', `GET\n${host}\r\n`],
  ['line.bare_cr', `GET /\rHTTP/1.1\r\n${host}\r\n`],
  ['line.bare_cr', `GET / HTTP/1.1\r\r\n${host}\r\n`],
  ['line.bare_cr', `GET / \rHTTP/1.1\r\n${host}\r\n`],
  ['line.nul', `GE\0T / HTTP/1.1\r\n${host}\r\n`],
  ['line.nul', get('/a\0b')],
  ['line.method', ` GET / HTTP/1.1\r\n${host}\r\n`],
  ['line.method', `G@T / HTTP/1.1\r\n${host}\r\n`],
  ['line.method', `G\tT / HTTP/1.1\r\n${host}\r\n`],
  ['line.method', `GET\t/ HTTP/1.1\r\n${host}\r\n`],
  ['line.method', `G\u00c9T / HTTP/1.1\r\n${host}\r\n`],
  ['line.method', `${'A'.repeat(33)} / HTTP/1.1\r\n${host}\r\n`],
  ['line.method', `\x16\x03\x01\x02\x00\x01\r\n\r\n`],
  ['line.http09', 'GET /\r\n\r\n'],
  ['line.http09', `GET\r\n${host}\r\n`],
  ['line.version', `GET / \r\n${host}\r\n`],
  ['line.version', `GET /  HTTP/1.1\r\n${host}\r\n`],
  ['line.version', `GET / HTTP/1.1 \r\n${host}\r\n`],
  ['line.version', `GET / http/1.1\r\n${host}\r\n`],
  ['line.version', `GET / HTTP/1\r\n${host}\r\n`],
  ['line.version', `GET / HTTP/1.10\r\n${host}\r\n`],
  ['line.version', `GET / HTTP/01.1\r\n${host}\r\n`],
  ['line.version', `GET / HTTPS/1.1\r\n${host}\r\n`],
  ['line.version', `GET /a b HTTP/1.1\r\n${host}\r\n`],
  ['line.version_unsupported', `GET / HTTP/1.2\r\n${host}\r\n`],
  ['line.version_unsupported', `GET / HTTP/0.9\r\n${host}\r\n`],
  ['line.version_unsupported', 'PRI / HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['line.too_long', get(`/${'a'.repeat(300)}`)],
  ['line.too_long', `GET /${'a'.repeat(990)}`],
  ['target.fragment', get('/a#b')],
  ['target.fragment', get('/a?b#c')],
  ['target.invalid_character', get('/\x7f')],
  ['target.invalid_character', get('/\x01')],
  ['target.invalid_character', get('/\u00e9')],
  ['target.invalid_character', get('/?\u00e9')],
  ['target.invalid_character', get('/a\tb')],
  ['target.empty', `GET  HTTP/1.1\r\n${host}\r\n`],
  ['target.form', get('a/b')],
  ['target.form', get('?x')],
  ['target.form', get('a.example:80')],
  ['target.form', get('ftp://a.example/')],
  ['target.form', get('http:/a')],
  ['target.asterisk', get('*')],
  ['target.form', `OPTIONS *a HTTP/1.1\r\n${host}\r\n`],
  ['target.connect', `CONNECT a.example:443 HTTP/1.1\r\n${host}\r\n`],
  ['target.connect', `CONNECT / HTTP/1.1\r\n${host}\r\n`],
  ['target.authority', get('http:///x')],
  ['target.authority', get('http://u@a.example/')],
  ['target.authority', get('http://a.example:99999/')],
  ['target.backslash', get('/a\\b')],
  ['target.backslash', get('/\\..\\b')],
  ['target.escape', get('/%zz')],
  ['target.escape', get('/%')],
  ['target.escape', get('/a%2')],
  ['target.escape', get('/%00')],
  ['target.escape', get('/a/%u0041')],
  ['target.host_conflict', get('http://b.example/')],
  ['target.host_conflict', get('http://a.example:81/')],
  ['target.host_conflict', get('http://a.example:443/')],
  ['head.missing_host', 'GET / HTTP/1.1\r\n\r\n'],
  ['head.missing_host', 'GET http://a.example/ HTTP/1.1\r\n\r\n'],
  ['head.several_hosts', field('Host: a.example')],
  ['head.several_hosts', field('hOsT: b.example')],
  ['head.invalid_host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n'],
  ['head.invalid_host', 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n'],
  ['head.invalid_host', 'GET / HTTP/1.1\r\nHost: a.example, b.example\r\n\r\n'],
  ['head.invalid_host', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n'],
  ['head.invalid_host', 'GET / HTTP/1.1\r\nHost: u@a\r\n\r\n'],
  ['head.invalid_host', 'GET / HTTP/1.1\r\nHost: a:b\r\n\r\n'],
  ['head.invalid_host', 'GET / HTTP/1.1\r\nHost: a:70000\r\n\r\n'],
  ['head.invalid_host', 'GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n'],
  ['head.invalid_host', 'GET / HTTP/1.1\r\nHost: ::1\r\n\r\n'],
  ['head.invalid_host', 'GET / HTTP/1.1\r\nHost: [::1\r\n\r\n'],
  ['head.invalid_host', 'GET / HTTP/1.1\r\nHost: a%00b\r\n\r\n'],
  ['head.invalid_host', 'GET / HTTP/1.1\r\nHost: a?b\r\n\r\n'],
  ['head.invalid_host', 'GET / HTTP/1.1\r\nHost: \u00e9\r\n\r\n'],
  ['head.invalid_host', 'GET / HTTP/1.0\r\nHost: a\\b\r\n\r\n'],
  ['head.obs_fold', `GET / HTTP/1.1\r\n ${host}\r\n`],
  ['head.obs_fold', field('A: b\r\n c')],
  ['head.obs_fold', field('A: b\r\n\tc')],
  ['head.obs_fold', field('A:\r\n b')],
  ['head.space_before_colon', field('A : b')],
  ['head.space_before_colon', field('Content-Length : 5')],
  ['head.space_before_colon', field('Transfer-Encoding\t: chunked')],
  ['head.empty_name', field(': b')],
  ['head.missing_colon', field('Ab')],
  ['head.invalid_name', field('A b: c')],
  ['head.invalid_name', field('A(b): c')],
  ['head.invalid_name', field('A\u00e9: c')],
  ['head.invalid_name', field('"A": c')],
  ['head.invalid_name', field('A\x0bb: c')],
  ['head.invalid_name', field('A=b')],
  ['head.nul', field('A\0: b')],
  ['head.nul', field('A: b\0c')],
  ['head.bare_lf', field('A: b\nC: d')],
  ['head.bare_lf', field('A\nC: d')],
  ['head.bare_lf', `GET / HTTP/1.1\r\n${host}\n\r\n`],
  ['head.bare_lf', `GET / HTTP/1.1\r\nHost: a.example\n\n`],
  ['head.bare_cr', field('A: b\rC: d')],
  ['head.bare_cr', field('A: b\r\r')],
  ['head.bare_cr', field('A\rB: c')],
  ['head.bare_cr', `GET / HTTP/1.1\r\n${host}\rX: y\r\n\r\n`],
  ['head.control_character', field('A: b\x01')],
  ['head.control_character', field('A: b\x1b[0m')],
  ['head.control_character', field('A: b\x7f')],
  ['head.control_character', field('A: b\x0bc')],
  ['head.too_many_fields', `GET / HTTP/1.1\r\n${host}${'A: b\r\n'.repeat(12)}\r\n`],
  ['head.too_large', field(`A: ${'b'.repeat(1000)}`)],
  ['head.too_large', `GET / HTTP/1.1\r\n${host}A: ${'b'.repeat(1000)}`],
  ['framing.both_lengths', post('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n')],
  ['framing.both_lengths', post('Transfer-Encoding: chunked\r\nContent-Length: 3\r\n')],
  ['framing.both_lengths', post('Transfer-Encoding: chunked\r\ncontent-length: 0\r\n')],
  ['framing.transfer_encoding', post('Transfer-Encoding: gzip\r\n')],
  ['framing.transfer_encoding', post('Transfer-Encoding: gzip, chunked\r\n')],
  ['framing.transfer_encoding', post('Transfer-Encoding: chunked, chunked\r\n')],
  ['framing.transfer_encoding', post('Transfer-Encoding: chunked;q=1\r\n')],
  ['framing.transfer_encoding', post('Transfer-Encoding: identity\r\n')],
  ['framing.transfer_encoding', post('Transfer-Encoding: xchunked\r\n')],
  ['framing.transfer_encoding', post('Transfer-Encoding: "chunked"\r\n')],
  ['framing.transfer_encoding', post('Transfer-Encoding:\r\n')],
  ['framing.transfer_encoding', post('Transfer-Encoding: \u00a0chunked\r\n')],
  ['framing.several_transfer_encodings', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n')],
  ['framing.several_transfer_encodings', post('Transfer-Encoding: chunked\r\ntransfer-encoding: identity\r\n')],
  ['framing.transfer_encoding_http10', `POST / HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n`],
  ['framing.content_length', post('Content-Length: 5, 5\r\n')],
  ['framing.content_length', post('Content-Length: +5\r\n')],
  ['framing.content_length', post('Content-Length: -5\r\n')],
  ['framing.content_length', post('Content-Length: 0x5\r\n')],
  ['framing.content_length', post('Content-Length: 5 5\r\n')],
  ['framing.content_length', post('Content-Length: 5.0\r\n')],
  ['framing.content_length', post('Content-Length:\r\n')],
  ['framing.content_length', post('Content-Length: 1e3\r\n')],
  ['framing.content_length', post('Content-Length: 9999999999999999\r\n')],
  ['framing.tab', post('Content-Length: 5\t\r\n')],
  ['framing.tab', post('Transfer-Encoding:\tchunked\r\n')],
  ['framing.several_content_lengths', post('Content-Length: 5\r\nContent-Length: 5\r\n')],
  ['framing.several_content_lengths', post('Content-Length: 5\r\ncontent-length: 6\r\n')],
];

const statuses: Readonly<Record<string, number>> = {
  'line.too_long': 414,
  'head.too_large': 431,
  'head.too_many_fields': 431,
};

describe('request heads that are refused', () => {
  for (const [rule, text] of malformed) {
    it(`${rule}: ${JSON.stringify(text.length > 90 ? `${text.slice(0, 80)}…` : text)}`, () => {
      const expected = { rule, status: statuses[rule] ?? 400 };
      assert.deepEqual(refusal(text), expected);
      for (let cut = 0; cut < text.length; cut += 1) {
        assert.deepEqual(refusalInTwoParts(text, cut), expected, `cut at ${cut}`);
      }
    });
  }

  it('names at least eighty cases', () => assert.ok(malformed.length >= 80));
});

describe('request heads that are accepted', () => {
  it('are incomplete at every earlier byte and complete at the last', () => {
    const text = `POST /a?b HTTP/1.1\r\n${host}Content-Length: 3\r\nX-Y:  z \t\r\n\r\n`;
    const parser = new RequestHeadParser(limits);
    for (let cut = 0; cut < text.length; cut += 1) assert.equal(parser.parse(text.slice(0, cut)), INCOMPLETE);
    assert.equal(parser.parse(`${text}abc\r\n`), text.length);
    assert.deepEqual(parser.fields.headers.values, ['a.example', '3', 'z']);
    assert.deepEqual(parser.fields.headers.names, ['Host', 'Content-Length', 'X-Y']);
    assert.deepEqual(parser.fields.headers.lowers, ['host', 'content-length', 'x-y']);
    assert.equal(parser.fields.contentLength, 3);
  });

  it('may follow one empty line', () => {
    assert.equal(accepted(`\r\n${get('/x')}`).path, '/x');
  });

  it('give target, path and query', () => {
    const parser = accepted(get('/a//b/../%63%2f?x=%zz&//'));
    assert.equal(parser.target, '/a//b/../%63%2f?x=%zz&//');
    assert.equal(parser.rawPath, '/a//b/../%63%2f');
    assert.equal(parser.path, '/a/c%2F');
    assert.equal(parser.query, 'x=%zz&//');
    assert.equal(accepted(get('/a?')).query, '');
    assert.equal(accepted(get('/a')).query, undefined);
    assert.equal(accepted(get('/a?b?c')).query, 'b?c');
  });

  it('take the host of an absolute-form target, also in the field list', () => {
    const parser = accepted('GET HTTP://Other.Example:8080?q HTTP/1.1\r\nHost: other.example:8080\r\n\r\n');
    assert.equal(parser.host, 'other.example:8080');
    assert.equal(parser.target, '/?q');
    assert.equal(parser.path, '/');
    assert.equal(parser.fields.headers.get('host'), 'Other.Example:8080');
    assert.equal(accepted(get('http://a.example:80/x')).host, 'a.example:80');
    assert.equal(accepted(get('https://a.example:443/x')).host, 'a.example:443');
    assert.equal(accepted('GET http://a.example/ HTTP/1.0\r\n\r\n').host, 'a.example');
    assert.equal(accepted(get('http://a.example/x/../y')).path, '/y');
  });

  it('allow the asterisk for OPTIONS', () => {
    const parser = accepted(`OPTIONS * HTTP/1.1\r\n${host}\r\n`);
    assert.deepEqual([parser.target, parser.path], ['*', '*']);
    assert.equal(accepted(`OPTIONS http://a.example HTTP/1.1\r\n${host}\r\n`).path, '*');
  });

  it('lower-case the host and drop an empty port', () => {
    assert.equal(accepted('GET / HTTP/1.1\r\nHost: A.Example:\r\n\r\n').host, 'a.example');
    assert.equal(accepted('GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n').host, '[::1]:80');
    assert.equal(accepted('GET / HTTP/1.0\r\n\r\n').host, '');
  });

  it('keep bytes above 127 in values', () => {
    assert.equal(accepted(field('A: \u00e9\u00ff')).fields.headers.get('a'), '\u00e9\u00ff');
  });

  it('note connection options and expectations', () => {
    const parser = accepted(field('Connection: X-a, Close\r\nExpect: 100-Continue'));
    assert.equal(parser.fields.connectionClose, true);
    assert.equal(parser.fields.expectContinue, true);
    assert.equal(accepted(get('/')).fields.connectionClose, false);
  });

  it('fit exactly into the limits', () => {
    const line = `GET /${'a'.repeat(300 - 14)} HTTP/1.1\r\n`;
    assert.equal(line.length, 302);
    accepted(`${line}${host}\r\n`);
    accepted(`GET / HTTP/1.1\r\n${host}${'A: b\r\n'.repeat(11)}\r\n`);
  });

  it('have every field of a name', () => {
    const { headers } = accepted(field('A: 1\r\nB: 2\r\na: 3')).fields;
    assert.deepEqual(headers.all('a'), ['1', '3']);
    assert.equal(headers.count('a'), 2);
    assert.equal(headers.get('a'), '1');
    assert.equal(headers.get('c'), undefined);
  });
});

describe('response heads', () => {
  const parse = (text: string): ResponseHeadParser | string => {
    const parser = new ResponseHeadParser();
    const end = parser.parse(text);
    return end === text.length ? parser : parser.rule;
  };
  const good: readonly (readonly [string, number, string])[] = [
    ['HTTP/1.1 200 OK\r\n\r\n', 200, 'OK'],
    ['HTTP/1.1 404 Not  Here\r\nA: b\r\n\r\n', 404, 'Not  Here'],
    ['HTTP/1.1 204\r\n\r\n', 204, ''],
    ['HTTP/1.1 204 \r\n\r\n', 204, ''],
    ['HTTP/1.0 999 \u00e9\r\n\r\n', 999, '\u00e9'],
  ];
  for (const [text, status, reason] of good) {
    it(`accepts ${JSON.stringify(text)}`, () => {
      const parsed = parse(text);
      assert.ok(typeof parsed !== 'string', String(parsed));
      assert.deepEqual([parsed.status, parsed.reason], [status, reason]);
    });
  }
  const bad: readonly (readonly [string, string])[] = [
    ['line.bare_lf', 'HTTP/1.1 200 OK\n\n'],
    ['line.version', 'HTTP/2 200 OK\r\n\r\n'],
    ['line.version', 'ICY 200 OK\r\n\r\n'],
    ['line.status', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['line.status', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['line.status', 'HTTP/1.1 099 OK\r\n\r\n'],
    ['line.status', 'HTTP/1.1  200 OK\r\n\r\n'],
    ['line.reason', 'HTTP/1.1 200 O\x00K\r\n\r\n'],
    ['line.bare_cr', 'HTTP/1.1 200 O\rK\r\n\r\n'],
    ['head.obs_fold', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n'],
    ['head.space_before_colon', 'HTTP/1.1 200 OK\r\nContent-Length : 3\r\n\r\n'],
    ['head.bare_lf', 'HTTP/1.1 200 OK\r\nA: b\nContent-Length: 3\r\n\r\n'],
    ['framing.both_lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['framing.several_content_lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n'],
    ['framing.content_length', 'HTTP/1.1 200 OK\r\nContent-Length: 3,3\r\n\r\n'],
    ['framing.transfer_encoding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n'],
    ['framing.transfer_encoding_http10', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['head.too_large', `HTTP/1.1 200 OK\r\nA: ${'b'.repeat(70_000)}`],
    ['head.too_many_fields', `HTTP/1.1 200 OK\r\n${'A: b\r\n'.repeat(201)}\r\n`],
  ];
  for (const [rule, text] of bad) {
    it(`refuses ${rule}: ${JSON.stringify(text.slice(0, 70))}`, () => assert.equal(parse(text), rule));
  }
});
