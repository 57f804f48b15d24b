import type { World } from '../suite.ts';

/** What is compared with what: proxying.md 2. */
export const matchingWorlds: readonly World[] = [
  {
    name: 'paths in the form they are compared in',
    routes: [
      { name: 'root', paths: ['/'], strip_path: false },
      { name: 'a', paths: ['/a'], strip_path: false },
      { name: 'slash', paths: ['/a%2Fb'], strip_path: false },
      { name: 'tilde', paths: ['/~user'], strip_path: false },
    ],
    cases: [
      { name: 'an escaped slash stays one', target: '/a%2Fb', route: 'slash', sends: '/a%2Fb' },
      { name: 'escapes are compared in capitals', target: '/a%2fb', route: 'slash', sends: '/a%2Fb' },
      { name: 'escapes of unreserved characters are undone', target: '/%61', route: 'a', sends: '/a' },
      { name: 'in either case', target: '/%7Euser/%7euser', route: 'tilde', sends: '/~user/~user' },
      { name: 'a dot segment up', target: '/a/..', route: 'root', sends: '/' },
      { name: 'a dot segment that is escaped', target: '/a/%2e%2e/x', route: 'root', sends: '/x' },
      { name: 'a single dot', target: '/a/./x', route: 'a', sends: '/a/x' },
      { name: 'slashes in a row are one', target: '//a///x//', route: 'a', sends: '/a/x/' },
      { name: 'other escapes stay', target: '/a/%20%3F%C3%BC', route: 'a', sends: '/a/%20%3F%C3%BC' },
      { name: 'bytes that need an escape get one', target: '/a/{x}|y', route: 'a', sends: '/a/%7Bx%7D%7Cy' },
      { name: 'a query goes as it is', target: '/a?x=%61&&y=//../%zz', route: 'a', sends: '/a?x=%61&&y=//../%zz' },
      { name: 'an empty query keeps its mark', target: '/a?', route: 'a', sends: '/a?' },
      { name: 'absolute form', target: 'http://gateway.test/a/x?y', route: 'a', sends: '/a/x?y' },
      { name: 'absolute form without a path', target: 'http://gateway.test', route: 'root', sends: '/' },
    ],
  },
  {
    name: 'hosts as they are written',
    routes: [
      { name: 'capitals', hosts: ['A.Com'] },
      { name: 'label', hosts: ['*.b.com'] },
      { name: 'end', hosts: ['c.*'] },
      { name: 'end with port', hosts: ['d.*:8080'] },
      { name: 'address', hosts: ['192.0.2.1'] },
      { name: 'six', hosts: ['[2001:db8::1]'] },
    ],
    cases: [
      { name: 'case does not matter in a route', host: 'a.com', route: 'capitals' },
      { name: 'case does not matter in a request', host: 'X.B.COM', route: 'label' },
      { name: 'a wildcard begins at a dot', host: 'xb.com', route: null },
      { name: 'a wildcard at the end', host: 'c.org', route: 'end' },
      { name: 'a wildcard at the end with any port', host: 'c.org:99', route: 'end' },
      { name: 'a wildcard at the end that asks for a port', host: 'd.org:8080', route: 'end with port' },
      { name: 'a wildcard at the end without that port', host: 'd.org', route: null },
      { name: 'an address', host: '192.0.2.1', route: 'address' },
      { name: 'an address with a port', host: '192.0.2.1:8000', route: 'address' },
      { name: 'a six address', host: '[2001:db8::1]', route: 'six' },
      { name: 'a six address with a port', host: '[2001:DB8::1]:8000', route: 'six' },
    ],
  },
  {
    name: 'methods',
    routes: [
      { name: 'read', methods: ['GET', 'HEAD'] },
      { name: 'write', methods: ['POST', 'PUT', 'PATCH', 'DELETE'] },
      { name: 'own', methods: ['PURGE'] },
    ],
    cases: [
      ...['GET', 'HEAD'].map((method) => ({ name: method, method, route: 'read' })),
      ...['POST', 'PUT', 'PATCH', 'DELETE'].map((method) => ({ name: method, method, route: 'write' })),
      { name: 'a method of its own', method: 'PURGE', route: 'own' },
      { name: 'a method that no route names', method: 'OPTIONS', route: null },
      { name: 'case counts', method: 'get', route: null },
    ],
  },
  {
    name: 'headers by value',
    routes: [
      { name: 'tenant', headers: { 'X-Tenant': ['One', 'two'] } },
      { name: 'both', headers: { 'x-a': ['1'], 'x-b': ['2', '3'] } },
    ],
    cases: [
      { name: 'one of the values', headers: [['x-tenant', 'two']], route: 'tenant' },
      { name: 'names and values without case', headers: [['X-TENANT', 'ONE']], route: 'tenant' },
      { name: 'another value', headers: [['x-tenant', 'three']], route: null },
      { name: 'a value that begins like one', headers: [['x-tenant', 'twofold']], route: null },
      { name: 'a comma list is one value', headers: [['x-tenant', 'one,two']], route: null },
      {
        name: 'any of several lines',
        headers: [
          ['x-tenant', 'zero'],
          ['x-tenant', 'two'],
        ],
        route: 'tenant',
      },
      {
        name: 'every header has to match',
        headers: [
          ['x-b', '3'],
          ['x-a', '1'],
        ],
        route: 'both',
      },
      { name: 'one of two headers', headers: [['x-b', '3']], route: null },
      { name: 'the hundredth line', headers: manyLines(95, ['x-tenant', 'two']), route: 'tenant' },
      { name: 'an empty value', headers: [['x-tenant', '']], route: null },
    ],
  },
  {
    name: 'headers by pattern',
    routes: [
      { name: 'agent', headers: { 'user-agent': ['~*(firefox|chrome)/\\d+'] } },
      { name: 'literal', headers: { 'x-a': ['~*a', 'b'] } },
      { name: 'empty', headers: { 'x-e': ['~*^$'] } },
    ],
    cases: [
      { name: 'searched in the lower-cased value', headers: [['User-Agent', 'Mozilla FireFox/99']], route: 'agent' },
      { name: 'not found', headers: [['User-Agent', 'curl/8']], route: null },
      { name: 'the mark means nothing among several values', headers: [['x-a', '~*A']], route: 'literal' },
      { name: 'so it is no pattern there', headers: [['x-a', 'xax']], route: null },
      {
        name: 'in any of several lines',
        headers: [
          ['user-agent', 'curl/8'],
          ['user-agent', 'chrome/1'],
        ],
        route: 'agent',
      },
      { name: 'an empty value can be asked for', headers: [['x-e', '']], route: 'empty' },
      { name: 'a header that is not there is not empty', route: null },
    ],
  },
  {
    name: 'server names',
    routes: [
      { name: 'one', snis: ['one.test'] },
      { name: 'two', snis: ['two.test', 'TWO.example'], protocols: ['https'] },
      { name: 'any', paths: ['/any'] },
    ],
    cases: [
      { name: 'the first', serverName: 'one.test', route: 'one' },
      { name: 'one of two', serverName: 'two.test', route: 'two' },
      { name: 'capitals in a route', serverName: 'two.example', route: 'two' },
      { name: 'a name below it', serverName: 'x.one.test', route: null },
      { name: 'a route without', serverName: 'three.test', target: '/any', route: 'any' },
      { name: 'the Host does not matter', serverName: 'one.test', host: 'two.test', route: 'one' },
    ],
  },
  {
    name: 'services and their routes',
    routes: [
      { name: 'off', paths: ['/off'], to: 'off' },
      { name: 'none', paths: ['/none'], to: 'none' },
      { name: 'on', paths: ['/o'] },
    ],
    cases: [
      { name: 'a disabled service has no routes', target: '/off/x', route: 'on', sends: '/ff/x' },
      {
        name: 'a route without service',
        target: '/none',
        route: 'none',
        status: 503,
        message: 'no Service found with those values',
      },
    ],
  },
  {
    name: 'upgrades',
    routes: [{ name: 'R', paths: ['/ws'] }],
    cases: [
      {
        name: 'a WebSocket handshake is routed like any request',
        target: '/ws/x',
        headers: [
          ['Connection', 'Upgrade'],
          ['Upgrade', 'websocket'],
          ['Sec-WebSocket-Version', '13'],
          ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
        ],
        route: 'R',
        sends: '/x',
      },
    ],
  },
  {
    name: 'no routes at all',
    routes: [],
    cases: [
      { name: 'every request is a 404', target: '/x', route: null },
      { name: 'over TLS too', target: '/x', serverName: 'a.com', route: null },
    ],
  },
];

/** That many fields before the last one. */
function manyLines(count: number, last: readonly [string, string]): (readonly [string, string])[] {
  return [...Array.from({ length: count }, (_, index): [string, string] => [`x-${index}`, '1']), last];
}
