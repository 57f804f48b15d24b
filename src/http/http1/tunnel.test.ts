import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { memoryRequest } from '../memory-request.ts';
import {
  type GatewayOptions,
  openGateway,
  outcomeKinds,
  RawClient,
  request,
  sleep,
  type UpstreamSide,
} from '../testing.ts';
import { requestedUpgrade } from './request-head.ts';

const asking = request(
  'GET /chat',
  'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n',
);
const switching = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nX-Up: 1\r\n\r\n';
const upgrading: GatewayOptions = { plan: { upgrade: 'websocket' } };

/** Says 101 to the first head and then repeats what it hears in capitals. */
function shouting(early = ''): (side: UpstreamSide) => void {
  const heard = new WeakMap<UpstreamSide, number>();
  return (side) => {
    const from = heard.get(side);
    if (from === undefined) {
      const end = side.text.indexOf('\r\n\r\n');
      if (end < 0) return;
      side.socket.write(switching + early);
      heard.set(side, end + 4);
      shout(side, end + 4);
    } else shout(side, from);
  };
  function shout(side: UpstreamSide, from: number): void {
    if (side.text.length > from) side.socket.write(side.text.slice(from).toUpperCase());
    heard.set(side, side.text.length);
  }
}

describe('a tunnel', () => {
  it('carries bytes both ways once the upstream has agreed', async (t) => {
    const { client, upstream, gateway } = await openGateway(t, shouting('first'), upgrading);
    client.send(asking);
    await client.receive('first');
    assert.match(
      client.text,
      /^HTTP\/1\.1 101 Switching Protocols\r\nX-Up: 1\r\n[\s\S]*Upgrade: websocket\r\nConnection: Upgrade\r\n\r\nfirst$/,
    );
    assert.match(upstream.text(), /Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\r\n$/);
    client.send('one');
    await client.receive('ONE');
    client.send('two');
    await client.receive('TWO');
    assert.equal(gateway.outcomes.length, 0);
    upstream.sides[0]?.socket.end();
    await client.end();
    client.socket.end();
    await client.until(() => gateway.outcomes.length === 1, 'the outcome');
    assert.deepEqual(outcomeKinds(gateway), ['completed']);
    const exchange = gateway.exchanges[0];
    assert.equal(exchange?.status, 101);
    assert.equal(exchange?.bytesReceived, asking.length + 6);
    assert.equal(exchange?.bytesSent, client.text.length);
  });

  it('begins with what the client sent too early', async (t) => {
    const { client, upstream } = await openGateway(t, shouting(), upgrading);
    client.send(`${asking}GET /early HTTP/1.1\r\n\r\n`);
    await client.receive('GET /EARLY HTTP/1.1\r\n\r\n');
    assert.equal(upstream.sides.length, 1);
  });

  it('ends in silence, and a byte either way keeps it', async (t) => {
    const { client, gateway } = await openGateway(t, shouting(), {
      plan: { upgrade: 'websocket', readTimeoutMs: 1500 },
    });
    client.send(asking);
    await client.receive('101');
    for (let i = 0; i < 4; i += 1) {
      await sleep(500);
      client.send(`${i}`);
    }
    await client.receive('0123');
    assert.equal(client.ended, false);
    await client.end();
    client.socket.end();
    await client.until(() => gateway.outcomes.length === 1, 'the outcome');
    assert.deepEqual(outcomeKinds(gateway), ['completed']);
  });

  it('lets each side end on its own', async (t) => {
    const { client, upstream, gateway } = await openGateway(t, shouting(), upgrading);
    client.send(asking);
    await client.receive('101');
    const side = upstream.sides[0];
    assert.ok(side !== undefined);
    let upstreamHeardEnd = false;
    side.socket.allowHalfOpen = true;
    side.socket.on('end', () => {
      upstreamHeardEnd = true;
    });
    client.socket.end();
    await client.until(() => upstreamHeardEnd, 'the end at the upstream');
    side.socket.write('still here');
    await client.receive('still here');
    side.socket.end();
    await client.until(() => gateway.outcomes.length === 1, 'the outcome');
    assert.deepEqual(outcomeKinds(gateway), ['completed']);
  });

  it('is cut with the upstream’s connection, and ends the upstream’s with the client’s', async (t) => {
    const dying = await openGateway(t, shouting(), upgrading);
    dying.client.send(asking);
    await dying.client.receive('101');
    dying.upstream.sides[0]?.socket.resetAndDestroy();
    await dying.client.end();
    await dying.client.until(() => dying.gateway.outcomes.length === 1, 'the outcome');
    assert.deepEqual(outcomeKinds(dying.gateway), ['failed reset']);

    const leaving = await openGateway(t, shouting(), upgrading);
    leaving.client.send(asking);
    await leaving.client.receive('101');
    leaving.client.socket.resetAndDestroy();
    await leaving.client.until(() => leaving.upstream.sides[0]?.socket.readyState === 'closed', 'the upstream’s end');
    assert.deepEqual(outcomeKinds(leaving.gateway), ['completed']);
  });

  it('holds back a side that sends faster than the other reads', async (t) => {
    let fromUpstream = 0;
    const { client, gateway } = await openGateway(
      t,
      (side) => {
        if (side.text.length > 100_000) return;
        side.socket.write(switching);
        const piece = Buffer.alloc(64 * 1024, 'x');
        const more = (): void => {
          while (fromUpstream < 64 * 1024 * 1024) {
            fromUpstream += piece.length;
            if (!side.socket.write(piece)) return;
          }
          side.socket.end();
        };
        side.socket.on('drain', more);
        more();
      },
      upgrading,
    );
    client.socket.pause();
    client.send(asking);
    let before = -1;
    while (before !== fromUpstream || fromUpstream === 0) {
      before = fromUpstream;
      await sleep(300);
    }
    assert.ok(fromUpstream < 48 * 1024 * 1024, `${fromUpstream} bytes were taken`);
    let received = 0;
    client.socket.removeAllListeners('data');
    client.socket.on('data', (bytes) => {
      received += bytes.length;
    });
    client.socket.resume();
    await client.end();
    assert.ok(received > 64 * 1024 * 1024);
    client.socket.end();
    await client.until(() => gateway.outcomes.length === 1, 'the outcome');
  });

  it('outlives the beginning of a drain, up to its time-out', async (t) => {
    const { client, gateway } = await openGateway(t, shouting(), upgrading);
    client.send(asking);
    await client.receive('101');
    const started = performance.now();
    const drained = gateway.server.drain(1500);
    await sleep(600);
    client.send('on');
    await client.receive('ON');
    await drained;
    assert.ok(performance.now() - started >= 1400);
    await client.end();
  });
});

