import { type Forwarded, forwarded } from '../bench.ts';
import { host } from './refused.ts';

/** A message that goes through, and the very bytes that the upstream gets. */
export interface AcceptedCase {
  readonly name: string;
  readonly bytes: string;
  readonly upstream: string;
}

type Expected = Partial<Forwarded>;

/** A GET of /x with these lines. */
function get(name: string, lines: string, expected: Expected = {}): AcceptedCase {
  return target(name, '/x', '/x', lines, expected);
}

/** A GET of one target that reaches the upstream as another. */
function target(name: string, sent: string, arrives: string, lines = '', expected: Expected = {}): AcceptedCase {
  return {
    name,
    bytes: `GET ${sent} HTTP/1.1\r\n${host}${lines}Connection: close\r\n\r\n`,
    upstream: forwarded({ line: `GET ${arrives} HTTP/1.1`, path: sent.replace(/\?.*/, ''), ...expected }),
  };
}

/** A POST whose framing and body arrive as given. */
function post(name: string, sent: string, framing: string, body: string): AcceptedCase {
  return {
    name,
    bytes: `POST /x HTTP/1.1\r\n${host}Connection: close\r\n${sent}`,
    upstream: forwarded({ line: 'POST /x HTTP/1.1', path: '/x', framing, body }),
  };
}

const te = 'Transfer-Encoding: chunked\r\n';

const fields: readonly AcceptedCase[] = [
  get('nothing but a Host', ''),
  get('spelling, order and repetition of fields', 'x-b: 2\r\nX-A: 1\r\nX-b: 3\r\n', {
    fields: 'x-b: 2\r\nX-A: 1\r\nX-b: 3\r\n',
  }),
  get('blanks around a value', 'X-A: \t one two \t \r\nX-B:3\r\n', { fields: 'X-A: one two\r\nX-B: 3\r\n' }),
  get('an empty value', 'X-A:\r\nX-B: \r\n', { fields: 'X-A: \r\nX-B: \r\n' }),
  get('a tab inside a value', 'X-A: a\tb\r\n', { fields: 'X-A: a\tb\r\n' }),
  get('bytes above ASCII in a value', 'X-A: \x80\xe9\xff\r\n', { fields: 'X-A: \x80\xe9\xff\r\n' }),
  get('every character of a token in a name', "!#$%&'*+-.^`|~: 1\r\n", { fields: "!#$%&'*+-.^`|~: 1\r\n" }),
  get('a long value', `X-A: ${'a b '.repeat(1000)}c\r\n`, { fields: `X-A: ${'a b '.repeat(1000)}c\r\n` }),
  get('an Authorization of its own', 'Authorization: Bearer abc\r\n', { fields: 'Authorization: Bearer abc\r\n' }),
  get('fields of one connection', 'Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nProxy: evil\r\n'),
  get('an upgrade to HTTP/2', 'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nConnection: Upgrade, HTTP2-Settings\r\n'),
  get('fields named in Connection', 'X-A: 1\r\nX-B: 2\r\nConnection: x-a , X-b\r\n'),
  get('an upgrade that is not named in Connection', 'Upgrade: websocket\r\n'),
  get('an Expect that asks for something else', 'Expect: tea\r\n'),
  get('an Expect without a body', 'Expect: 100-continue\r\n'),
];

const trust: readonly AcceptedCase[] = [
  get('Host named in Connection', 'Connection: host\r\n'),
  get(
    'what the gateway writes named in Connection',
    connectionOf('x-forwarded-for, x-real-ip, via, x-kong-request-id'),
  ),
  get('framing named in Connection', connectionOf('content-length, transfer-encoding, te, upgrade, connection')),
  get(
    'Connection that names fields nobody sent',
    connectionOf('x-consumer-id, x-credential-identifier, authorization'),
  ),
  get(
    'X-Forwarded fields of a stranger',
    [
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: evil.example',
      'X-Forwarded-Port: 1',
      'X-Forwarded-Path: /evil',
      'X-Forwarded-Prefix: /evil',
      'X-Real-IP: 6.6.6.6',
      '',
    ].join('\r\n'),
  ),
  get(
    'X-Forwarded fields of a stranger in other spellings',
    [
      'x_forwarded_proto: https',
      'X-Forwarded_Host: evil.example',
      'X_FORWARDED-PORT: 1',
      'x_Real_Ip: 6.6.6.6',
      'x_forwarded_for: 6.6.6.6',
      '',
    ].join('\r\n'),
  ),
  get('X-Forwarded-For of a stranger, before the true address', 'X-Forwarded-For: 6.6.6.6\r\n', {
    forwardedFor: '6.6.6.6',
  }),
  get('a Via before ours', 'Via: 1.0 fred\r\n', { via: '1.0 fred' }),
  get('a request id of a stranger', 'X-Kong-Request-Id: 0123456789abcdef0123456789abcdef\r\nx_kong_request_id: 1\r\n'),
  ...['X-Consumer-ID', 'X-Consumer-Custom-ID', 'X-Consumer-Username', 'X-Credential-Identifier', 'X-Anonymous-Consumer']
    .flatMap(spellings)
    .map(([name, lines]) => get(name, lines)),
];

