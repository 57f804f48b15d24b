import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { allResponses, type Bench, fieldOf, forwarded, onlyResponse, startBench } from './bench.ts';
import { chunkCases } from './cases/chunks.ts';
import { fieldCases } from './cases/fields.ts';
import { framingCases } from './cases/framing.ts';
import { head, host, type RefusedCase, smuggled } from './cases/refused.ts';
import { requestLineCases } from './cases/request-line.ts';

const groups: readonly (readonly [name: string, cases: readonly RefusedCase[]])[] = [
  ['lengths', framingCases],
  ['chunks', chunkCases],
  ['request lines', requestLineCases],
  ['fields', fieldCases],
];

test('there are at least two hundred cases, each with a name of its own', () => {
  const names = groups.flatMap(([group, cases]) => cases.map(({ name }) => `${group}: ${name}`));
  assert.ok(names.length >= 200, `${names.length}`);
  assert.equal(new Set(names).size, names.length);
});

for (const workers of [1, 2]) {
  describe(`what is refused, workers: ${workers}`, () => {
    let bench: Bench;
    before(async () => {
      bench = await startBench(workers);
    });
    after(() => bench.stop());

    for (const [group, cases] of groups) {
      describe(`because of its ${group}`, () => {
        for (const { name, bytes, status } of cases) {
          test(`${name}: ${status}, connection closed, nothing at the upstream`, async () => {
            const client = bench.connect();
            client.send(bytes);
            const response = onlyResponse(await client.toEnd());
            client.destroy();
            assert.equal(response.status, status);
            assert.equal(fieldOf(response, 'connection'), 'close');
            assert.equal(await bench.settled(), '');
          });
        }
      });
    }

    test('a refused request between good ones ends the connection behind the good one before it', async () => {
      for (const bad of [
        head('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'),
        'GET /bad\r\n\r\n',
        ' \r\n\r\n',
      ]) {
        const client = bench.connect();
        client.send(`GET /one HTTP/1.1\r\n${host}\r\n${bad}${smuggled}${smuggled}`);
        const [first, second, ...more] = allResponses(await client.toEnd());
        client.destroy();
        assert.deepEqual([first?.status, first?.body, second?.status, more], [200, 'ok', 400, []]);
        assert.equal(await bench.settled(), forwarded({ line: 'GET /one HTTP/1.1', path: '/one' }));
      }
    });

    test('what follows Connection: close is not read as a request', async () => {
      const client = bench.connect();
      client.send(`GET /one HTTP/1.1\r\n${host}Connection: close\r\n\r\n${smuggled}`);
      assert.equal(onlyResponse(await client.toEnd()).status, 200);
      client.destroy();
      assert.equal(await bench.settled(), forwarded({ line: 'GET /one HTTP/1.1', path: '/one' }));
    });

    test('what follows a request of HTTP/1.0 is not read as a request', async () => {
      const client = bench.connect();
      client.send(`GET /one HTTP/1.0\r\n${host}\r\n${smuggled}`);
      assert.equal(onlyResponse(await client.toEnd()).status, 200);
      client.destroy();
      const expected = forwarded({ line: 'GET /one HTTP/1.1', path: '/one', versionMinor: 0 });
      assert.equal(await bench.settled(), expected);
    });

    test('a chunk that turns out bad behind good ones leaves the upstream with a request that never ends', async () => {
      const seen = () => bench.upstream.connections.reduce((sum, { requests }) => sum + requests, 0);
      for (const bad of ['z\r\n', `5\r\nhello!\r\n0\r\n\r\n${smuggled}`, `0\r\nHost: b\r\n\r\n${smuggled}`]) {
        const before = seen();
        const client = bench.connect();
        client.send(`${head('Transfer-Encoding: chunked\r\n')}5\r\nhello\r\n`);
        const connection = await arrival(bench, '5\r\nhello\r\n');
        client.send(bad);
        assert.equal(onlyResponse(await client.toEnd()).status, 400);
        client.destroy();
        await connection.whenClosed;
        assert.equal(seen(), before, 'no whole request arrived');
        await bench.settled();
      }
    });

    test('a client that leaves inside its body leaves the upstream with a request that never ends', async () => {
      const seen = () => bench.upstream.connections.reduce((sum, { requests }) => sum + requests, 0);
      const before = seen();
      for (const start of ['Content-Length: 10\r\n\r\nhello', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n']) {
        const client = bench.connect();
        client.send(`POST /x HTTP/1.1\r\n${host}${start}`);
        const connection = await arrival(bench, start.slice(start.indexOf('\r\n\r\n') + 4));
        client.socket.end();
        await connection.whenClosed;
        client.destroy();
      }
      assert.equal(seen(), before);
      await bench.settled();
    });
  });
}

/** Waits until an open connection of the upstream ends with this text. */
async function arrival(bench: Bench, text: string): Promise<{ readonly whenClosed: Promise<void> }> {
  const giveUp = performance.now() + 20_000;
  for (;;) {
    const found = bench.upstream.connections.find((one) => !one.closed && one.text.endsWith(text));
    if (found !== undefined) {
      const whenClosed = new Promise<void>((resolve) => found.socket.once('close', () => resolve()));
      return { whenClosed };
    }
    assert.ok(performance.now() < giveUp, `${JSON.stringify(text)} did not arrive`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
