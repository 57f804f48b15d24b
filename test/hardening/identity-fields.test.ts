import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readStrictRequest, valuesOf } from '../support/strict-grammar.ts';
import { type Bench, onlyResponse, startBench } from './bench.ts';
import { host } from './cases/refused.ts';

const owned = ['x-consumer-id', 'x-consumer-username', 'x-consumer-custom-id', 'x-credential-identifier'];

/** What a client adds to a request that is good otherwise. */
const tricks: readonly (readonly [name: string, lines: string])[] = [
  ['nothing', ''],
  ['the fields themselves', owned.map((name) => `${name}: root\r\n`).join('')],
  ['the fields with underscores', owned.map((name) => `${name.replaceAll('-', '_')}: root\r\n`).join('')],
  ['the fields in capitals, twice', owned.map((name) => `${name.toUpperCase()}: root\r\n`.repeat(2)).join('')],
  ['Connection that names the fields', `Connection: ${owned.join(', ')}\r\n`],
  ['Connection that names them one by one', owned.map((name) => `Connection: ${name}\r\n`).join('')],
  ['Connection that names them with underscores', `Connection: ${owned.join(',').replaceAll('-', '_')}\r\n`],
  ['both', `X-Consumer-ID: root\r\nConnection: x-consumer-id, X-Consumer-Username, host, via, x-forwarded-for\r\n`],
  ['an empty field', 'X-Consumer-Username:\r\nX-Anonymous-Consumer: true\r\n'],
];

for (const workers of [1, 2]) {
  describe(`who called, in the words of the gateway alone, workers: ${workers}`, () => {
    let bench: Bench;
    let consumer: string;
    before(async () => {
      bench = await startBench(workers);
      await bench.admin.must('POST', '/services/raw/routes', { name: 'keyed', paths: ['/keyed'], strip_path: false });
      await bench.admin.must('POST', '/routes/keyed/plugins', { name: 'key-auth', config: { hide_credentials: true } });
      const made = await bench.admin.must('POST', '/consumers', { username: 'alice', custom_id: 'alice-1' });
      consumer = String(made?.['id']);
      await bench.admin.must('POST', '/consumers/alice/key-auth', { key: 'key-of-alice' });
    });
    after(() => bench.stop());

    for (const [name, lines] of tricks) {
      test(`${name} beside a good key changes nothing of it`, async () => {
        const client = bench.connect();
        client.send(`GET /keyed HTTP/1.1\r\n${host}apikey: key-of-alice\r\n${lines}Connection: close\r\n\r\n`);
        assert.equal(onlyResponse(await client.toEnd()).status, 200);
        client.destroy();
        const reading = readStrictRequest(bench.upstream.take());
        assert.ok(reading.kind === 'whole');
        const { fields } = reading.message;
        assert.deepEqual(valuesOf(fields, 'x-consumer-id'), [consumer]);
        assert.deepEqual(valuesOf(fields, 'x-consumer-username'), ['alice']);
        assert.deepEqual(valuesOf(fields, 'x-consumer-custom-id'), ['alice-1']);
        assert.equal(valuesOf(fields, 'x-credential-identifier').length, 1);
        assert.deepEqual(valuesOf(fields, 'x-forwarded-for'), ['127.0.0.1']);
        assert.equal(valuesOf(fields, 'host').length, 1);
        assert.ok(
          !fields.some(([field, value]) => field.includes('_') || /root|key-of-alice/.test(value)),
          `${fields}`,
        );
        assert.deepEqual(valuesOf(fields, 'x-anonymous-consumer'), []);
      });

      test(`${name} without a key is refused, and unseen`, async () => {
        const client = bench.connect();
        client.send(`GET /keyed HTTP/1.1\r\n${host}${lines}Connection: close\r\n\r\n`);
        assert.equal(onlyResponse(await client.toEnd()).status, 401);
        client.destroy();
        assert.equal(await bench.settled(), '');
      });
    }
  });
}