function connectionOf(names: string): string {
  return `Connection: ${names}\r\n`;
}

/** The ways in which a stranger may write a field that only the gateway may set. */
function spellings(name: string): (readonly [name: string, lines: string])[] {
  const lower = name.toLowerCase();
  return [
    [`${name} of a stranger`, `${name}: admin\r\n`],
    [`${name} of a stranger in other cases`, `${lower}: admin\r\n${name.toUpperCase()}: admin\r\n`],
    [`${name} of a stranger with underscores`, `${name.replaceAll('-', '_')}: admin\r\n`],
    [`${name} of a stranger with one underscore`, `${lower.replace('-', '_')}: admin\r\n`],
    [`${name} of a stranger, three times and as a list`, `${name}: a\r\n${name}: b, c\r\n${lower}:\r\n`],
    [`${name} of a stranger, named in Connection`, `${name}: admin\r\nConnection: ${lower}\r\n`],
  ];
}

const targets: readonly AcceptedCase[] = [
  target('dot segments', '/a/./b/../c', '/a/c'),
  target('escaped dot segments', '/a/%2e/b/%2E%2e/c', '/a/c'),
  target('climbing above the root', '/../../../x', '/x'),
  target('slashes together', '//a///b//', '/a/b/'),
  target('escaped letters', '/%61%7e%2D', '/a~-'),
  target('escapes of other characters in capitals', '/a%2fb%5c%3b', '/a%2Fb%5C%3B'),
  target('an escape of an escape', '/%252e%252e/x', '/%252e%252e/x'),
  target('characters that a URI may not hold', '/a"<>^`{|}b', '/a%22%3C%3E%5E%60%7B%7C%7Db'),
  target('a query with anything in it', '/x?a=../%2e%zz\\"<>&b=http://c/?', '/x?a=../%2e%zz\\"<>&b=http://c/?'),
  target('a lone question mark', '/x?', '/x?'),
  target('dots that are names', '/.../..a/a..', '/.../..a/a..'),
  target('parameters', '/a;b=c/d;/e', '/a;b=c/d;/e'),
  target('an absolute target', 'http://a.example/x/../y?z', '/y?z', '', { path: '/x/../y' }),
  target('an absolute target with the usual port', 'HTTP://A.example:80/x', '/x', '', {
    path: '/x',
    host: 'a.example:80',
  }),
  target('an absolute target without a path', 'http://a.example?q', '/?q', '', { path: '/' }),
];

