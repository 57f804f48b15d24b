import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RawClient } from '../support/raw-client.ts';
import { okAnswer, type RecordedConnection } from '../support/recording-upstream.ts';
import { readStrictResponse, valuesOf } from '../support/strict-grammar.ts';
import { eventually } from '../support/wire.ts';
import { allResponses, type Bench, onlyResponse, startBench } from './bench.ts';
import { host } from './cases/refused.ts';
import { type AnswerCase, cutOff, tooMuch, unreadable } from './cases/responses.ts';

/** Sends one request that the upstream answers as the case says, and gives the connection it answered on. */
async function ask(
  bench: Bench,
  { answer, closes, method = 'POST' }: AnswerCase,
): Promise<[RawClient, RecordedConnection]> {
  const client = bench.connect();
  const answered = new Promise<RecordedConnection>((resolve) => {
    bench.upstream.answer = (connection) => {
      bench.upstream.answer = okAnswer;
      if (closes === true) connection.socket.end(answer, 'latin1');
      else connection.socket.write(answer, 'latin1');
      resolve(connection);
    };
  });
  client.send(`${method} /x HTTP/1.1\r\n${host}Connection: close\r\n\r\n`);
  return [client, await answered];
}

const closed = (connection: RecordedConnection) =>
  eventually('the connection to the upstream is closed', () => connection.closed, 10_000);

