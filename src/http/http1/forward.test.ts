import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import {
  RawClient,
  request,
  type ScriptedUpstream,
  scriptedUpstream,
  sleep,
  startGateway,
  type TestGateway,
  type UpstreamSide,
} from '../testing.ts';

type Options = Parameters<typeof startGateway>[1];

const hello = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Up: yes\r\n\r\nhello';

async function open(
  t: TestContext,
  onData: (side: UpstreamSide) => void,
  options: Options = {},
): Promise<{ client: RawClient; gateway: TestGateway; upstream: ScriptedUpstream }> {
  const upstream = await scriptedUpstream(onData);
  const gateway = await startGateway(upstream.port, options);
  const client = new RawClient(gateway.port);
  t.after(async () => {
    client.destroy();
    await gateway.close();
    await upstream.close();
  });
  return { client, gateway, upstream };
}

/** Answers every request head with `answer`. */
function answering(answer: string): (side: UpstreamSide) => void {
  const answered = new WeakMap<UpstreamSide, number>();
  return (side) => {
    for (let i = answered.get(side) ?? 0; i < side.heads(); i += 1) {
      side.socket.write(Buffer.from(answer, 'latin1'));
      answered.set(side, i + 1);
    }
  };
}

const count = (text: string, part: string): number => text.split(part).length - 1;
const kinds = (gateway: TestGateway): string[] =>
  gateway.outcomes.map((outcome) => (outcome.kind === 'failed' ? `${outcome.kind} ${outcome.fault}` : outcome.kind));