const framings: readonly AcceptedCase[] = [
  post('a body with a length', 'Content-Length: 5\r\n\r\nhello', 'Content-Length: 5\r\n', 'hello'),
  post('a length with zeros before it', 'Content-Length: 0005\r\n\r\nhello', 'Content-Length: 5\r\n', 'hello'),
  post('a length between blanks', 'Content-Length:   5  \r\n\r\nhello', 'Content-Length: 5\r\n', 'hello'),
  post('a length of zero', 'Content-Length: 0\r\n\r\n', 'Content-Length: 0\r\n', ''),
  post('no body at all', '\r\n', '', ''),
  post(
    'a body of zeros and line ends',
    'Content-Length: 6\r\n\r\n\0\r\n\r\n\xff',
    'Content-Length: 6\r\n',
    '\0\r\n\r\n\xff',
  ),
  post('chunks', `${te}\r\n5\r\nhello\r\n0\r\n\r\n`, te, '5\r\nhello\r\n0\r\n\r\n'),
  post('no chunk but the last', `${te}\r\n0\r\n\r\n`, te, '0\r\n\r\n'),
  post(
    'chunk sizes with zeros and capitals',
    `${te}\r\n00A\r\n0123456789\r\n000\r\n\r\n`,
    te,
    '00A\r\n0123456789\r\n000\r\n\r\n',
  ),
  post('chunked in capitals', 'Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n', te, '0\r\n\r\n'),
  post(
    'a chunk that looks like a request',
    `${te}\r\n16\r\nGET /evil HTTP/1.1\r\n\r\n\r\n0\r\n\r\n`,
    te,
    '16\r\nGET /evil HTTP/1.1\r\n\r\n\r\n0\r\n\r\n',
  ),
  post(
    'chunk extensions, which end here',
    `${te}\r\n5;a;b=c;d="e;\\"f"\r\nhello\r\n0;g\r\n\r\n`,
    te,
    '5\r\nhello\r\n0\r\n\r\n',
  ),
  post(
    'trailers that say what the gateway says, or what a head says',
    `${te}\r\n1\r\na\r\n0\r\nX-Consumer-Id: root\r\nx_consumer_id: root\r\nX-Real-IP: 6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\nAuthorization: Bearer x\r\nCookie: a=b\r\nContent-Type: text/html\r\n\r\n`,
    te,
    '1\r\na\r\n0\r\n\r\n',
  ),
  post(
    'trailers that say nothing of that',
    `${te}\r\n1\r\na\r\n0\r\nX-Sum: 7\r\nX-Anonymous-Consumer: true\r\n\r\n`,
    te,
    '1\r\na\r\n0\r\nX-Sum: 7\r\n\r\n',
  ),
  {
    name: 'a GET with a body',
    bytes: `GET /x HTTP/1.1\r\n${host}Connection: close\r\nContent-Length: 5\r\n\r\nhello`,
    upstream: forwarded({ line: 'GET /x HTTP/1.1', path: '/x', framing: 'Content-Length: 5\r\n', body: 'hello' }),
  },
  {
    name: 'a HEAD with chunks',
    bytes: `HEAD /x HTTP/1.1\r\n${host}Connection: close\r\n${te}\r\n1\r\na\r\n0\r\n\r\n`,
    upstream: forwarded({ line: 'HEAD /x HTTP/1.1', path: '/x', framing: te, body: '1\r\na\r\n0\r\n\r\n' }),
  },
  {
    name: 'a method that nobody knows',
    bytes: `BREW /x HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
    upstream: forwarded({ line: 'BREW /x HTTP/1.1', path: '/x' }),
  },
  {
    name: 'a method in small letters, which is another one',
    bytes: `get /x HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
    upstream: forwarded({ line: 'get /x HTTP/1.1', path: '/x' }),
  },
  {
    name: 'one empty line before the request',
    bytes: `\r\nGET /x HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
    upstream: forwarded({ line: 'GET /x HTTP/1.1', path: '/x' }),
  },
  {
    name: 'HTTP/1.0 with a Host',
    bytes: `GET /x HTTP/1.0\r\n${host}\r\n`,
    upstream: forwarded({ line: 'GET /x HTTP/1.1', path: '/x', versionMinor: 0 }),
  },
  {
    name: 'a Host in capitals with a port',
    bytes: 'GET /x HTTP/1.1\r\nHost: A.Example:8080\r\nConnection: close\r\n\r\n',
    upstream: forwarded({ line: 'GET /x HTTP/1.1', path: '/x', host: 'a.example:8080' }),
  },
  {
    name: 'two requests in one packet',
    bytes: `POST /1 HTTP/1.1\r\n${host}Content-Length: 2\r\n\r\nabGET /2 HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
    upstream:
      forwarded({ line: 'POST /1 HTTP/1.1', path: '/1', framing: 'Content-Length: 2\r\n', body: 'ab' }) +
      forwarded({ line: 'GET /2 HTTP/1.1', path: '/2' }),
  },
];

export const acceptedCases: readonly AcceptedCase[] = [...fields, ...trust, ...targets, ...framings];
