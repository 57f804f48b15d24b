import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { peerIsMissing } from '../support/peers.ts';
import { RawClient } from '../support/raw-client.ts';
import { RecordingUpstream } from '../support/recording-upstream.ts';
import { type ProtocolPlace, runProgram, startProtocolPlace } from './place.ts';

/** What goes to the client for what came from the upstream: the head's fields that matter, and every byte behind it. */
interface Case {
  readonly name: string;
  readonly method: string;
  readonly answer: string;
  readonly status: number;
  readonly length?: string;
  readonly chunked?: boolean;
  readonly body: string;
}

const cases: readonly Case[] = [
  {
    name: 'HEAD with a length',
    method: 'HEAD',
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n',
    status: 200,
    length: '10',
    body: '',
  },
  {
    name: 'HEAD in chunks',
    method: 'HEAD',
    answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    status: 200,
    chunked: true,
    body: '',
  },
  { name: '204', method: 'GET', answer: 'HTTP/1.1 204 No Content\r\n\r\n', status: 204, body: '' },
  {
    name: '204 with a length',
    method: 'GET',
    answer: 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n',
    status: 204,
    body: '',
  },
  { name: '304', method: 'GET', answer: 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n', status: 304, body: '' },
  {
    name: '304 with the length of what was not sent',
    method: 'GET',
    answer: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n',
    status: 304,
    length: '10',
    body: '',
  },
  {
    name: 'a length',
    method: 'GET',
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    status: 200,
    length: '5',
    body: 'hello',
  },
  {
    name: 'chunks',
    method: 'GET',
    answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    status: 200,
    chunked: true,
    body: '5\r\nhello\r\n0\r\n\r\n',
  },
  {
    name: 'HTTP/1.0 with a length',
    method: 'GET',
    answer: 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    status: 200,
    length: '5',
    body: 'hello',
  },
  {
    name: '100 and 102 before the answer',
    method: 'GET',
    answer:
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok',
    status: 201,
    length: '2',
    body: 'ok',
  },
];

for (const workers of [1, 2]) {
  describe(`answers as they pass, workers: ${workers}`, () => {
    let place: ProtocolPlace;
    let upstream: RecordingUpstream;
    let path: string;
    before(async () => {
      [place, upstream] = await Promise.all([startProtocolPlace(workers), new RecordingUpstream().start()]);
      path = await place.route(upstream.url, { read_timeout: 10_000, retries: 0 });
    });
    after(async () => {
      await place.stop();
      await upstream.stop();
    });

    async function exchange(text: string, end: RegExp): Promise<RawClient> {
      const client = new RawClient(place.port);
      client.send(text);
      await client.until(String(end), () => end.test(client.text));
      return client;
    }

    for (const { name, method, answer, status, length, chunked, body } of cases) {
      test(`${name}: the framing is right and the connection goes on`, async () => {
        upstream.answer = answer;
        const asked = `${method} ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
        const client = await exchange(asked, /\r\n\r\n/);
        await client.until('the body', () => client.text.endsWith(`\r\n\r\n${body}`));
        const head = client.text.slice(0, client.text.indexOf('\r\n\r\n') + 2);
        assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} `));
        assert.equal(/\r\nContent-Length: (\d+)\r\n/i.exec(head)?.[1], length);
        assert.equal(/\r\nTransfer-Encoding: chunked\r\n/i.test(head), chunked === true);
        const first = client.text.length;
        upstream.answer = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext';
        client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
        await client.receive('\r\n\r\nnext');
        assert.match(client.text.slice(first), /^HTTP\/1\.1 200 OK\r\n/);
        client.destroy();
      });
    }

    test('early hints reach a client of HTTP/1.1 with their links, before the answer', async () => {
      upstream.answer = ({ socket }) => {
        socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nSet-Cookie: no=1\r\n\r\n');
        setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'), 200);
      };
      const hints: Record<string, unknown>[] = [];
      const asked = httpRequest({ port: place.port, path, agent: false });
      asked.on('information', ({ statusCode, headers }) => void hints.push({ statusCode, headers }));
      asked.end();
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      response.resume();
      assert.equal(response.statusCode, 200);
      assert.deepEqual(hints, [{ statusCode: 103, headers: { link: '</a.css>; rel=preload' } }]);
      const old = await exchange(`GET ${path} HTTP/1.0\r\nHost: a\r\n\r\n`, /ok$/);
      assert.doesNotMatch(old.text, /103/);
      old.destroy();
    });

    test('trailers of an answer reach who asks for them', async () => {
      upstream.answer =
        'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n';
      const asking = await exchange(
        `GET ${path} HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n`,
        /0\r\nX-Sum: 7\r\n\r\n$/,
      );
      assert.match(upstream.take(), /\r\nTE: trailers\r\nConnection: keep-alive, TE\r\n/);
      const silent = await exchange(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`, /0\r\n\r\n$/);
      assert.doesNotMatch(silent.text, /X-Sum: 7/);
      asking.destroy();
      silent.destroy();
    });

    test('trailers of a request reach the upstream, but for names the gateway speaks under', async () => {
      upstream.answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
      upstream.take();
      const client = await exchange(
        `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\nX-Forwarded-For: 1.2.3.4\r\nX-Consumer-ID: me\r\nAuthorization: x\r\n\r\n`,
        /ok$/,
      );
      const seen = upstream.take();
      assert.match(seen, /\r\n0\r\nX-Sum: 7\r\n\r\n$/);
      assert.doesNotMatch(seen, /1\.2\.3\.4|x-consumer|authorization/i);
      client.destroy();
    });

    test('a client that expects 100 is told to go on, and the upstream is not asked again', async () => {
      upstream.answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
      upstream.take();
      const client = await exchange(
        `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n`,
        /^HTTP\/1\.1 100 Continue\r\n\r\n$/,
      );
      client.send('abc');
      await client.receive('\r\n\r\nok');
      assert.doesNotMatch(upstream.take(), /expect/i);
      client.destroy();
    });

    test('a POST that the upstream read and did not answer is sent once', async () => {
      const path2 = await place.route(upstream.url, { retries: 5 });
      upstream.answer = ({ socket }) => socket.destroy();
      upstream.take();
      const client = await exchange(
        `POST ${path2} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc`,
        /^HTTP\/1\.1 502 /,
      );
      client.destroy();
      assert.equal(upstream.take().split('POST ').length - 1, 1);
      const again = await exchange(`GET ${path2} HTTP/1.1\r\nHost: a\r\n\r\n`, /^HTTP\/1\.1 502 /);
      again.destroy();
      // One more when a kept connection was tried first.
      assert.ok([6, 7].includes(upstream.take().split('GET ').length - 1));
    });

    test('an upgrade that the upstream answers with 200 smuggles nothing', async () => {
      upstream.answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno';
      upstream.take();
      const hidden = 'GET /hidden HTTP/1.1\r\nHost: internal\r\n\r\n';
      const client = await exchange(
        `GET ${path} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: eA==\r\n\r\n${hidden}`,
        /no[\s\S]*HTTP\/1\.1 404 /,
      );
      assert.doesNotMatch(upstream.take(), /hidden/);
      client.destroy();
    });
  });
}

describe('curl', () => {
  let place: ProtocolPlace;
  let upstream: RecordingUpstream;
  let path: string;
  before(async () => {
    [place, upstream] = await Promise.all([startProtocolPlace(1), new RecordingUpstream().start()]);
    path = await place.route(upstream.url);
  });
  after(async () => {
    await place.stop();
    await upstream.stop();
  });

  const forms: readonly { name: string; args: readonly string[]; secure?: boolean; output: RegExp }[] = [
    { name: 'asks over TLS', args: ['-k', '-i'], secure: true, output: /^HTTP\/1\.1 200 OK\r\n[\s\S]*ok$/ },
    { name: 'speaks HTTP/1.0', args: ['-0', '-i'], output: /^HTTP\/1\.1 200 OK\r\n[\s\S]*Connection: close[\s\S]*ok$/ },
    { name: 'asks with HEAD', args: ['-I'], output: /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n$/ },
    {
      name: 'waits for 100 before a large body',
      args: ['-i', '-H', 'Expect: 100-continue', '--data-binary', 'x'.repeat(100_000)],
      output: /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[\s\S]*ok$/,
    },
    {
      name: 'sends a body of unknown length',
      args: ['-i', '-T', '-', '-X', 'POST'],
      output: /HTTP\/1\.1 200 OK\r\n[\s\S]*ok$/,
    },
  ];
  for (const { name, args, secure = false, output } of forms) {
    test(name, async () => {
      upstream.answer = (connection, request) =>
        connection.socket.write(
          request.method === 'HEAD'
            ? 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'
            : 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
        );
      const url = secure ? `https://127.0.0.1:${place.tlsPort}${path}` : `http://127.0.0.1:${place.port}${path}`;
      const result = await runProgram('curl', ['-s', '--max-time', '20', ...args, url], 'a body from a pipe');
      if (result === undefined) {
        peerIsMissing('curl', 'curl');
        return;
      }
      assert.equal(result.status, 0, result.errors);
      assert.match(result.output, output);
    });
  }
});
