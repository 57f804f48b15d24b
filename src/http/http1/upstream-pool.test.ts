import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import {
  hello,
  occurrences,
  openGateway,
  RawClient,
  request,
  scriptedUpstream,
  sleep,
  startGateway,
  type TestGateway,
  type UpstreamSide,
} from '../testing.ts';
import { testTls } from '../testing-tls.ts';
import { createUpstreamPools } from './upstream-pool.ts';

const faults = (gateway: TestGateway): string[] =>
  gateway.outcomes.map((outcome) => (outcome.kind === 'failed' ? outcome.fault : outcome.kind));

describe('the pool of upstream connections', () => {
  it('gives the same endpoint for the same address', (t) => {
    const pools = createUpstreamPools({ idleTimeoutMs: 1000, poolSizeMax: 1, requestsPerConnectionMax: 1 });
    t.after(() => pools.close());
    const plain = pools.endpoint({ host: 'a', port: 1 });
    assert.equal(pools.endpoint({ host: 'a', port: 1, tls: undefined }), plain);
    assert.notEqual(pools.endpoint({ host: 'a', port: 2 }), plain);
    const secure = pools.endpoint({ host: 'a', port: 1, tls: { serverName: 'b', verify: true } });
    assert.notEqual(secure, plain);
    assert.notEqual(pools.endpoint({ host: 'a', port: 1, tls: { serverName: 'b', verify: false } }), secure);
  });

  it('forgets a connection that dies while idle', async (t) => {
    const { client, upstream, gateway } = await openGateway(t, (side) => side.socket.write(hello));
    client.send(request('POST /1'));
    await client.receive('hello');
    upstream.sides[0]?.socket.destroy();
    await sleep(30);
    client.send(request('POST /2'));
    await client.receive(/hello[\s\S]*hello/);
    assert.equal(upstream.sides.length, 2);
    assert.deepEqual(faults(gateway), ['completed', 'completed']);
  });

  it('closes an idle connection that receives bytes, and shows them to nobody', async (t) => {
    const { client, upstream } = await openGateway(t, (side) => side.socket.write(hello));
    client.send(request('GET /1'));
    await client.receive('hello');
    upstream.sides[0]?.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged');
    await sleep(30);
    client.send(request('GET /2'));
    await client.receive(/hello[\s\S]*hello/);
    assert.doesNotMatch(client.text, /forged/);
    assert.equal(upstream.sides.length, 2);
  });

  /** The first connection answers once and dies when it sees a second request. */
  const dyingOnSecond = (side: UpstreamSide): void => {
    if (side.index === 0 && side.heads() > 1) side.socket.destroy();
    else side.socket.write(hello);
  };

  for (const method of ['GET', 'HEAD', 'OPTIONS', 'DELETE', 'PUT']) {
    it(`repeats ${method} once on a fresh connection when a kept one dies before answering`, async (t) => {
      const { client, upstream, gateway } = await openGateway(t, (side) => {
        if (side.index === 0 && side.heads() > 1) side.socket.destroy();
        else side.socket.write(side.text.includes('HEAD /2') ? 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n' : hello);
      });
      client.send(request('GET /1'));
      await client.receive('hello');
      client.send(request(`${method} /2`));
      await client.receive(/hello[\s\S]*Content-Length: 5/);
      assert.equal(occurrences(upstream.text(), `${method} /2`), 2);
      assert.deepEqual(faults(gateway), ['completed', 'completed']);
    });
  }

  it('repeats PUT with a peeked body, but not one that was streamed', async (t) => {
    const peeked = await openGateway(t, dyingOnSecond, {
      before: async (exchange) => void (await exchange.request.body.peek(100, 100)),
    });
    peeked.client.send(request('GET /1') + request('PUT /2', 'Content-Length: 3\r\n', 'abc'));
    await peeked.client.receive(/hello[\s\S]*hello/);
    assert.equal(occurrences(peeked.upstream.text(), 'PUT /2'), 2);
    const streamed = await openGateway(t, dyingOnSecond);
    streamed.client.send(request('GET /1') + request('PUT /2', 'Content-Length: 3\r\n', 'abc'));
    await streamed.client.receive(/hello[\s\S]*502 [\s\S]*reset/);
    assert.equal(occurrences(streamed.upstream.text(), 'PUT /2'), 1);
  });

  for (const method of ['POST', 'PATCH', 'BREW']) {
    it(`never sends ${method} twice`, async (t) => {
      const { client, upstream, gateway } = await openGateway(t, dyingOnSecond, { plan: { retries: 5 } });
      client.send(request('GET /1') + request(`${method} /2`));
      await client.receive(/hello[\s\S]*502 [\s\S]*reset/);
      await sleep(20);
      assert.equal(occurrences(upstream.text(), `${method} /2`), 1);
      assert.equal(upstream.sides.length, 1);
      assert.deepEqual(faults(gateway), ['completed', 'reset']);
    });
  }

  it('asks the plan before it repeats what was the first on its connection', async (t) => {
    const { client, upstream } = await openGateway(t, (side) => side.socket.destroy(), {
      plan: { retries: 5, retry: () => undefined },
    });
    client.send(request('GET /1'));
    await client.receive(/502 [\s\S]*reset/);
    assert.equal(upstream.sides.length, 1);
  });

  it('gives up when the fresh connection dies too, or when an answer had begun', async (t) => {
    const both = await openGateway(
      t,
      (side) => {
        if (side.text.includes('/2')) side.socket.destroy();
        else side.socket.write(hello);
      },
      { plan: { retries: 0 } },
    );
    both.client.send(request('GET /1') + request('GET /2'));
    await both.client.receive(/hello[\s\S]*502 [\s\S]*reset/);
    assert.equal(occurrences(both.upstream.text(), 'GET /2'), 2);
    const begun = await openGateway(t, (side) => {
      if (side.heads() > 1) side.socket.end('HTTP/1.1 2');
      else side.socket.write(hello);
    });
    begun.client.send(request('GET /1') + request('GET /2'));
    await begun.client.receive(/hello[\s\S]*502 /);
    assert.equal(occurrences(begun.upstream.text(), 'GET /2'), 1);
  });

  it('does not keep connections the upstream wants closed, worn ones or too many', async (t) => {
    const closing = await openGateway(t, (side) =>
      side.socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello'),
    );
    closing.client.send(request('GET /').repeat(2));
    await closing.client.receive(/hello[\s\S]*hello/);
    assert.equal(closing.upstream.sides.length, 2);
    const old = await openGateway(t, (side) => side.socket.write('HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello'));
    old.client.send(request('GET /').repeat(2));
    await old.client.receive(/hello[\s\S]*hello/);
    assert.equal(old.upstream.sides.length, 2);
    const worn = await openGateway(t, (side) => side.socket.write(hello), { pool: { requestsPerConnectionMax: 2 } });
    worn.client.send(request('GET /').repeat(5));
    await worn.client.until(() => occurrences(worn.client.text, 'hello') === 5, 'five answers');
    assert.equal(worn.upstream.sides.length, 3);
    const none = await openGateway(t, (side) => side.socket.write(hello), { pool: { poolSizeMax: 0 } });
    none.client.send(request('GET /').repeat(2));
    await none.client.receive(/hello[\s\S]*hello/);
    assert.equal(none.upstream.sides.length, 2);
  });

  it('closes connections after their idle time, and before the upstream said it would', async (t) => {
    const { client, upstream } = await openGateway(t, (side) => side.socket.write(hello), {
      pool: { idleTimeoutMs: 40 },
    });
    client.send(request('GET /'));
    await client.receive('hello');
    await client.until(() => upstream.sides[0]?.socket.destroyed === true, 'the idle time-out');
    const announced = await openGateway(t, (side) =>
      side.socket.write('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=0\r\nContent-Length: 5\r\n\r\nhello'),
    );
    announced.client.send(request('GET /').repeat(2));
    await announced.client.receive(/hello[\s\S]*hello/);
    assert.equal(announced.upstream.sides.length, 2);
  });
});

describe('failures to reach or hear an upstream', () => {
  it('are tried again as often as agreed when nobody listens', async (t) => {
    const dead = await scriptedUpstream(() => undefined);
    await dead.close();
    const gateway = await startGateway(dead.port, { plan: { retries: 2 } });
    const client = new RawClient(gateway.port);
    t.after(async () => {
      client.destroy();
      await gateway.close();
    });
    client.send(request('POST /', 'Content-Length: 3\r\n', 'abc') + request('GET /'));
    await client.receive(/502 [\s\S]*connect_refused[\s\S]*502 [\s\S]*connect_refused/);
    assert.deepEqual(faults(gateway), ['connect_refused', 'connect_refused']);
  });

  it('are told apart by which time ran out', async (t) => {
    const silent = await openGateway(t, () => undefined, { plan: { readTimeoutMs: 50 } });
    silent.client.send(request('GET /'));
    await silent.client.receive(/502 [\s\S]*read_timeout/);
    const stops = await openGateway(
      t,
      (side) => side.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello'),
      {
        plan: { readTimeoutMs: 50 },
      },
    );
    stops.client.send(request('GET /'));
    await stops.client.end();
    assert.deepEqual(faults(stops.gateway), ['read_timeout']);
    // A listener that never speaks TLS: the connection is never ready.
    const mute = await openGateway(t, () => undefined, {
      plan: { connectTimeoutMs: 50, retries: 1 },
      upstreamTls: { serverName: undefined, verify: false },
    });
    mute.client.send(request('GET /'));
    await mute.client.receive(/502 [\s\S]*connect_timeout/);
    assert.equal(mute.upstream.sides.length, 2);
    const full = await openGateway(t, (side) => side.socket.pause(), { plan: { writeTimeoutMs: 80 } });
    const body = 'x'.repeat(20_000_000);
    full.client.send(request('POST /', `Content-Length: ${body.length}\r\n`, body));
    await full.client.until(() => full.gateway.outcomes.length > 0, 'the write time-out');
    assert.deepEqual(faults(full.gateway), ['write_timeout']);
  });
});

describe('TLS to an upstream', () => {
  const start = async (
    t: TestContext,
    upstreamTls: { serverName: string | undefined; verify: boolean },
  ): Promise<[RawClient, TestGateway, string[]]> => {
    const names: string[] = [];
    const server = createTlsServer({ ...testTls, ALPNProtocols: ['http/1.1'] }, (socket) => {
      names.push(String(socket.servername));
      socket.on('error', () => undefined);
      socket.on('data', () => socket.write(hello));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const gateway = await startGateway(address !== null && typeof address === 'object' ? address.port : 0, {
      upstreamTls,
    });
    const client = new RawClient(gateway.port);
    t.after(async () => {
      client.destroy();
      await gateway.close();
      server.close();
    });
    return [client, gateway, names];
  };

  it('names the server and reuses the connection', async (t) => {
    const [client, , names] = await start(t, { serverName: 'a.example', verify: false });
    client.send(request('GET /').repeat(3));
    await client.until(() => occurrences(client.text, 'hello') === 3, 'three answers');
    assert.deepEqual(names, ['a.example']);
  });

  it('fails for a certificate nobody vouches for', async (t) => {
    const [client, gateway, names] = await start(t, { serverName: 'a.example', verify: true });
    client.send(request('GET /'));
    await client.receive(/502 [\s\S]*tls/);
    assert.deepEqual(faults(gateway), ['tls']);
    assert.equal(names.length <= 1, true);
  });
});
