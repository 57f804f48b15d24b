import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { askServer } from './ask-server.ts';
import { Resolver, type ResolverOptions } from './resolver.ts';
import { parseHostsFile } from './system-files.ts';
import { startTestDnsServer, type TestDnsServer } from './testing-dns-server.ts';

const ask = { timeoutMs: 300, randomId: () => 4711 };

describe('names', () => {
  let server: TestDnsServer;
  before(async () => {
    server = await startTestDnsServer();
  });
  after(() => server.close());
  beforeEach(() => {
    server.answers.clear();
    server.questions.length = 0;
  });

  function resolver(changed: Partial<ResolverOptions> = {}): Resolver {
    return new Resolver({
      servers: [{ host: '127.0.0.1', port: server.port }],
      search: [],
      ndots: 1,
      attempts: 1,
      order: ['LAST', 'SRV', 'A', 'CNAME'],
      hosts: new Map(),
      ask: (at, name, type) => askServer(at, name, type, ask),
      now: () => performance.now(),
      ...changed,
    });
  }

  const plain = (ip: string) => ({ ip, port: undefined, weight: 1, srvName: undefined });

  test('have the addresses of their records, for the shortest of the TTLs', async () => {
    server.answers.set('api.example A', {
      records: [
        { type: 'A', ttl: 60, address: '10.0.0.1' },
        { type: 'A', ttl: 30, address: '10.0.0.2' },
        { type: 'A', ttl: 60, address: '10.0.0.1' },
      ],
    });
    assert.deepEqual(await resolver().resolve('API.example'), {
      kind: 'found',
      addresses: [plain('10.0.0.1'), plain('10.0.0.2')],
      ttlSeconds: 30,
      from: 'A',
    });
  });

  test('are asked for type after type, the one that worked the last time first', async () => {
    const made = resolver();
    server.answers.set('api.example A', { records: [{ type: 'A', ttl: 60, address: '10.0.0.1' }] });
    await made.resolve('api.example');
    await made.resolve('api.example');
    assert.deepEqual(server.questions, ['api.example SRV', 'api.example A', 'api.example A']);
    server.questions.length = 0;
    await resolver({ order: ['A'] }).resolve('api.example');
    assert.deepEqual(server.questions, ['api.example A']);
  });

  test('with SRV records have ports and weights, of the lowest priority only', async () => {
    server.answers.set('api.example SRV', {
      records: [
        { type: 'SRV', ttl: 60, priority: 1, weight: 5, port: 8001, target: 'one.example' },
        { type: 'SRV', ttl: 20, priority: 1, weight: 0, port: 8002, target: 'two.example' },
        { type: 'SRV', ttl: 5, priority: 2, weight: 9, port: 8003, target: 'spare.example' },
      ],
    });
    server.answers.set('one.example A', {
      records: [
        { type: 'A', ttl: 90, address: '10.0.0.1' },
        { type: 'A', ttl: 90, address: '10.0.0.2' },
      ],
    });
    server.answers.set('two.example A', { records: [{ type: 'A', ttl: 90, address: '10.0.0.3' }] });
    assert.deepEqual(await resolver().resolve('api.example'), {
      kind: 'found',
      addresses: [
        { ip: '10.0.0.1', port: 8001, weight: 5, srvName: 'one.example' },
        { ip: '10.0.0.2', port: 8001, weight: 5, srvName: 'one.example' },
        { ip: '10.0.0.3', port: 8002, weight: 1, srvName: 'two.example' },
      ],
      ttlSeconds: 20,
      from: 'SRV',
    });
    assert.ok(!server.questions.includes('spare.example A'));
  });

  test('follow aliases, in one answer or in several', async () => {
    server.answers.set('www.example A', {
      records: [
        { type: 'CNAME', ttl: 10, target: 'real.example' },
        { type: 'A', ttl: 60, address: '10.0.0.1', name: 'real.example' },
      ],
    });
    assert.deepEqual(await resolver().resolve('www.example'), {
      kind: 'found',
      addresses: [plain('10.0.0.1')],
      ttlSeconds: 10,
      from: 'A',
    });
    server.answers.set('far.example', { records: [{ type: 'CNAME', ttl: 7, target: 'real.example' }] });
    server.answers.set('real.example A', { records: [{ type: 'A', ttl: 60, address: '10.0.0.9' }] });
    const far = await resolver().resolve('far.example');
    assert.ok(far.kind === 'found');
    assert.deepEqual([far.addresses[0]?.ip, far.ttlSeconds], ['10.0.0.9', 7]);
  });

  test('that are aliases of each other end as not found', async () => {
    server.answers.set('a.example', { records: [{ type: 'CNAME', ttl: 60, target: 'b.example' }] });
    server.answers.set('b.example', { records: [{ type: 'CNAME', ttl: 60, target: 'a.example' }] });
    const looped = await resolver().resolve('a.example');
    assert.notEqual(looped.kind, 'found');
  });

  test('with IPv6 addresses are found when AAAA is in the order', async () => {
    server.answers.set('six.example AAAA', {
      records: [{ type: 'AAAA', ttl: 60, groups: [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1] }],
    });
    server.answers.set('six.example A', { records: [] });
    assert.equal((await resolver().resolve('six.example')).kind, 'not_found');
    const found = await resolver({ order: ['A', 'AAAA'] }).resolve('six.example');
    assert.ok(found.kind === 'found');
    assert.equal(found.addresses[0]?.ip, '2001:db8::1');
  });

  test('that nobody knows are not found, and a server that fails is an error', async () => {
    assert.equal((await resolver().resolve('no.example')).kind, 'not_found');
    server.answers.set('broken.example', { code: 2 });
    assert.deepEqual(await resolver().resolve('broken.example'), { kind: 'error', detail: 'server failure' });
    server.answers.set('silent.example', 'silence');
    assert.deepEqual(await resolver({ order: ['A'] }).resolve('silent.example'), {
      kind: 'error',
      detail: 'no answer in time',
    });
  });

  test('are asked of the next server when one does not answer or refuses', async () => {
    server.answers.set('api.example A', { records: [{ type: 'A', ttl: 60, address: '10.0.0.1' }] });
    const other = await startTestDnsServer();
    try {
      for (const answer of ['silence', { code: 5 }] as const) {
        other.answers.set('api.example', answer);
        const found = await resolver({
          servers: [
            { host: '127.0.0.1', port: other.port },
            { host: '127.0.0.1', port: server.port },
          ],
          order: ['A'],
        }).resolve('api.example');
        assert.equal(found.kind, 'found', JSON.stringify(answer));
      }
    } finally {
      await other.close();
    }
  });

  test('are completed by the search list, before or after they are tried as they are', async () => {
    server.answers.set('api.svc.example A', { records: [{ type: 'A', ttl: 60, address: '10.0.0.1' }] });
    const options = { order: ['A'] as const, search: ['no.example', 'svc.example'] };
    assert.equal((await resolver(options).resolve('api')).kind, 'found');
    assert.deepEqual(server.questions, ['api.no.example A', 'api.svc.example A']);
    server.questions.length = 0;
    await resolver(options).resolve('api.svc');
    assert.deepEqual(server.questions, ['api.svc A', 'api.svc.no.example A', 'api.svc.svc.example A']);
    server.questions.length = 0;
    await resolver(options).resolve('api.');
    assert.deepEqual(server.questions, ['api A'], 'a name with a dot at its end is whole');
  });

  test('of the hosts file are not asked for', async () => {
    const hosts = parseHostsFile('10.1.1.1 api.example\n::2 six.example\n');
    const found = await resolver({ hosts }).resolve('api.example');
    assert.ok(found.kind === 'found' && found.from === 'hosts');
    assert.deepEqual(found.addresses, [plain('10.1.1.1')]);
    const six = await resolver({ hosts }).resolve('six.example');
    assert.ok(six.kind === 'found');
    assert.equal(six.addresses[0]?.ip, '::2');
    const local = await resolver().resolve('api.localhost');
    assert.ok(local.kind === 'found');
    assert.equal(local.addresses[0]?.ip, '127.0.0.1');
    assert.deepEqual(server.questions, []);
  });

  test('whose answer does not fit are asked for over TCP', async () => {
    const records = Array.from({ length: 200 }, (_, index) => ({
      type: 'A' as const,
      ttl: 60,
      address: `10.0.1.${index}`,
    }));
    server.answers.set('many.example A', { records, truncatedOverUdp: true });
    const found = await resolver({ order: ['A'] }).resolve('many.example');
    assert.ok(found.kind === 'found');
    assert.equal(found.addresses.length, 200);
    assert.deepEqual(server.questions, ['many.example A', 'many.example A']);
  });

  test('are not believed to somebody who guesses the question', async () => {
    server.answers.set('api.example A', {
      forgedFirst: [{ type: 'A', ttl: 60, address: '6.6.6.6' }],
      records: [{ type: 'A', ttl: 60, address: '10.0.0.1' }],
    });
    const found = await resolver({ order: ['A'] }).resolve('api.example');
    assert.ok(found.kind === 'found');
    assert.deepEqual(found.addresses, [plain('10.0.0.1')]);
  });

  test('that cannot be in a message are an error, not a fault', async () => {
    assert.equal((await resolver().resolve('a..b')).kind, 'error');
    assert.equal((await resolver().resolve('x'.repeat(64))).kind, 'error');
  });

  test('are given up when no server is there', async () => {
    const dead = await startTestDnsServer();
    await dead.close();
    const outcome = await resolver({ servers: [{ host: '127.0.0.1', port: dead.port }], order: ['A'] }).resolve(
      'api.example',
    );
    assert.equal(outcome.kind, 'error');
  });
});
