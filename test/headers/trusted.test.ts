import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type HeaderScene, type Pairs, startHeaderScene } from './scene.ts';

/** Headers of a request of a trusted peer, and the address taken for the client's. */
type AddressCase = readonly [name: string, sent: Pairs, address: string];

const trusted = '127.0.0.0/8, 10.0.0.0/8, fd00::/8';
const list = (value: string): Pairs => [['X-Forwarded-For', value]];
const single = (value: string): Pairs => [['X-Real-IP', value]];

const fromRealIp: readonly AddressCase[] = [
  ['a trusted peer tells the client', single('192.0.2.1'), '192.0.2.1'],
  ['an IPv6 client', single('2001:DB8::1'), '2001:db8::1'],
  ['an IPv6 client in brackets with a port', single('[2001:db8::1]:80'), '2001:db8::1'],
  ['an IPv4 client with a port', single('192.0.2.1:80'), '192.0.2.1'],
  ['an IPv4 client written as IPv6', single('::ffff:192.0.2.1'), '192.0.2.1'],
  ['no address', single('unknown'), '127.0.0.1'],
  ['an empty value', single(''), '127.0.0.1'],
  ['a name', single('localhost'), '127.0.0.1'],
  ['an address with a zone', single('fe80::1%eth0'), '127.0.0.1'],
  ['half an address', single('192.0.2'), '127.0.0.1'],
  ['a number out of range', single('192.0.2.256'), '127.0.0.1'],
  ['brackets around IPv4', single('[192.0.2.1]'), '127.0.0.1'],
  ['another header', list('192.0.2.1'), '127.0.0.1'],
  ['Forwarded', [['Forwarded', 'for=192.0.2.1']], '127.0.0.1'],
];

const fromList: readonly AddressCase[] = [
  ['the last address of the list', list('6.6.6.6, 192.0.2.1'), '192.0.2.1'],
  ['the last one even where it is trusted itself', list('6.6.6.6, 10.0.0.1'), '10.0.0.1'],
  ['of several fields the last', [...list('6.6.6.6'), ...list('192.0.2.7')], '192.0.2.7'],
  ['what is told elsewhere does not count', single('192.0.2.1'), '127.0.0.1'],
];

const fromListRecursively: readonly AddressCase[] = [
  ['the last that is not trusted', list('6.6.6.6, 192.0.2.1, 10.0.0.2, 10.0.0.1'), '192.0.2.1'],
  ['the first one where all are trusted', list('10.0.0.3, 10.0.0.2, 10.0.0.1'), '10.0.0.3'],
  ['trusted ones in IPv6', list('6.6.6.6, 2001:db8::1, fd00::1, [fd00::2]:80'), '2001:db8::1'],
  ['over several fields', [...list('6.6.6.6, 192.0.2.1'), ...list('10.0.0.2')], '192.0.2.1'],
  ['nothing left of garbage', list('192.0.2.1, evil, 10.0.0.1'), '10.0.0.1'],
  ['nothing left of an empty element', list('192.0.2.1, , 10.0.0.1'), '10.0.0.1'],
  ['garbage at the end', list('192.0.2.1, evil'), '127.0.0.1'],
  ['without blanks', list('192.0.2.1,10.0.0.1'), '192.0.2.1'],
  ['a list without end is not walked to its end', list(`192.0.2.1${', 10.0.0.1'.repeat(100)}`), '10.0.0.1'],
];

const settings = {
  single: { SALLYPORT_TRUSTED_IPS: trusted, KONG_PORT_MAPS: '' },
  list: { KONG_TRUSTED_IPS: trusted, KONG_REAL_IP_HEADER: 'X-Forwarded-For' },
  recursive: { KONG_TRUSTED_IPS: trusted, KONG_REAL_IP_HEADER: 'x-forwarded-for', KONG_REAL_IP_RECURSIVE: 'on' },
  /** The peer is none of these. */
  others: { KONG_TRUSTED_IPS: '10.0.0.0/8', KONG_REAL_IP_HEADER: 'X-Forwarded-For', KONG_REAL_IP_RECURSIVE: 'on' },
} as const;

