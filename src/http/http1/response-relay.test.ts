import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answering, hello, occurrences, openGateway, outcomeKinds, request } from '../testing.ts';

describe('answers of an upstream', () => {
  const cases: readonly (readonly [string, string, string, RegExp])[] = [
    [
      'chunks pass as they are, without extensions and trailers nobody asked for',
      'GET',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: u\r\n\r\n',
      /Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n$/,
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
      const { client, upstream, gateway } = await openGateway(t, (side) => {
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
      assert.deepEqual(outcomeKinds(gateway), ['completed', 'completed', 'completed']);
    });
  }

  for (const bytes of [1000, 5000, 60_000, 300_000]) {
    it(`of ${bytes} bytes arrive whole`, async (t) => {
      const body = Array.from({ length: bytes }, (_, i) => String.fromCharCode(97 + (i % 26))).join('');
      const { client } = await openGateway(t, answering(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n${body}`));
      client.send(request('GET /').repeat(2));
      await client.until(() => client.text.length > 2 * bytes + 100, 'both bodies');
      assert.equal(occurrences(client.text, body), 2);
    });
  }

  it('that end by closing become chunks for HTTP/1.1', async (t) => {
    const { client, gateway } = await openGateway(t, (side) => side.socket.end('HTTP/1.1 200 OK\r\n\r\nhello'));
    client.send(request('GET /').repeat(2));
    await client.receive(
      /Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n[\s\S]*Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/,
    );
    assert.deepEqual(outcomeKinds(gateway), ['completed', 'completed']);
  });

  it('are given to HTTP/1.0 without chunks', async (t) => {
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n';
    const { client, gateway } = await openGateway(t, answering(chunked));
    client.send('GET / HTTP/1.0\r\nHost: a.example\r\nConnection: keep-alive\r\n\r\n');
    assert.match(await client.end(), /^HTTP\/1\.1 200 OK\r\nDate: [^\r]+\r\nConnection: close\r\n\r\nhello$/);
    const second = await openGateway(t, (side) => side.socket.end('HTTP/1.0 200 OK\r\n\r\nhello'));
    second.client.send('GET / HTTP/1.0\r\n\r\n');
    assert.match(await second.client.end(), /Connection: close\r\n\r\nhello$/);
    const third = await openGateway(t, answering(hello));
    third.client.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    assert.match(await third.client.receive('hello'), /Content-Length: 5\r\nConnection: keep-alive\r\n\r\nhello$/);
    assert.deepEqual(outcomeKinds(gateway), ['completed']);
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
      const { client, gateway, upstream } = await openGateway(t, answering(answer));
      client.send(request('GET /'));
      await client.receive(/^HTTP\/1\.1 502 [\s\S]*bad_response$/);
      assert.deepEqual(outcomeKinds(gateway), ['failed bad_response']);
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
      const { client, gateway } = await openGateway(t, (side) => side.socket.end(answer));
      client.send(request('GET /') + request('GET /next'));
      const text = await client.end();
      assert.doesNotMatch(text, /0\r\n\r\n$/);
      assert.deepEqual(outcomeKinds(gateway), [expected]);
    }
  });

  it('that are reset while they end by closing are not ended in order', async (t) => {
    const { client, gateway } = await openGateway(t, (side) => {
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
    assert.deepEqual(outcomeKinds(gateway), ['failed reset']);
  });

  it('that come before the request is complete are passed on', async (t) => {
    const { client, upstream, gateway } = await openGateway(
      t,
      answering('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno'),
    );
    client.send(request('POST /', 'Content-Length: 1000000\r\n', 'x'.repeat(100)));
    const text = await client.end();
    assert.match(text, /^HTTP\/1\.1 413 Too Large\r\n[\s\S]*Connection: close\r\n\r\nno$/);
    assert.deepEqual(outcomeKinds(gateway), ['completed']);
    await client.until(() => upstream.sides[0]?.socket.destroyed === true, 'the end of the upstream connection');
  });

  it('that come early and then stop run into the read time-out', async (t) => {
    const stalled = 'HTTP/1.1 413 Too Large\r\nContent-Length: 9\r\n\r\nno';
    const { client, gateway } = await openGateway(t, answering(stalled), { plan: { readTimeoutMs: 50 } });
    client.send(request('POST /', 'Content-Length: 1000000\r\n', 'x'.repeat(100)));
    await client.end();
    assert.deepEqual(outcomeKinds(gateway), ['failed read_timeout']);
  });

  it('may begin while the request goes on', async (t) => {
    const { client, gateway } = await openGateway(t, (side) => {
      if (side.text.endsWith('\r\n\r\n'))
        side.socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n');
      if (side.text.endsWith('END')) side.socket.write('0\r\n\r\n');
    });
    client.send(request('POST /', 'Content-Length: 100000\r\n'));
    await client.receive('2\r\nok\r\n');
    client.send(`${'x'.repeat(99_997)}END${request('POST /', 'Content-Length: 3\r\n')}`);
    await client.receive(/2\r\nok\r\n0\r\n\r\n[\s\S]*2\r\nok\r\n/);
    assert.deepEqual(outcomeKinds(gateway), ['completed']);
  });

  it('that go on after their last chunk end there, and their connection is never used again', async (t) => {
    const chunks = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n';
    const { client, upstream } = await openGateway(
      t,
      answering(`${chunks}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged`),
    );
    client.send(request('GET /').repeat(3));
    await client.until(() => occurrences(client.text, 'hello') === 3, 'three answers');
    assert.doesNotMatch(client.text, /forged/);
    assert.equal(upstream.sides.length, 3);
  });

  it('keep the date they have', async (t) => {
    const dated = 'HTTP/1.1 200 OK\r\ndate: yesterday\r\nContent-Length: 5\r\n\r\nhello';
    const { client } = await openGateway(t, answering(dated));
    client.send(request('GET /'));
    assert.deepEqual((await client.receive('hello')).match(/^date: .*$/gim), ['date: yesterday']);
  });

  it('fit the method of the client when the upstream was asked with another one', async (t) => {
    const asGet = await openGateway(t, answering(hello), { plan: { method: 'GET' } });
    asGet.client.send(request('HEAD /').repeat(2));
    const heads = await asGet.client.receive(/Content-Length: 5\r\n\r\n[\s\S]*Content-Length: 5\r\n\r\n$/);
    assert.doesNotMatch(heads, /hello/);
    const asHead = await openGateway(t, answering('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'), {
      plan: { method: 'HEAD' },
    });
    asHead.client.send(request('GET /').repeat(2));
    await asHead.client.receive(/Content-Length: 0\r\n\r\n[\s\S]*Content-Length: 0\r\n\r\n$/);
  });

  it('longer than announced are cut to size and their connection is never used again', async (t) => {
    const { client, upstream } = await openGateway(
      t,
      answering(`${hello}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged`),
    );
    client.send(request('GET /').repeat(3));
    await client.until(() => occurrences(client.text, 'hello') === 3, 'three answers');
    assert.doesNotMatch(client.text, /forged/);
    assert.equal(upstream.sides.length, 3);
  });
});
