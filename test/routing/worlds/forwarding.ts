import { trustedPeer, type WorldRoute } from '../scene.ts';
import type { Case, World } from '../suite.ts';

type Row = readonly [to: '/' | '/s' | '/s/', path: string, target: string, strip: boolean, v0: string, v1: string];

/** The table of proxying.md 5. */
const rows: readonly Row[] = [
  ['/', '/fv', '/fv', false, '/fv', '/fv'],
  ['/', '/fv', '/fv', true, '/', '/'],
  ['/', '/fv', '/fv/', true, '/', '/'],
  ['/s', '/fv', '/fvreq', false, '/s/fvreq', '/sfvreq'],
  ['/s', '/fv', '/fvreq', true, '/s/req', '/sreq'],
  ['/s', '/fv', '/fv/req', false, '/s/fv/req', '/sfv/req'],
  ['/s', '/fv', '/fv/req', true, '/s/req', '/s/req'],
  ['/s', '/fv/', '/fv/req', false, '/s/fv/req', '/sfv/req'],
  ['/s', '/fv/', '/fv/req', true, '/s/req', '/sreq'],
  ['/s', '/fv', '/fv', false, '/s/fv', '/sfv'],
  ['/s', '/fv', '/fv', true, '/s', '/s'],
  ['/s', '/fv', '/fv/', false, '/s/fv/', '/sfv/'],
  ['/s', '/fv', '/fv/', true, '/s/', '/s/'],
  ['/s/', '/fv', '/fvreq', false, '/s/fvreq', '/s/fvreq'],
  ['/s/', '/fv', '/fvreq', true, '/s/req', '/s/req'],
  ['/s/', '/fv', '/fv/req', true, '/s/req', '/s/req'],
  ['/s/', '/fv/', '/fv/req', false, '/s/fv/req', '/s/fv/req'],
  ['/s/', '/fv/', '/fv/req', true, '/s/req', '/s/req'],
  ['/s/', '/fv', '/fv', true, '/s', '/s/'],
  ['/s/', '/fv', '/fv/', true, '/s/', '/s/'],
];

/** One route for each row and version, told apart by a host of its own. */
const table: readonly { readonly route: WorldRoute; readonly one: Case }[] = rows.flatMap((row, index) =>
  (['v0', 'v1'] as const).map((version) => {
    const [to, path, target, strip, v0, v1] = row;
    const host = `row${index}-${version}.test`;
    const name = `row ${index} ${version}`;
    const sends = version === 'v0' ? v0 : v1;
    const about = `${version}: service ${to}, route ${path}, ${strip ? 'stripped' : 'kept'}: ${target} becomes ${sends}`;
    return {
      route: { name, hosts: [host], paths: [path], to, strip_path: strip, path_handling: version },
      one: { name: about, host, target, route: name, sends },
    };
  }),
);

const redirects = [301, 302, 307, 308];

