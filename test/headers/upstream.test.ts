import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type HeaderScene, type Pairs, startHeaderScene } from './scene.ts';

/** Headers of a request, and what the upstream must get: a value, or undefined for no such field. */
type Case = readonly [name: string, sent: Pairs, expected: Readonly<Record<string, string | undefined>>];

const spoofed: Pairs = [
  ['X-Real-IP', '6.6.6.6'],
  ['X-Forwarded-Proto', 'https'],
  ['X-Forwarded-Host', 'evil.test'],
  ['X-Forwarded-Port', '1'],
  ['X-Forwarded-Path', '/evil'],
  ['X-Forwarded-Prefix', '/evil'],
];

const untrusted: readonly Case[] = [
  ['the address of the client is that of the connection', [], { 'x-real-ip': '127.0.0.1' }],
  ['X-Forwarded-For begins with the client', [], { 'x-forwarded-for': '127.0.0.1' }],
  [
    'X-Forwarded-For grows even for peers that are not believed',
    [['X-Forwarded-For', '6.6.6.6']],
    { 'x-forwarded-for': '6.6.6.6, 127.0.0.1', 'x-real-ip': '127.0.0.1' },
  ],
  [
    'several X-Forwarded-For become one, none is lost',
    [
      ['X-Forwarded-For', '1.1.1.1'],
      ['X-Forwarded-For', '2.2.2.2, 3.3.3.3'],
    ],
    { 'x-forwarded-for': '1.1.1.1, 2.2.2.2, 3.3.3.3, 127.0.0.1' },
  ],
  ['an empty X-Forwarded-For counts as none', [['X-Forwarded-For', '']], { 'x-forwarded-for': '127.0.0.1' }],
  ['garbage in X-Forwarded-For stays garbage', [['X-Forwarded-For', '<x>']], { 'x-forwarded-for': '<x>, 127.0.0.1' }],
  ['the scheme is that of the connection', [], { 'x-forwarded-proto': 'http' }],
  ['the host is the one asked for', [], { 'x-forwarded-host': 'gw.test' }],
  ['the host comes without its port', [['Host', 'gw.test:81']], { 'x-forwarded-host': 'gw.test' }],
  ['an IPv6 host keeps its brackets', [['Host', '[::1]:81']], { 'x-forwarded-host': '[::1]' }],
  ['the path is the one asked for', [], { 'x-forwarded-path': '/plain/a' }],
  ['the stripped prefix is told', [], { 'x-forwarded-prefix': '/plain' }],
  [
    'nothing that an unknown peer says about itself is believed',
    spoofed,
    {
      'x-real-ip': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'gw.test',
      'x-forwarded-path': '/plain/a',
      'x-forwarded-prefix': '/plain',
    },
  ],
  [
    'nor with underscores',
    spoofed.map(([name, value]) => [name.replaceAll('-', '_'), value] as const),
    { x_real_ip: undefined, x_forwarded_proto: undefined, x_forwarded_host: undefined, x_forwarded_path: undefined },
  ],
  [
    'nor in odd spellings',
    spoofed.map(([name, value]) => [name.toLowerCase().replace('-', '_').toUpperCase(), value] as const),
    { 'x_real-ip': undefined, 'x_forwarded-proto': undefined, 'x_forwarded-host': undefined, 'x-real-ip': '127.0.0.1' },
  ],
  [
    'nor twice',
    [...spoofed, ...spoofed],
    { 'x-real-ip': '127.0.0.1', 'x-forwarded-proto': 'http', 'x-forwarded-host': 'gw.test' },
  ],
  ['X_Forwarded_For does not get through', [['X_Forwarded_For', '6.6.6.6']], { x_forwarded_for: undefined }],
  ['Forwarded of an unknown peer is dropped', [['Forwarded', 'for=6.6.6.6;proto=https']], { forwarded: undefined }],
  ['Via names the gateway', [], { via: /^1\.1 sallyport\/\S+$/.source }],
  [
    'Via grows',
    [
      ['Via', '1.0 fred'],
      ['Via', '1.1 joe'],
    ],
    { via: /^1\.0 fred, 1\.1 joe, 1\.1 sallyport\/\S+$/.source },
  ],
  ['the request id is told', [], { 'x-kong-request-id': /^[0-9a-f]{32}$/.source }],
  [
    "the request id is never the client's",
    [['X-Kong-Request-Id', 'mine']],
    { 'x-kong-request-id': /^[0-9a-f]{32}$/.source },
  ],
  ['Proxy never gets through (httpoxy)', [['Proxy', 'http://evil.test']], { proxy: undefined }],
  ['Proxy-Connection is of one connection', [['Proxy-Connection', 'keep-alive']], { 'proxy-connection': undefined }],
  ['Keep-Alive is of one connection', [['Keep-Alive', 'timeout=5']], { 'keep-alive': undefined }],
  [
    'Upgrade to something unknown is not asked for',
    [
      ['Upgrade', 'h2c'],
      ['Connection', 'Upgrade, close'],
    ],
    { upgrade: undefined },
  ],
  ['TE is not passed as it is', [['TE', 'gzip']], { te: undefined }],
  [
    'TE trailers is asked for',
    [
      ['TE', 'trailers'],
      ['Connection', 'TE, close'],
    ],
    { te: 'trailers' },
  ],
  [
    'TE trailers beside others',
    [
      ['TE', 'gzip, trailers;q=0.5'],
      ['Connection', 'TE, close'],
    ],
    { te: 'trailers' },
  ],
  ['Expect is answered here', [['Expect', '100-continue']], { expect: undefined }],
  [
    'fields named in Connection stay behind',
    [
      ['X-Hop', '1'],
      ['Connection', 'close, X-Hop'],
    ],
    { 'x-hop': undefined },
  ],
  [
    'in any case',
    [
      ['X-Hop', '1'],
      ['Connection', 'close'],
      ['Connection', 'x-HOP'],
    ],
    { 'x-hop': undefined },
  ],
  [
    'end-to-end fields stay',
    [
      ['X-Kept', 'a'],
      ['X-Kept', 'b'],
    ],
    { 'x-kept': 'a | b' },
  ],
  ['latin1 values stay as they are', [['X-Kept', 'caf\u00e9']], { 'x-kept': 'caf\u00e9' }],
  ...[
    'Authorization',
    'Cookie',
    'Content-Type',
    'Range',
    'Origin',
    'If-Match',
    'X-Api-Key',
    'DPoP',
    'Sec-Fetch-Site',
  ].map(
    (name): Case => [
      `Connection cannot make ${name} disappear`,
      [
        [name, 'kept'],
        ['Connection', `close, ${name}`],
      ],
      { [name.toLowerCase()]: 'kept' },
    ],
  ),
  ...['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Real-IP', 'Via', 'X-Kong-Request-Id', 'Host'].map(
    (name): Case => [
      `Connection cannot make ${name} disappear`,
      [['Connection', `close, ${name}`]],
      { [name.toLowerCase()]: /./.source },
    ],
  ),
  ...[
    'X-Consumer-ID',
    'x_consumer_username',
    'X-Consumer_Custom-ID',
    'X-CONSUMER-GROUPS',
    'X-Credential_Identifier',
    'X-Anonymous-Consumer',
    'x_authenticated-groups',
  ].map(
    (name): Case => [
      `${name} is never the client's`,
      [
        [name, 'evil'],
        [name, 'evil'],
      ],
      { [name.toLowerCase()]: undefined },
    ],
  ),
];