describe('a forwarded request', () => {
  it('is rebuilt, and its answer too', async (t) => {
    const { client, upstream } = await open(
      t,
      answering(
        'HTTP/1.1 404 Gone Fishing\r\nContent-Length: 5\r\nX-Up: \u00e9\r\nKeep-Alive: timeout=9\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\nhello',
      ),
    );
    client.send(
      request(
        'GET /a//b/../c?d=%zz',
        'x-ODD: 1\r\nConnection: keep-alive, X-Private\r\nX-Private: 2\r\nTE: trailers\r\n',
      ),
    );
    const answer = await client.receive('hello');
    assert.equal(
      upstream.text(),
      'GET /a/c?d=%zz HTTP/1.1\r\nHost: a.example\r\nx-ODD: 1\r\nConnection: keep-alive\r\n\r\n',
    );
    assert.match(
      answer,
      /^HTTP\/1\.1 404 Gone Fishing\r\nX-Up: \u00e9\r\nDate: [^\r]+\r\nContent-Length: 5\r\n\r\nhello$/,
    );
  });

  it('reuses one connection for many', async (t) => {
    const { client, upstream, gateway } = await open(t, answering(hello));
    client.send(request('GET /').repeat(50));
    await client.until(() => count(client.text, 'hello') === 50, 'all answers');
    assert.equal(upstream.sides.length, 1);
    assert.deepEqual(new Set(kinds(gateway)), new Set(['completed']));
    assert.ok(
      gateway.exchanges.every((one) => one.times.upstreamHeadAt >= one.times.forwardedAt && one.times.forwardedAt > 0),
    );
  });

  it('passes a body with a length, in one packet or many', async (t) => {
    const { client, upstream } = await open(t, (side) => {
      if (side.text.endsWith('END')) side.socket.write(hello);
    });
    client.send(request('POST /', 'Content-Length: 6\r\n', 'abcEND'));
    await client.receive('hello');
    client.text = '';
    client.send(request('POST /', 'Content-Length: 9\r\n', 'abc'));
    await sleep(20);
    client.send('def');
    await sleep(20);
    client.send('END');
    await client.receive('hello');
    const head = 'POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: ';
    assert.equal(
      upstream.text(),
      `${head}6\r\nConnection: keep-alive\r\n\r\nabcEND${head}9\r\nConnection: keep-alive\r\n\r\nabcdefEND`,
    );
  });

  it('passes chunks as they are but keeps trailers to itself', async (t) => {
    const { client, upstream } = await open(t, (side) => {
      if (side.text.endsWith('0\r\n\r\n')) side.socket.write(hello);
    });
    const body = '3;x=y\r\nabc\r\n1\r\nd\r\n';
    client.send(request('POST /', 'Transfer-Encoding: chunked\r\n', `${body}0\r\nX-Consumer-Id: root\r\n\r\n`));
    await client.receive('hello');
    client.text = '';
    for (const byte of request('POST /', 'Transfer-Encoding: chunked\r\n', `${body}0\r\nX-Consumer-Id: root\r\n\r\n`)) {
      client.send(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.receive('hello');
    assert.equal(
      count(upstream.text(), `Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n${body}0\r\n\r\n`),
      2,
    );
    assert.doesNotMatch(upstream.text(), /root/);
  });

  it('answers Expect: 100-continue itself', async (t) => {
    const { client, upstream } = await open(t, (side) => {
      if (side.text.endsWith('abc')) side.socket.write(hello);
    });
    client.send(request('POST /', 'Content-Length: 3\r\nExpect: 100-continue\r\n'));
    await client.receive('HTTP/1.1 100 Continue\r\n\r\n');
    client.send('abc');
    await client.receive('hello');
    assert.doesNotMatch(upstream.text(), /Expect/i);
  });

  it('sends a peeked body with a length, and a replaced one instead of it', async (t) => {
    const { client, upstream } = await open(
      t,
      (side) => {
        if (/(abcd|other)$/.test(side.text)) side.socket.write(hello);
      },
      {
        before: async (exchange) => {
          await exchange.request.body.peek(100, 500);
          if (exchange.request.path === '/replaced') exchange.request.body.replace(Buffer.from('other'));
        },
      },
    );
    client.send(request('POST /', 'Transfer-Encoding: chunked\r\n', '3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n'));
    client.send(request('POST /replaced', 'Content-Length: 4\r\n', 'abcd'));
    await client.receive(/hello[\s\S]*hello/);
    assert.match(
      upstream.text(),
      /^POST \/ [\s\S]*Content-Length: 4\r\n[\s\S]*\r\n\r\nabcdPOST \/replaced [\s\S]*Content-Length: 5\r\n[\s\S]*other$/,
    );
  });

  it('streams a body that was too large to be peeked, from its first byte', async (t) => {
    for (const chunked of [false, true]) {
      const { client, upstream } = await open(
        t,
        (side) => {
          if (/x{50}(\r\n0\r\n\r\n)?$/.test(side.text)) side.socket.write(hello);
        },
        { before: async (exchange) => void (await exchange.request.body.peek(20, 500)) },
      );
      const body = 'x'.repeat(50);
      const framed = chunked ? `32\r\n${body}\r\n0\r\n\r\n` : body;
      client.send(request('POST /', chunked ? 'Transfer-Encoding: chunked\r\n' : 'Content-Length: 50\r\n', framed));
      await client.receive('hello');
      assert.ok(upstream.text().endsWith(`\r\n\r\n${framed}`));
    }
  });

  it('is refused when its body is larger than allowed', async (t) => {
    const { client, upstream, gateway } = await open(t, () => undefined, { plan: { bodyBytesMax: 10 } });
    client.send(request('POST /', 'Content-Length: 11\r\n', 'x'.repeat(11)));
    await client.receive(/413 [\s\S]*body\.too_large/);
    assert.equal(upstream.sides.length, 0);
    client.send(request('POST /', 'Transfer-Encoding: chunked\r\n', `b\r\n${'x'.repeat(11)}\r\n0\r\n\r\n`));
    await client.receive(/413 [\s\S]*413 [\s\S]*body\.too_large/);
    assert.deepEqual(kinds(gateway), ['bad_request_body', 'bad_request_body']);
    assert.doesNotMatch(upstream.text(), /\r\n0\r\n\r\n/);
  });

  it('is refused when its chunks are malformed or too slow', async (t) => {
    const { client, upstream, gateway } = await open(t, () => undefined, { limits: { bodyTimeoutMs: 60 } });
    client.send(
      request('POST /', 'Transfer-Encoding: chunked\r\n', `3\r\nabcX\r\n0\r\n\r\n${request('GET /smuggled')}`),
    );
    assert.match(await client.end(), /^HTTP\/1\.1 400 [\s\S]*Connection: close[\s\S]*chunk\.data_end$/);
    const slow = new RawClient(gateway.port);
    t.after(() => slow.destroy());
    slow.send(request('POST /', 'Content-Length: 10\r\n', 'abc'));
    assert.match(await slow.end(), /^HTTP\/1\.1 408 [\s\S]*body\.timeout$/);
    assert.doesNotMatch(upstream.text(), /smuggled/);
  });

  it('is given up when the client leaves', async (t) => {
    const { client, upstream, gateway } = await open(t, () => undefined);
    let closed = false;
    client.send(request('GET /'));
    await client.until(
      () => upstream.sides[0] !== undefined && upstream.sides[0].heads() === 1,
      'the request upstream',
    );
    upstream.sides[0]?.socket.on('close', () => {
      closed = true;
    });
    client.destroy();
    await client.until(() => closed, 'the end of the upstream connection');
    assert.deepEqual(kinds(gateway), ['client_gone']);
  });
});

describe('answers of an upstream', () => {
  const cases: readonly (readonly [string, string, string, RegExp])[] = [
    [
      'chunks pass as they are',
      'GET',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: u\r\n\r\n',
      /Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: u\r\n\r\n$/,
    ],
    [
      'HEAD keeps the length and has no body',
      'HEAD',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
      /Content-Length: 5\r\n\r\n$/,
    ],
    [
      'HEAD keeps chunked and has no body',
      'HEAD',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
      /Transfer-Encoding: chunked\r\n\r\n$/,
    ],
    [
      '304 keeps the length and has no body',
      'GET',
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n',
      /304 Not Modified\r\n[\s\S]*Content-Length: 5\r\n\r\n$/,
    ],
    [
      '204 has neither',
      'GET',
      'HTTP/1.1 204 No Content\r\n\r\n',
      /^HTTP\/1\.1 204 No Content\r\nDate: [^\r]+\r\n\r\n$/,
    ],
    [
      'interim answers are swallowed',
      'GET',
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${hello}`,
      /^HTTP\/1\.1 200 OK\r\n[\s\S]*hello$/,
    ],
    ['an empty body is complete', 'GET', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', /Content-Length: 0\r\n\r\n$/],
  ];
  for (const [name, method, answer, expected] of cases) {
    it(`${name}, in one packet and byte by byte, and the connection is used again`, async (t) => {
      let cut = false;
      const { client, upstream, gateway } = await open(t, (side) => {
        if (!side.text.endsWith('\r\n\r\n')) return;
        if (cut) for (const byte of Buffer.from(answer, 'latin1')) side.socket.write(Buffer.of(byte));
        else side.socket.write(answer, 'latin1');
      });
      for (cut of [false, true, false]) {
        client.text = '';
        client.send(request(`${method} /`));
        await client.receive(expected);
      }
      assert.equal(upstream.sides.length, 1);
      assert.deepEqual(kinds(gateway), ['completed', 'completed', 'completed']);
    });
  }

  for (const bytes of [1000, 5000, 60_000, 300_000]) {
    it(`of ${bytes} bytes arrive whole`, async (t) => {
      const body = Array.from({ length: bytes }, (_, i) => String.fromCharCode(97 + (i % 26))).join('');
      const { client } = await open(t, answering(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n${body}`));
      client.send(request('GET /').repeat(2));
      await client.until(() => client.text.length > 2 * bytes + 100, 'both bodies');
      assert.equal(count(client.text, body), 2);
    });
  }

  it('that end by closing become chunks for HTTP/1.1', async (t) => {
    const { client, gateway } = await open(t, (side) => side.socket.end('HTTP/1.1 200 OK\r\n\r\nhello'));
    client.send(request('GET /').repeat(2));
    await client.receive(
      /Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n[\s\S]*Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/,
    );
    assert.deepEqual(kinds(gateway), ['completed', 'completed']);
  });

  it('are given to HTTP/1.0 without chunks', async (t) => {
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n';
    const { client, gateway } = await open(t, answering(chunked));
    client.send('GET / HTTP/1.0\r\nHost: a.example\r\nConnection: keep-alive\r\n\r\n');
    assert.match(await client.end(), /^HTTP\/1\.1 200 OK\r\nDate: [^\r]+\r\nConnection: close\r\n\r\nhello$/);
    const second = await open(t, (side) => side.socket.end('HTTP/1.0 200 OK\r\n\r\nhello'));
    second.client.send('GET / HTTP/1.0\r\n\r\n');
    assert.match(await second.client.end(), /Connection: close\r\n\r\nhello$/);
    const third = await open(t, answering(hello));
    third.client.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    assert.match(await third.client.receive('hello'), /Content-Length: 5\r\nConnection: keep-alive\r\n\r\nhello$/);
    assert.deepEqual(kinds(gateway), ['completed']);
  });

  const malformed: readonly string[] = [
    'garbage\r\n\r\n',
    'HTTP/2 200 OK\r\n\r\n',
    'HTTP/1.1 200 OK\nContent-Length: 0\n\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n',
    'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n',
    'HTTP/1.1 200 OK\r\nA : b\r\n\r\n',
    'HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n',
    'HTTP/1.1 100 Continue\r\n\r\n'.repeat(20),
    `HTTP/1.1 200 OK\r\nA: ${'b'.repeat(70_000)}`,
  ];
  for (const answer of malformed) {
    it(`are refused when malformed: ${JSON.stringify(answer.slice(0, 60))}`, async (t) => {
      const { client, gateway, upstream } = await open(t, answering(answer));
      client.send(request('GET /'));
      await client.receive(/^HTTP\/1\.1 502 [\s\S]*bad_response$/);
      assert.deepEqual(kinds(gateway), ['failed bad_response']);
      await client.until(() => upstream.sides[0]?.socket.destroyed === true, 'the end of that connection');
    });
  }

  it('that break off cut the client, so that half an answer cannot pass for a whole one', async (t) => {
    const halves: readonly (readonly [string, string])[] = [
      ['HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello', 'failed reset'],
      ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', 'failed reset'],
      ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nXX\r\n', 'failed bad_response'],
      ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!', 'failed bad_response'],
    ];
    for (const [answer, expected] of halves) {
      const { client, gateway } = await open(t, (side) => side.socket.end(answer));
      client.send(request('GET /') + request('GET /next'));
      const text = await client.end();
      assert.doesNotMatch(text, /0\r\n\r\n$/);
      assert.deepEqual(kinds(gateway), [expected]);
    }
  });

  it('that are reset while they end by closing are not ended in order', async (t) => {
    const { client, gateway } = await open(t, (side) => {
      side.socket.write('HTTP/1.1 200 OK\r\n\r\nhello');
      setTimeout(() => side.socket.resetAndDestroy(), 30);
    });
    let failed = false;
    client.socket.on('error', () => {
      failed = true;
    });
    client.send('GET / HTTP/1.0\r\n\r\n');
    await client.until(() => client.closed, 'the cut');
    assert.equal(failed, true);
    assert.deepEqual(kinds(gateway), ['failed reset']);
  });

  it('that come before the request is complete are passed on', async (t) => {
    const { client, upstream, gateway } = await open(
      t,
      answering('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno'),
    );
    client.send(request('POST /', 'Content-Length: 1000000\r\n', 'x'.repeat(100)));
    const text = await client.end();
    assert.match(text, /^HTTP\/1\.1 413 Too Large\r\n[\s\S]*Connection: close\r\n\r\nno$/);
    assert.deepEqual(kinds(gateway), ['completed']);
    await client.until(() => upstream.sides[0]?.socket.destroyed === true, 'the end of the upstream connection');
  });

  it('may begin while the request goes on', async (t) => {
    const { client, gateway } = await open(t, (side) => {
      if (side.text.endsWith('\r\n\r\n'))
        side.socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n');
      if (side.text.endsWith('END')) side.socket.write('0\r\n\r\n');
    });
    client.send(request('POST /', 'Content-Length: 100000\r\n'));
    await client.receive('2\r\nok\r\n');
    client.send(`${'x'.repeat(99_997)}END${request('POST /', 'Content-Length: 3\r\n')}`);
    await client.receive(/2\r\nok\r\n0\r\n\r\n[\s\S]*2\r\nok\r\n/);
    assert.deepEqual(kinds(gateway), ['completed']);
  });

  it('longer than announced are cut to size and their connection is never used again', async (t) => {
    const { client, upstream } = await open(t, answering(`${hello}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged`));
    client.send(request('GET /').repeat(3));
    await client.until(() => count(client.text, 'hello') === 3, 'three answers');
    assert.doesNotMatch(client.text, /forged/);
    assert.equal(upstream.sides.length, 3);
  });
});