for (const workers of [1, 2]) {
  describe(`answers of a broken upstream, workers: ${workers}`, () => {
    let bench: Bench;
    before(async () => {
      bench = await startBench(workers);
    });
    after(() => bench.stop());

    for (const one of unreadable) {
      test(`${one.name}: a 502 of our own, the connection is given up`, async () => {
        const [client, connection] = await ask(bench, one);
        const response = onlyResponse(await client.toEnd(), 'POST');
        client.destroy();
        assert.equal(response.status, 502);
        assert.deepEqual(valuesOf(response.fields, 'x-a'), []);
        assert.doesNotMatch(response.body, /hello|forged/);
        await closed(connection);
        await bench.settled();
      });
    }

    for (const one of cutOff) {
      test(`${one.name}: the client sees that the answer is not whole, the connection is given up`, async () => {
        const [client, connection] = await ask(bench, one);
        const text = await client.toEnd();
        client.destroy();
        assert.notEqual(readStrictResponse(text, { method: 'POST', closed: true }).kind, 'whole', JSON.stringify(text));
        await closed(connection);
        await bench.settled();
      });
    }

    for (const one of tooMuch) {
      test(`${one.name}: the client gets what is good, the connection is given up`, async () => {
        const [client, connection] = await ask(bench, one);
        const response = onlyResponse(await client.toEnd(), one.method ?? 'POST');
        client.destroy();
        assert.deepEqual([response.status, response.body], [one.status, one.body]);
        await closed(connection);
        await bench.settled();
      });
    }

    test('an answer without a framing ends for a client of HTTP/1.0 with the connection', async () => {
      const client = bench.connect();
      bench.upstream.answer = ({ socket }) => void socket.end('HTTP/1.1 200 OK\r\n\r\nhello');
      client.send(`GET /x HTTP/1.0\r\n${host}Connection: keep-alive\r\n\r\n`);
      const response = onlyResponse(await client.toEnd());
      client.destroy();
      assert.deepEqual([response.body, response.untilClose], ['hello', true]);
      await bench.settled();
    });

    test('an answer without a framing that breaks off reaches a client of HTTP/1.0 as a reset', async () => {
      const client = bench.connect();
      bench.upstream.answer = ({ socket }) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\nhello', () => setTimeout(() => socket.resetAndDestroy(), 100));
      };
      client.send(`GET /x HTTP/1.0\r\n${host}\r\n`);
      await client.toEnd();
      await client.until('a reset', () => client.reset);
      client.destroy();
      await bench.settled();
    });

    test('an error in the middle of an upload is an answer, and neither connection is used again', async () => {
      const client = bench.connect();
      client.send(`POST /x HTTP/1.1\r\n${host}Content-Length: 1000000\r\n\r\n${'x'.repeat(1000)}`);
      const found = await upload(bench);
      found.socket.write('HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\n\r\n');
      const response = onlyResponse(await client.toEnd(), 'POST');
      client.destroy();
      assert.equal(response.status, 413);
      await closed(found);
      await bench.settled();
    });

    test('bytes and ends that come on an idle connection concern nobody', async () => {
      for (const stray of ['x', okAnswer, 'HTTP/1.1 408 Request Timeout\r\nContent-Length: 6\r\n\r\nforged', '']) {
        const [client, connection] = await ask(bench, { name: '', answer: okAnswer });
        assert.equal(onlyResponse(await client.toEnd(), 'POST').body, 'ok');
        client.destroy();
        // The answer is read to its end before its last byte reaches the client.
        if (stray === '') connection.socket.end();
        else connection.socket.write(stray);
        await closed(connection);
        await bench.settled();
      }
    });

    test('clients side by side get their own answer or none, whatever the upstream adds to others', async (context) => {
      const bodyOf = (target: string) => `for ${target}`;
      let asked = 0;
      bench.upstream.answer = ({ socket }, { target }) => {
        asked += 1;
        const body = bodyOf(target);
        const good = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
        const forged = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged';
        const answers: readonly (() => void)[] = [
          () => socket.write(good),
          () => socket.write(good + forged),
          () => socket.write(`${good}\r\n`),
          () => socket.write(`HTTP/1.1 204 No Content\r\nContent-Length: 60\r\n\r\n${forged}`),
          () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n${body}`, () => socket.destroy()),
          () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nforged'),
          () => socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfor\r\nz\r\n${forged}`),
          () => void socket.end(good),
        ];
        answers[asked % answers.length]?.();
      };
      const counts = { own: 0, empty: 0, refused: 0, cut: 0 };
      const lane = async (name: string) => {
        for (let round = 0; round < 40; round += 1) {
          const target = `/${name}/${round}`;
          const client = bench.connect();
          client.send(`POST ${target} HTTP/1.1\r\n${host}Connection: close\r\n\r\n`);
          const text = await client.toEnd();
          client.destroy();
          assert.doesNotMatch(text, /forged/, target);
          const reading = readStrictResponse(text, { method: 'POST', closed: true });
          if (reading.kind !== 'whole') counts.cut += 1;
          else if (reading.message.status === 502) counts.refused += 1;
          else if (reading.message.status === 204) counts.empty += 1;
          else {
            assert.equal(reading.message.body, bodyOf(target));
            counts.own += 1;
          }
        }
      };
      await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(lane));
      context.diagnostic(JSON.stringify(counts));
      assert.ok(counts.own > 60 && counts.refused > 10 && counts.cut > 10, JSON.stringify(counts));
      await bench.settled();
    });

    test('requests of one connection get their answers in order, also when the upstream is slow with the first', async () => {
      bench.upstream.answer = ({ socket }, { target }) => {
        const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\n\r\n${target}`;
        setTimeout(() => socket.write(answer), target === '/1' ? 200 : 0);
      };
      const client = bench.connect();
      const request = (path: string, lines = '') => `GET ${path} HTTP/1.1\r\n${host}${lines}\r\n`;
      client.send(request('/1') + request('/2') + request('/3', 'Connection: close\r\n'));
      const bodies = allResponses(await client.toEnd()).map(({ body }) => body);
      client.destroy();
      assert.deepEqual(bodies, ['/1', '/2', '/3']);
      await bench.settled();
    });
  });
}

/** The connection on which a body of x is arriving. */
async function upload(bench: Bench): Promise<RecordedConnection> {
  let found: RecordedConnection | undefined;
  await eventually(
    'the upload arrives',
    () => {
      found = bench.upstream.connections.find((one) => !one.closed && one.text.endsWith('xxx'));
      return found !== undefined;
    },
    10_000,
  );
  assert.ok(found !== undefined);
  return found;
}