for (const workers of [1, 2]) {
  describe(`headers to the upstream, workers: ${workers}`, () => {
    let scene: HeaderScene;
    before(async () => {
      scene = await startHeaderScene(workers);
      await scene.route('plain');
      await scene.route('kept', { strip_path: false, preserve_host: true });
    });
    after(() => scene.stop());

    for (const [name, sent, expected] of untrusted) {
      test(name, async () => {
        const { answer, seen } = await scene.ask('/plain/a', { headers: sent });
        assert.equal(answer.status, 200, answer.text);
        for (const [field, value] of Object.entries(expected)) check(field, seen?.header(field), value);
      });
    }

    test('the port is that of the listener', async () => {
      const { seen } = await scene.ask('/plain', { headers: spoofed });
      assert.equal(seen?.header('x-forwarded-port'), String(scene.proxyPort));
    });

    test('the path is told as it came, without its query', async () => {
      const { seen } = await scene.ask('/plain/%61/b%2Fc?x=1&y');
      assert.equal(seen?.header('x-forwarded-path'), '/plain/%61/b%2Fc');
      assert.equal(seen?.url, '/a/b%2Fc?x=1&y');
    });

    test('a route that strips nothing has no prefix to tell', async () => {
      const { seen } = await scene.ask('/kept/x', { headers: [['X-Forwarded-Prefix', '/evil']] });
      assert.equal(seen?.header('x-forwarded-prefix'), undefined);
      assert.equal(seen?.url, '/kept/x');
    });

    test('Host is the service, or what the client sent to the letter', async () => {
      const plain = await scene.ask('/plain', { headers: [['Host', 'GW.test:81']] });
      assert.equal(plain.seen?.header('host'), `127.0.0.1:${scene.upstreamPort}`);
      const kept = await scene.ask('/kept', { headers: [['Host', 'GW.test:81']] });
      assert.equal(kept.seen?.header('host'), 'GW.test:81');
    });

    test('the same connection tells each host, also after another', async () => {
      const hosts = ['one.test', 'two.test', 'one.test'];
      const answers = await Promise.all(hosts.map((host) => scene.ask('/plain', { headers: [['Host', host]] })));
      assert.deepEqual(
        answers.map(({ seen }) => seen?.header('x-forwarded-host')),
        hosts,
      );
    });

    test('an old client is told as such in Via', async () => {
      const { seen } = await scene.askRaw('GET /plain HTTP/1.0\r\nHost: gw.test\r\n');
      assert.match(seen?.header('via') ?? '', /^1\.0 sallyport\/\S+$/);
    });
  });
}

/** `expected` is a value, or a regular expression that begins with `^` or is a dot. */
function check(field: string, actual: string | undefined, expected: string | undefined): void {
  if (expected !== undefined && /^(\^|\.$)/.test(expected)) assert.match(actual ?? '', new RegExp(expected), field);
  else assert.equal(actual, expected, field);
}