describe('an upgrade that is not agreed to', () => {
  it('is answered as an ordinary request, and what follows is one too', async (t) => {
    const { client, upstream } = await openGateway(
      t,
      (side) => side.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno'),
      upgrading,
    );
    client.send(`${asking}${request('GET /next')}`);
    await client.receive(/200 OK[\s\S]*no[\s\S]*200 OK[\s\S]*no$/);
    assert.equal(upstream.sides.length, 2, 'the connection that was asked to switch is not used again');
    assert.match(upstream.sides[0]?.text ?? '', /^GET \/chat [\s\S]*\r\n\r\n$/);
    assert.match(upstream.sides[1]?.text ?? '', /^GET \/next /);
  });

  for (const [name, head] of [
    ['to another protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n'],
    ['to nothing', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    ['to two protocols', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n\r\n'],
  ] as const) {
    it(`is 502 for a 101 ${name}`, async (t) => {
      const { client, gateway } = await openGateway(t, (side) => side.socket.write(head), upgrading);
      client.send(asking);
      await client.receive(/^HTTP\/1\.1 502 [\s\S]*bad_response/);
      assert.deepEqual(outcomeKinds(gateway), ['failed bad_response']);
    });
  }

  it('is 502 when nobody asked', async (t) => {
    const { client, upstream, gateway } = await openGateway(t, shouting());
    client.send(asking);
    await client.receive(/^HTTP\/1\.1 502 /);
    assert.doesNotMatch(upstream.text(), /upgrade/i);
    const second = new RawClient(gateway.port);
    t.after(() => second.destroy());
    second.send(asking.replace('HTTP/1.1', 'HTTP/1.0'));
    await second.receive(/^HTTP\/1\.1 502 /);
  });

  it('is not even asked for with a body or by HTTP/1.0', async (t) => {
    const { client, upstream, gateway } = await openGateway(
      t,
      (side) => side.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno'),
      upgrading,
    );
    client.send(asking.replace('\r\n\r\n', '\r\nContent-Length: 3\r\n\r\nabc'));
    await client.receive(/no$/);
    const old = new RawClient(gateway.port);
    t.after(() => old.destroy());
    old.send(asking.replace('HTTP/1.1', 'HTTP/1.0'));
    await old.receive(/no$/);
    assert.doesNotMatch(upstream.text(), /upgrade/i);
  });
});

describe('requestedUpgrade', () => {
  const headers: [string, string][] = [
    ['Upgrade', 'WebSocket'],
    ['Connection', 'keep-alive, Upgrade'],
    ['Sec-WebSocket-Key', 'x'],
  ];
  const of = (change: { method?: string; headers?: [string, string][]; body?: string }): string | undefined =>
    requestedUpgrade(memoryRequest({ method: 'GET', target: '/', headers, ...change }));

  it('is websocket for a complete opening handshake', () => {
    assert.equal(of({}), 'websocket');
  });

  it('is nothing for everything else', () => {
    assert.equal(of({ method: 'POST' }), undefined);
    assert.equal(of({ body: 'x' }), undefined);
    for (let i = 0; i < headers.length; i += 1) assert.equal(of({ headers: headers.toSpliced(i, 1) }), undefined);
    assert.equal(of({ headers: [...headers, ['Upgrade', 'h2c']] }), undefined);
    assert.equal(of({ headers: [['Upgrade', 'h2c'], ...headers.slice(1)] }), undefined);
  });
});