export const forwardingWorlds: readonly World[] = [
  {
    name: 'service path and request path',
    routes: [...table.map(({ route }) => route), { name: 'host', hosts: ['host.test'], to: '/s' }],
    cases: [
      ...table.map(({ one }) => one),
      { name: 'v0: a route without paths, /', host: 'host.test', target: '/', route: 'host', sends: '/s' },
      { name: 'v0: a route without paths, /x/', host: 'host.test', target: '/x/', route: 'host', sends: '/s/x/' },
    ],
  },
  {
    name: 'what stripping leaves',
    routes: [
      { name: 'a', paths: ['/a'], to: '/s' },
      { name: 'v1', paths: ['/v'], to: '/s/', path_handling: 'v1' },
      { name: 'regex', paths: ['~/r/\\d+/?'], to: '/s' },
    ],
    cases: [
      { name: 'a dot segment that comes into being is dropped', target: '/a../b', route: 'a', sends: '/s/b' },
      { name: 'a single dot too', target: '/a./b', route: 'a', sends: '/s/b' },
      { name: 'several of them', target: '/a../c/../b', route: 'a', sends: '/s/b' },
      { name: 'one at the end', target: '/a..', route: 'a', sends: '/s' },
      { name: 'one with parameters', target: '/a..;x/b', route: 'a', sends: '/s/b' },
      { name: 'one before an escaped slash', target: '/a..%2Fb', route: 'a', sends: '/s/%2Fb' },
      { name: 'dots that begin a name stay', target: '/a..b', route: 'a', sends: '/s/..b' },
      { name: 'a query stays', target: '/a?x=/a/..', route: 'a', sends: '/s?x=/a/..' },
      { name: 'v1 drops it too', target: '/v../b', route: 'v1', sends: '/s/b' },
      { name: 'what a regex matched', target: '/r/12/x', route: 'regex', sends: '/s/x' },
      { name: 'all of it', target: '/r/12', route: 'regex', sends: '/s' },
    ],
  },
  {
    name: 'Host and what is said of the path',
    routes: [
      { name: 'own', paths: ['/own'] },
      { name: 'kept', paths: ['/kept'], preserve_host: true },
      { name: 'whole', paths: ['/whole'], strip_path: false },
      { name: 'regex', paths: ['~/r/\\d+'] },
    ],
    cases: [
      { name: "the service's host", target: '/own', host: 'a.com', route: 'own', upstream: { host: '{echo}' } },
      { name: "the client's host", target: '/kept', host: 'a.com:81', route: 'kept', upstream: { host: 'a.com:81' } },
      {
        name: 'the prefix that was stripped',
        target: '/own/x?y',
        route: 'own',
        upstream: { 'x-forwarded-prefix': '/own', 'x-forwarded-path': '/own/x', 'x-forwarded-host': 'gateway.test' },
      },
      {
        name: 'no prefix where none was stripped',
        target: '/whole/x',
        route: 'whole',
        sends: '/whole/x',
        upstream: { 'x-forwarded-prefix': undefined, 'x-forwarded-path': '/whole/x' },
      },
      { name: 'what a regex matched', target: '/r/1/x', route: 'regex', upstream: { 'x-forwarded-prefix': '/r/1' } },
      {
        name: 'what an untrusted peer says is not believed',
        target: '/own',
        headers: [
          ['X-Forwarded-Prefix', '/lie'],
          ['X-Forwarded-Host', 'lie.test'],
          ['X-Forwarded-Proto', 'https'],
        ],
        route: 'own',
        upstream: { 'x-forwarded-prefix': '/own', 'x-forwarded-host': 'gateway.test', 'x-forwarded-proto': 'http' },
      },
      {
        name: 'the scheme of the connection',
        target: '/own',
        serverName: 'gateway.test',
        route: 'own',
        upstream: { 'x-forwarded-proto': 'https' },
      },
    ],
  },
  {
    name: 'routes for https alone',
    routes: [
      { name: '426', paths: ['/426'], protocols: ['https'] },
      ...redirects.map((status) => ({
        name: String(status),
        paths: [`/${status}`],
        protocols: ['https'],
        https_redirect_status_code: status,
      })),
      { name: 'http', paths: ['/http'], protocols: ['http'] },
    ],
    cases: [
      {
        name: 'plain HTTP is told to upgrade',
        target: '/426/x',
        route: '426',
        status: 426,
        message: 'Please use HTTPS protocol',
        answer: { upgrade: 'TLS/1.2, HTTP/1.1' },
      },
      ...redirects.map((status) => ({
        name: `or is redirected with ${status}, path and query as they were`,
        target: `/${status}/a%2fb/../c?x=%20&y`,
        host: 'a.com:8000',
        route: String(status),
        status,
        answer: { location: `https://a.com/${status}/a%2fb/../c?x=%20&y`, 'content-length': '0' },
      })),
      { name: 'over TLS they answer', target: '/426/x', serverName: 'a.com', route: '426', sends: '/x' },
      { name: 'redirecting ones too', target: '/301/x', serverName: 'a.com', route: '301', sends: '/x' },
      {
        name: 'a trusted peer says that its client came over TLS',
        target: '/426/x',
        from: trustedPeer,
        headers: [['X-Forwarded-Proto', 'https']],
        route: '426',
        sends: '/x',
      },
      {
        name: 'anybody else may say so in vain',
        target: '/426/x',
        headers: [['X-Forwarded-Proto', 'https']],
        route: '426',
        status: 426,
      },
      {
        name: 'a trusted peer names the host of the redirect',
        target: '/302/x',
        from: trustedPeer,
        headers: [['X-Forwarded-Host', 'public.test']],
        route: '302',
        status: 302,
        answer: { location: 'https://public.test/302/x' },
      },
      {
        name: 'anybody else does not',
        target: '/302/x',
        headers: [['X-Forwarded-Host', 'public.test']],
        route: '302',
        status: 302,
        answer: { location: 'https://gateway.test/302/x' },
      },
      { name: 'a route for http alone serves TLS as well', target: '/http/x', serverName: 'a.com', route: 'http' },
      { name: 'and plain HTTP', target: '/http/x', route: 'http', sends: '/x' },
    ],
  },
];
