import type { World } from '../suite.ts';

/** Every worked case of proxying.md 3.2, and what follows from 3.1 beyond them. */
export const orderWorlds: readonly World[] = [
  {
    name: 'a longer path against more criteria',
    routes: [
      { name: 'A', paths: ['/foo/bar/baz'] },
      { name: 'B', paths: ['/foo'], methods: ['GET'] },
    ],
    cases: [
      { name: 'two criteria win', target: '/foo/bar/baz', route: 'B', sends: '/bar/baz' },
      { name: 'another method leaves the longer path', method: 'POST', target: '/foo/bar/baz', route: 'A', sends: '/' },
      { name: 'a path of neither', target: '/fo', route: null },
      { name: 'a method of one and a path of neither', method: 'POST', target: '/foo/bar', route: null },
    ],
  },
  {
    name: 'one criterion each',
    routes: [
      { name: 'M', methods: ['GET'] },
      { name: 'P', paths: ['/'] },
      { name: 'X', headers: { 'x-a': ['1'] } },
      { name: 'H', hosts: ['a.com'] },
    ],
    cases: [
      { name: 'hosts beat headers, paths and methods', host: 'a.com', headers: [['x-a', '1']], route: 'H' },
      { name: 'headers beat paths and methods', headers: [['x-a', '1']], route: 'X' },
      { name: 'paths beat methods', route: 'P' },
      { name: 'a host without the header', host: 'a.com', method: 'PUT', route: 'H' },
      { name: 'another value of the header', headers: [['x-a', '2']], route: 'P' },
    ],
  },
  {
    name: 'plain and wildcard hosts',
    routes: [
      { name: 'suffix', hosts: ['*.a.com'] },
      { name: 'plain', hosts: ['b.a.com'] },
      { name: 'prefix', hosts: ['b.a.*'] },
    ],
    cases: [
      { name: 'a plain host beats wildcards', host: 'b.a.com', route: 'plain' },
      { name: 'a wildcard stands for several labels', host: 'x.y.a.com', route: 'suffix' },
      { name: 'a wildcard at the end', host: 'b.a.org', route: 'prefix' },
      { name: 'a wildcard at the end stands for several labels', host: 'b.a.co.uk', route: 'prefix' },
      { name: 'the name itself is no match of its wildcard', host: 'a.com', route: null },
      { name: 'a port does not matter', host: 'b.a.com:8443', route: 'plain' },
    ],
  },
  {
    name: 'wildcards of different lengths',
    routes: [
      { name: 'older', hosts: ['*.com'] },
      { name: 'newer', hosts: ['*.a.com'] },
    ],
    cases: [{ name: 'age decides, not how specific they are', host: 'b.a.com', route: 'older' }],
  },
  {
    name: 'wildcards with and without port',
    routes: [
      { name: 'any', hosts: ['*.w.com'] },
      { name: 'port 80', hosts: ['*.w.com:80'] },
    ],
    cases: [
      { name: 'the default port is filled in', host: 'b.w.com', route: 'port 80' },
      { name: 'the port itself', host: 'b.w.com:80', route: 'port 80' },
      { name: 'another port', host: 'b.w.com:81', route: 'any' },
      { name: 'over TLS the default port is another', host: 'b.w.com', serverName: 'b.w.com', route: 'any' },
      { name: 'over TLS with the port', host: 'b.w.com:80', serverName: 'b.w.com', route: 'port 80' },
    ],
  },
  {
    name: 'plain hosts with and without port',
    routes: [
      { name: 'any', hosts: ['a.com'], paths: ['/'] },
      { name: '8080', hosts: ['a.com:8080'], paths: ['/x'] },
      { name: '80', hosts: ['b.com:80'] },
    ],
    cases: [
      { name: 'the port in the header counts', host: 'a.com:8080', target: '/x', route: '8080' },
      { name: 'another port', host: 'a.com:9', target: '/x', route: 'any' },
      { name: 'no port', host: 'a.com', target: '/x', route: 'any' },
      { name: 'the default port is not filled in', host: 'b.com', route: null },
      { name: 'the default port written out', host: 'b.com:80', route: '80' },
    ],
  },
  {
    name: 'the same host with and without port',
    routes: [
      { name: '8080', hosts: ['a.com:8080'] },
      { name: 'any', hosts: ['a.com'] },
    ],
    cases: [
      { name: 'both match: the older', host: 'a.com:8080', route: '8080' },
      { name: 'one matches', host: 'a.com:9', route: 'any' },
    ],
  },
  {
    name: 'prefixes of one another',
    routes: [
      { name: '/a', paths: ['/a'] },
      { name: '/a/b', paths: ['/a/b'] },
      { name: '/', paths: ['/'] },
    ],
    cases: [
      { name: 'the longest wins', target: '/a/b/c', route: '/a/b', sends: '/c' },
      { name: 'a prefix ends anywhere', target: '/ab', route: '/a', sends: '/b' },
      { name: 'also a longer one', target: '/a/bc', route: '/a/b', sends: '/c' },
      { name: 'case counts', target: '/A/b', route: '/', sends: '/A/b' },
      { name: 'the prefix itself', target: '/a', route: '/a', sends: '/' },
      { name: 'a query is no part of the path', target: '/?/a/b', route: '/', sends: '/?/a/b' },
    ],
  },
  {
    name: 'regexes and a longer prefix',
    routes: [
      { name: 'prefix', paths: ['/status/longer/prefix'] },
      { name: 'words', paths: ['~/status/\\w+'] },
      { name: 'priority 5', paths: ['~/status/.*'], regex_priority: 5 },
    ],
    cases: [
      { name: 'the highest regex_priority wins', target: '/status/longer/prefix', route: 'priority 5', sends: '/' },
      { name: 'no regex takes the path alone', target: '/statu', route: null },
    ],
  },
  {
    name: 'a regex and a longer prefix',
    routes: [
      { name: 'prefix', paths: ['/status/longer/prefix'] },
      { name: 'words', paths: ['~/status/[a-z]+$'] },
    ],
    cases: [
      { name: 'the regex wins where it matches', target: '/status/longer', route: 'words' },
      { name: 'the prefix where it does not', target: '/status/longer/prefix', route: 'prefix' },
    ],
  },
  {
    name: 'regexes of one priority',
    routes: [
      { name: 'older', paths: ['~/r/.+'] },
      { name: 'newer', paths: ['~/r/x'] },
    ],
    cases: [{ name: 'the older wins', target: '/r/x', route: 'older', sends: '/' }],
  },
  {
    name: 'anchors of regexes',
    routes: [
      { name: 'ended', paths: ['~/u/\\d+$'] },
      { name: 'open', paths: ['~/v/\\d+'] },
    ],
    cases: [
      { name: 'an end that is asked for', target: '/u/12/x', route: null },
      { name: 'an end that is there', target: '/u/12', route: 'ended', sends: '/' },
      { name: 'no end is asked for', target: '/v/12/x', route: 'open', sends: '/x' },
      { name: 'the start is always asked for', target: '/w/v/12', route: null },
    ],
  },
  {
    name: 'a regex with groups',
    routes: [{ name: 'R', paths: ['~/u/(?<id>\\d+)/(\\w+)'] }],
    cases: [
      { name: 'the matched text is stripped', target: '/u/12/ab/rest', route: 'R', sends: '/rest' },
      { name: 'groups must match', target: '/u/x/ab', route: null },
    ],
  },
  {
    name: 'a route with several paths',
    routes: [
      { name: 'first', paths: ['/long/prefix/path', '~/m/.*'] },
      { name: 'other', paths: ['/long/prefix'] },
    ],
    cases: [
      { name: 'its regex', target: '/m/1', route: 'first', sends: '/' },
      { name: 'its prefix', target: '/long/prefix/path/x', route: 'first', sends: '/x' },
      { name: 'neither', target: '/long/prefix/z', route: 'other', sends: '/z' },
    ],
  },
  {
    name: 'a regex against more criteria',
    routes: [
      { name: 'regex', paths: ['~/foo/.*'], regex_priority: 100 },
      { name: 'two', paths: ['/foo'], methods: ['GET'] },
    ],
    cases: [
      { name: 'two criteria win', target: '/foo/bar', route: 'two', sends: '/bar' },
      { name: 'another method leaves the regex', method: 'PUT', target: '/foo/bar', route: 'regex', sends: '/' },
    ],
  },
  {
    name: 'a plain host and a wildcard with a path',
    routes: [
      { name: 'plain', hosts: ['b.a.com'] },
      { name: 'wildcard', hosts: ['*.a.com'], paths: ['/x'] },
    ],
    cases: [
      { name: 'two criteria win', host: 'b.a.com', target: '/x', route: 'wildcard' },
      { name: 'another path leaves the plain host', host: 'b.a.com', target: '/y', route: 'plain', sends: '/y' },
      { name: 'neither', host: 'c.a.com', target: '/y', route: null },
    ],
  },
  {
    name: 'one header and two',
    routes: [
      { name: 'one', headers: { 'x-a': ['1'] }, paths: ['/'] },
      { name: 'two', headers: { 'x-a': ['1'], 'x-b': ['2'] }, paths: ['/'] },
    ],
    cases: [
      {
        name: 'more headers win',
        headers: [
          ['x-a', '1'],
          ['x-b', '2'],
        ],
        route: 'two',
      },
      { name: 'one of two is not enough', headers: [['x-a', '1']], route: 'one' },
      { name: 'none', route: null },
    ],
  },
  {
    name: 'hosts with paths, hosts with headers',
    routes: [
      { name: 'hosts+paths', hosts: ['a.com'], paths: ['/'] },
      { name: 'hosts+headers', hosts: ['a.com'], headers: { 'x-a': ['1'] } },
    ],
    cases: [
      { name: 'headers beat paths', host: 'a.com', headers: [['x-a', '1']], route: 'hosts+headers' },
      { name: 'without the header', host: 'a.com', route: 'hosts+paths' },
    ],
  },
  {
    name: 'a better set that does not match in full',
    routes: [
      { name: 'path', hosts: ['a.com'], paths: ['/only'] },
      { name: 'host', hosts: ['a.com'] },
    ],
    cases: [
      { name: 'the next set is tried', host: 'a.com', target: '/zzz', route: 'host', sends: '/zzz' },
      { name: 'the better one where it matches', host: 'a.com', target: '/only/x', route: 'path', sends: '/x' },
    ],
  },
  {
    name: 'a server name and a method',
    routes: [{ name: 'R', snis: ['a.com'], methods: ['GET'] }],
    cases: [
      { name: 'plain HTTP has no server name to be wrong', route: 'R' },
      { name: 'over TLS with that name', serverName: 'a.com', route: 'R' },
      { name: 'case does not matter', serverName: 'A.COM', route: 'R' },
      { name: 'over TLS with another name', serverName: 'b.com', route: null },
      { name: 'over TLS without a name', serverName: '', route: null },
      { name: 'over TLS with that name and another method', serverName: 'a.com', method: 'PUT', route: null },
    ],
  },
  {
    name: 'identical routes',
    routes: [
      { name: 'older', paths: ['/'] },
      { name: 'newer', paths: ['/'] },
    ],
    cases: [{ name: 'the older wins', route: 'older' }],
  },
  {
    name: 'identical routes, listed the other way round',
    routes: [
      { name: 'newer', paths: ['/'], age: 9 },
      { name: 'older', paths: ['/'], age: 1 },
    ],
    cases: [{ name: 'the older wins', route: 'older' }],
  },
  {
    name: 'plain hosts only, against a list with a wildcard',
    routes: [
      { name: 'mixed', hosts: ['a.com', '*.b.com'] },
      { name: 'plain', hosts: ['a.com'] },
    ],
    cases: [
      { name: 'the list of plain hosts wins', host: 'a.com', route: 'plain' },
      { name: 'the wildcard of the other', host: 'x.b.com', route: 'mixed' },
    ],
  },
  {
    name: 'plain hosts with a prefix, a wildcard with a regex',
    routes: [
      { name: 'regex', hosts: ['*.a.com'], paths: ['~/x.*'] },
      { name: 'plain', hosts: ['b.a.com'], paths: ['/x'] },
    ],
    cases: [
      { name: 'plain hosts weigh more than a regex', host: 'b.a.com', target: '/xy', route: 'plain' },
      { name: 'the regex elsewhere', host: 'c.a.com', target: '/xy', route: 'regex' },
    ],
  },
  {
    name: 'every set of two criteria',
    routes: [
      { name: 'paths+methods', paths: ['/'], methods: ['GET'] },
      { name: 'headers+methods', headers: { 'x-a': ['1'] }, methods: ['GET'] },
      { name: 'headers+paths', headers: { 'x-a': ['1'], 'x-p': ['1'] }, paths: ['/'] },
      { name: 'hosts+methods', hosts: ['a.com', 'm.com'], methods: ['GET'] },
      { name: 'hosts+paths', hosts: ['a.com', 'p.com'], paths: ['/'] },
    ],
    cases: [
      { name: 'hosts and paths first', host: 'a.com', headers: [['x-a', '1']], route: 'hosts+paths' },
      { name: 'hosts and methods before headers', host: 'm.com', headers: [['x-a', '1']], route: 'hosts+methods' },
      {
        name: 'headers and paths before headers and methods',
        headers: [
          ['x-a', '1'],
          ['x-p', '1'],
        ],
        route: 'headers+paths',
      },
      { name: 'headers and methods before paths and methods', headers: [['x-a', '1']], route: 'headers+methods' },
      { name: 'paths and methods last', route: 'paths+methods' },
      { name: 'nothing for another method', method: 'PUT', route: null },
    ],
  },
  {
    name: 'server names as a criterion among others',
    routes: [
      { name: 'paths', paths: ['/x'] },
      { name: 'paths+snis', paths: ['/'], snis: ['a.com'] },
      { name: 'paths+methods', paths: ['/'], methods: ['GET'] },
    ],
    cases: [
      { name: 'methods beat server names', serverName: 'a.com', target: '/x', route: 'paths+methods' },
      { name: 'two criteria beat one', serverName: 'a.com', target: '/x', method: 'PUT', route: 'paths+snis' },
      { name: 'another server name', serverName: 'b.com', target: '/x', method: 'PUT', route: 'paths' },
      { name: 'on plain HTTP they count as met', target: '/x', method: 'PUT', route: 'paths+snis' },
    ],
  },
];