for (const workers of [1, 2]) {
  describe(`trusted peers, workers: ${workers}`, () => {
    const scenes = new Map<string, HeaderScene>();
    const at = (name: keyof typeof settings): HeaderScene => {
      const scene = scenes.get(name);
      assert.ok(scene !== undefined);
      return scene;
    };
    before(async () => {
      await Promise.all(
        Object.entries(settings).map(async ([name, env]) => {
          const scene = await startHeaderScene(workers, env);
          scenes.set(name, scene);
          await scene.route('plain');
          await scene.route('secure', { protocols: ['https'] });
        }),
      );
    });
    after(() => Promise.all([...scenes.values()].map((scene) => scene.stop())));

    for (const [setting, cases] of [
      ['single', fromRealIp],
      ['list', fromList],
      ['recursive', fromListRecursively],
    ] as const) {
      for (const [name, sent, address] of cases) {
        test(`the address of the client, ${setting}: ${name}`, async () => {
          const { answer, seen } = await at(setting).ask('/plain', { headers: sent });
          assert.equal(answer.status, 200);
          assert.equal(seen?.header('x-real-ip'), address);
        });
      }
    }

    test('peers that are not in the list tell nothing', async () => {
      for (const [, sent] of [...fromRealIp, ...fromList, ...fromListRecursively]) {
        const { seen } = await at('others').ask('/plain', { headers: sent });
        assert.equal(seen?.header('x-real-ip'), '127.0.0.1');
      }
    });

    const told: Pairs = [
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Host', 'public.test:8443'],
      ['X-Forwarded-Port', '8443'],
      ['X-Forwarded-Path', '/outer/plain'],
      ['X-Forwarded-Prefix', '/outer'],
    ];

    test('a trusted peer is believed about scheme, host, port, path and prefix', async () => {
      const { seen } = await at('single').ask('/plain', { headers: told });
      for (const [name, value] of told) assert.equal(seen?.header(name.toLowerCase()), value, name);
    });

    test('what a trusted peer does not tell is found out here', async () => {
      const { seen } = await at('single').ask('/plain/x', { headers: single('192.0.2.1') });
      assert.equal(seen?.header('x-forwarded-for'), '192.0.2.1');
      assert.equal(seen?.header('x-forwarded-proto'), 'http');
      assert.equal(seen?.header('x-forwarded-host'), 'gw.test');
      assert.equal(seen?.header('x-forwarded-port'), String(at('single').proxyPort));
      assert.equal(seen?.header('x-forwarded-path'), '/plain/x');
      assert.equal(seen?.header('x-forwarded-prefix'), '/plain');
    });

    test('the peer joins the list it came with', async () => {
      const { seen } = await at('recursive').ask('/plain', { headers: list('192.0.2.1, 10.0.0.1') });
      assert.equal(seen?.header('x-forwarded-for'), '192.0.2.1, 10.0.0.1, 127.0.0.1');
    });

    for (const [sent, scheme] of [
      ['https', 'https'],
      ['HTTPS', 'https'],
      ['https, https', 'https'],
      ['https,http', 'http'],
      ['http, https', 'http'],
      ['ftp', 'http'],
      ['https evil', 'http'],
      ['', 'http'],
    ] as const) {
      test(`X-Forwarded-Proto "${sent}" of a trusted peer means ${scheme}`, async () => {
        const headers: Pairs = [['X-Forwarded-Proto', sent]];
        const { seen } = await at('single').ask('/plain', { headers });
        assert.equal(seen?.header('x-forwarded-proto'), scheme);
        const secure = await at('single').ask('/secure', { headers });
        assert.equal(secure.answer.status, scheme === 'https' ? 200 : 426);
      });
    }

    test('schemes that contradict each other are http', async () => {
      const headers: Pairs = [
        ['X-Forwarded-Proto', 'https'],
        ['X-Forwarded-Proto', 'http'],
      ];
      assert.equal((await at('single').ask('/secure', { headers })).answer.status, 426);
    });

    test('a port that is none is not passed on', async () => {
      for (const port of ['0', '65536', '80x', '-1', '']) {
        const { seen } = await at('single').ask('/plain', { headers: [['X-Forwarded-Port', port]] });
        assert.equal(seen?.header('x-forwarded-port'), String(at('single').proxyPort), port);
      }
    });

    test('Forwarded of a trusted peer goes on with this hop at its end', async () => {
      const { seen } = await at('single').ask('/plain', {
        headers: [
          ['Forwarded', 'for=192.0.2.1;proto=https'],
          ['Forwarded', 'for="[fd00::1]"'],
        ],
      });
      assert.equal(seen?.header('forwarded'), 'for=192.0.2.1;proto=https, for="[fd00::1]", for=127.0.0.1;proto=http');
    });

    test('spellings with underscores are nothing that a trusted peer says', async () => {
      const headers = told.map(([name, value]) => [name.replaceAll('-', '_'), value] as const);
      const { seen } = await at('single').ask('/plain', { headers: [...headers, ['X_Real_IP', '6.6.6.6']] });
      assert.equal(seen?.header('x-real-ip'), '127.0.0.1');
      assert.equal(seen?.header('x-forwarded-proto'), 'http');
      assert.ok(!seen?.fields.some(([name]) => name.includes('_')));
    });

    test('an https route is not reached by saying so', async () => {
      const { answer, seen } = await at('others').ask('/secure', { headers: told });
      assert.equal(answer.status, 426);
      assert.equal(seen, undefined);
    });
  });
}
