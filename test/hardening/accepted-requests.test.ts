import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { allResponses, type Bench, forwarded, onlyResponse, startBench } from './bench.ts';
import { acceptedCases } from './cases/accepted.ts';
import { host } from './cases/refused.ts';

test('there are at least sixty cases, each with a name of its own', () => {
  const names = acceptedCases.map(({ name }) => name);
  assert.ok(names.length >= 60, `${names.length}`);
  assert.equal(new Set(names).size, names.length);
});

for (const workers of [1, 2]) {
  describe(`the very bytes that reach the upstream, workers: ${workers}`, () => {
    let bench: Bench;
    before(async () => {
      bench = await startBench(workers);
    });
    after(() => bench.stop());

    for (const { name, bytes, upstream } of acceptedCases) {
      test(`for a request with ${name}`, async () => {
        const client = bench.connect();
        client.send(bytes);
        const responses = allResponses(await client.toEnd(), [/^[A-Z]+/.exec(bytes)?.[0] ?? 'GET']);
        client.destroy();
        assert.ok(responses.length > 0);
        for (const { status } of responses) assert.equal(status, 200);
        assert.equal(await bench.settled(), upstream);
      });
    }

    test('a request that comes byte for byte reaches the upstream like one that comes at once', async () => {
      const client = bench.connect();
      const bytes = `POST /slow?q HTTP/1.1\r\n${host}X-A: 1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`;
      for (const character of bytes) {
        client.send(character);
        await new Promise((resolve) => setImmediate(resolve));
      }
      client.send('5\r\nhello\r\n0\r\n\r\n');
      assert.equal(onlyResponse(await client.toEnd()).status, 200);
      client.destroy();
      const expected = forwarded({
        line: 'POST /slow?q HTTP/1.1',
        path: '/slow',
        fields: 'X-A: 1\r\n',
        framing: 'Transfer-Encoding: chunked\r\n',
        body: '5\r\nhello\r\n0\r\n\r\n',
      });
      assert.equal(await bench.settled(), expected);
    });

    test('a client that waits for 100 Continue is told to go on, and the upstream does not hear of it', async () => {
      const client = bench.connect();
      client.send(`POST /x HTTP/1.1\r\n${host}Expect: 100-Continue\r\nContent-Length: 5\r\nConnection: close\r\n\r\n`);
      await client.receive('HTTP/1.1 100 Continue\r\n\r\n');
      client.send('hello');
      assert.equal(onlyResponse(await client.toEnd(), 'POST').status, 200);
      client.destroy();
      const framing = 'Content-Length: 5\r\n';
      const expected = forwarded({ line: 'POST /x HTTP/1.1', path: '/x', framing, body: 'hello' });
      assert.equal(await bench.settled(), expected);
    });

    test('OPTIONS with an asterisk is answered here, since no route has it', async () => {
      const client = bench.connect();
      client.send(`OPTIONS * HTTP/1.1\r\n${host}Connection: close\r\n\r\n`);
      assert.equal(onlyResponse(await client.toEnd(), 'OPTIONS').status, 404);
      client.destroy();
      assert.equal(await bench.settled(), '');
    });

    test('a request of HTTP/1.0 without a Host is served, and the upstream is told no host of the client', async () => {
      const client = bench.connect();
      client.send('GET /x HTTP/1.0\r\n\r\n');
      assert.equal(onlyResponse(await client.toEnd()).status, 200);
      client.destroy();
      const text = await bench.settled();
      assert.match(text, /^GET \/x HTTP\/1\.1\r\nHost: UPSTREAM\r\n/);
      assert.doesNotMatch(text, /a\.example/);
    });
  });
}
