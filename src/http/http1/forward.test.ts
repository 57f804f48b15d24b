import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { emptyBlock } from '../header-block.ts';
import {
  answering,
  hello,
  occurrences,
  openGateway,
  outcomeKinds,
  RawClient,
  request,
  scriptedUpstream,
  sleep,
  startServer,
} from '../testing.ts';
import { createUpstreamPools } from './upstream-pool.ts';

describe('a forwarded request', () => {
  it('is rebuilt, and its answer too', async (t) => {
    const { client, upstream } = await openGateway(
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
      'GET /a/c?d=%zz HTTP/1.1\r\nHost: a.example\r\nx-ODD: 1\r\nTE: trailers\r\nConnection: keep-alive, TE\r\n\r\n',
    );
    assert.match(
      answer,
      /^HTTP\/1\.1 404 Gone Fishing\r\nX-Up: \u00e9\r\nDate: [^\r]+\r\nContent-Length: 5\r\n\r\nhello$/,
    );
  });

  it('reuses one connection for many', async (t) => {
    const { client, upstream, gateway } = await openGateway(t, answering(hello));
    client.send(request('GET /').repeat(50));
    await client.until(() => occurrences(client.text, 'hello') === 50, 'all answers');
    assert.equal(upstream.sides.length, 1);
    assert.deepEqual(new Set(outcomeKinds(gateway)), new Set(['completed']));
    assert.ok(
      gateway.exchanges.every((one) => one.times.upstreamHeadAt >= one.times.forwardedAt && one.times.forwardedAt > 0),
    );
  });

  it('passes a body with a length, in one packet or many', async (t) => {
    const { client, upstream } = await openGateway(t, (side) => {
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

  it('passes chunks as they are but keeps extensions and trailers to itself', async (t) => {
    const { client, upstream } = await openGateway(t, (side) => {
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
      occurrences(
        upstream.text(),
        'Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n',
      ),
      2,
    );
    assert.doesNotMatch(upstream.text(), /root/);
  });

  it('answers Expect: 100-continue itself', async (t) => {
    const { client, upstream } = await openGateway(t, (side) => {
      if (side.text.endsWith('abc')) side.socket.write(hello);
    });
    client.send(request('POST /', 'Content-Length: 3\r\nExpect: 100-continue\r\n'));
    await client.receive('HTTP/1.1 100 Continue\r\n\r\n');
    client.send('abc');
    await client.receive('hello');
    assert.doesNotMatch(upstream.text(), /Expect/i);
  });

  it('sends a peeked body with a length, and a replaced one instead of it', async (t) => {
    const { client, upstream } = await openGateway(
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
      const { client, upstream } = await openGateway(
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
    const { client, upstream, gateway } = await openGateway(t, () => undefined, { plan: { bodyBytesMax: 10 } });
    client.send(request('POST /', 'Content-Length: 11\r\n', 'x'.repeat(11)));
    await client.receive(/413 [\s\S]*body\.too_large/);
    assert.equal(upstream.sides.length, 0);
    client.send(request('POST /', 'Transfer-Encoding: chunked\r\n', `b\r\n${'x'.repeat(11)}\r\n0\r\n\r\n`));
    await client.receive(/413 [\s\S]*413 [\s\S]*body\.too_large/);
    assert.deepEqual(outcomeKinds(gateway), ['bad_request_body', 'bad_request_body']);
    assert.doesNotMatch(upstream.text(), /\r\n0\r\n\r\n/);
  });

  it('is refused when its chunks are malformed or too slow', async (t) => {
    const { client, upstream, gateway } = await openGateway(t, () => undefined, { limits: { bodyTimeoutMs: 60 } });
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
    const { client, upstream, gateway } = await openGateway(t, () => undefined);
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
    assert.deepEqual(outcomeKinds(gateway), ['client_gone']);
  });
});

describe('a caller that tries several upstreams', () => {
  it('may send the body to the next one only while none of it has left', async (t) => {
    const dead = await scriptedUpstream(() => undefined);
    await dead.close();
    const dying = await scriptedUpstream((side) => side.socket.destroy());
    const alive = await scriptedUpstream((side) => {
      if (side.text.endsWith('abc')) side.socket.write(hello);
    });
    const pools = createUpstreamPools({ idleTimeoutMs: 1000, poolSizeMax: 2, requestsPerConnectionMax: 10 });
    const faults: string[] = [];
    const server = await startServer((exchange) => {
      const ports = exchange.request.path === '/refused' ? [dead.port, alive.port] : [dying.port, alive.port];
      const next = (): void => {
        const port = ports.shift();
        if (port === undefined) {
          exchange.respond({ status: 502, headers: emptyBlock, body: 'none left' });
          return;
        }
        exchange.forward({
          endpoint: pools.endpoint({ host: '127.0.0.1', port }),
          method: 'POST',
          path: '/',
          headers: emptyBlock,
          connectTimeoutMs: 500,
          writeTimeoutMs: 500,
          readTimeoutMs: 500,
          retries: 0,
          upgrade: undefined,
          retry: () => undefined,
          onTryEnded: () => undefined,
          bodyBytesMax: 0,
          onHead: () => emptyBlock,
          onOutcome: (outcome) => {
            if (outcome.kind !== 'failed') return;
            faults.push(outcome.fault);
            next();
          },
        });
      };
      next();
    });
    const client = new RawClient(server.port);
    t.after(async () => {
      client.destroy();
      await server.close();
      pools.close();
      await dying.close();
      await alive.close();
    });
    client.send(request('POST /refused', 'Content-Length: 3\r\n', 'abc'));
    await client.receive('hello');
    client.send(request('POST /dies', 'Content-Length: 3\r\n', 'abc'));
    await client.receive('none left');
    assert.deepEqual(faults, ['connect_refused', 'reset', 'reset']);
    assert.equal(occurrences(alive.text(), 'abc'), 1);
  });

  it('gets a 500 instead of an ended process when it throws', async (t) => {
    const warnings: string[] = [];
    const listener = (warning: Error): void => void warnings.push(warning.message);
    process.on('warning', listener);
    t.after(() => process.removeListener('warning', listener));
    const throwing = (what: string) => (): never => {
      throw new Error(what);
    };
    const head = await openGateway(t, answering(hello), { plan: { onHead: throwing('head fault') } });
    head.client.send(request('GET /'));
    await head.client.receive(/502 [\s\S]*bad_response/);
    const outcome = await openGateway(t, answering('nonsense\r\n\r\n'), {
      plan: { onOutcome: throwing('outcome fault') },
    });
    outcome.client.send(request('GET /'));
    assert.match(await outcome.client.end(), /^HTTP\/1\.1 500 /);
    assert.deepEqual(warnings, ['head fault', 'outcome fault']);
  });
});
