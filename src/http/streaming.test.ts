import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { emptyBlock } from './header-block.ts';
import { RawClient, request, sleep, startGateway, startServer } from './testing.ts';
import { testTls } from './testing-tls.ts';

const totalBytes = 96 * 1024 * 1024;
/** What sockets and one read on each side may hold; far below the body. */
const heldBytesMax = 24 * 1024 * 1024;

/** Highest number of bytes seen while nobody moved for a while. */
async function settled(read: () => number): Promise<number> {
  let last = -1;
  while (read() !== last) {
    last = read();
    await sleep(60);
  }
  return last;
}

describe('large bodies', () => {
  it('wait in the upstream while the client reads nothing, and arrive whole when it does', async (t) => {
    let sent = 0;
    const piece = Buffer.alloc(256 * 1024, 'x');
    const upstream = createServer((socket) => {
      socket.on('error', () => undefined);
      const pump = (): void => {
        while (sent < totalBytes) {
          sent += piece.length;
          if (!socket.write(piece)) return;
        }
      };
      socket.on('drain', pump);
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${totalBytes}\r\n\r\n`);
        pump();
      });
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const address = upstream.address();
    const gateway = await startGateway(address !== null && typeof address === 'object' ? address.port : 0);
    const client = new RawClient(gateway.port);
    t.after(async () => {
      client.destroy();
      await gateway.close();
      upstream.close();
    });
    let received = 0;
    client.socket.removeAllListeners('data');
    client.socket.on('data', (bytes) => {
      received += bytes.length;
      if (received < 1000) client.socket.pause();
    });
    client.send(request('GET /'));
    client.socket.pause();
    await client.until(() => sent > 0, 'the first bytes');
    const before = process.memoryUsage().arrayBuffers;
    const stalledAt = await settled(() => sent);
    assert.ok(stalledAt < heldBytesMax, `${stalledAt} bytes left the upstream`);
    assert.ok(process.memoryUsage().arrayBuffers - before < heldBytesMax);
    client.socket.removeAllListeners('data');
    client.socket.on('data', (bytes) => {
      received += bytes.length;
    });
    client.socket.resume();
    await client.until(() => gateway.exchanges[0]?.times.finishedAt !== 0 && received > totalBytes, 'the whole body');
    assert.deepEqual(gateway.outcomes, [{ kind: 'completed' }]);
    assert.equal(received, gateway.exchanges[0]?.bytesSent);
  });

  it('of a client that reads slowly are not mixed with answers that others get meanwhile', async (t) => {
    const bodyBytes = 24 * 1024 * 1024;
    const smallBytes = 60_000;
    const upstream = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (head) => {
        const [letter, length] = head.includes('/slow') ? ['s', bodyBytes] : ['q', smallBytes];
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${letter.repeat(length)}`);
      });
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const address = upstream.address();
    const gateway = await startGateway(address !== null && typeof address === 'object' ? address.port : 0);
    const slow = new RawClient(gateway.port);
    const quick = new RawClient(gateway.port);
    t.after(async () => {
      slow.destroy();
      quick.destroy();
      await gateway.close();
      upstream.close();
    });
    const received: Buffer[] = [];
    let receivedBytes = 0;
    slow.socket.removeAllListeners('data');
    slow.socket.pause();
    slow.send(request('GET /slow'));
    await slow.until(() => gateway.exchanges[0]?.status === 200, 'the slow head');
    // The kernel is full and the gateway holds a piece that waits for it.
    await settled(() => gateway.exchanges[0]?.bytesSent ?? 0);
    const answers = 20;
    for (let count = 1; count <= answers; count += 1) {
      quick.send(request('GET /quick'));
      await quick.until(() => quick.text.split('HTTP/1.1 200').length > count && quick.text.endsWith('q'), 'an answer');
    }
    await quick.until(() => quick.text.split('q'.repeat(smallBytes)).length > answers, 'every answer');
    slow.socket.on('data', (bytes) => {
      received.push(bytes);
      receivedBytes += bytes.length;
    });
    slow.socket.resume();
    await slow.until(() => receivedBytes > bodyBytes, 'the slow answer');
    const whole = Buffer.concat(received);
    const bodyFrom = whole.indexOf('\r\n\r\n') + 4;
    assert.ok(whole.subarray(bodyFrom).equals(Buffer.alloc(bodyBytes, 's')));
    assert.ok(!quick.text.includes('sss'));
  });

  it('wait in the client while the upstream reads nothing, and arrive whole when it does', async (t) => {
    let received = 0;
    let release: () => void = () => undefined;
    const upstream = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        if (received === 0) {
          socket.pause();
          release = () => socket.resume();
        }
        received += bytes.length;
        if (received > totalBytes && !socket.writableEnded)
          socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      });
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const address = upstream.address();
    const gateway = await startGateway(address !== null && typeof address === 'object' ? address.port : 0, {
      plan: { writeTimeoutMs: 10_000 },
    });
    const client = new RawClient(gateway.port);
    t.after(async () => {
      client.destroy();
      await gateway.close();
      upstream.close();
    });
    let sent = 0;
    const piece = Buffer.alloc(256 * 1024, 'x');
    const pump = (): void => {
      while (sent < totalBytes) {
        sent += piece.length;
        if (!client.socket.write(piece)) return;
      }
    };
    client.socket.on('drain', pump);
    client.send(request('POST /', `Content-Length: ${totalBytes}\r\n`));
    pump();
    await client.until(() => received > 0, 'the first bytes');
    const stalledAt = await settled(() => sent);
    assert.ok(stalledAt < heldBytesMax, `${stalledAt} bytes left the client`);
    release();
    await client.receive('ok');
    assert.ok(received > totalBytes);
    assert.deepEqual(gateway.outcomes, [{ kind: 'completed' }]);
  });

  it('do not hold memory for a client that never reads again', async (t) => {
    const body = Buffer.alloc(8 * 1024 * 1024, 'x');
    let finished = false;
    const server = await startServer(
      (exchange) => {
        exchange.onFinished = () => {
          finished = exchange.clientGone;
        };
        exchange.respond({ status: 200, headers: emptyBlock, body });
      },
      { bodyTimeoutMs: 80 },
    );
    const client = new RawClient(server.port);
    t.after(async () => {
      client.destroy();
      await server.close();
    });
    client.send(request('GET /'));
    client.socket.pause();
    await client.until(() => finished, 'the cut');
    assert.equal(server.server.connections, 0);
  });
});

describe('clients that do not play along', () => {
  it('are cut when they pile up small answers without reading them', async (t) => {
    const body = 'x'.repeat(30_000);
    const server = await startServer((exchange) => exchange.respond({ status: 200, headers: emptyBlock, body }), {
      bodyTimeoutMs: 80,
    });
    const client = new RawClient(server.port);
    t.after(async () => {
      client.destroy();
      await server.close();
    });
    client.socket.pause();
    client.send(request('GET /').repeat(2000));
    await client.until(() => server.server.connections === 1, 'the connection');
    await client.until(() => server.server.connections === 0, 'the cut');
  });

  it('are cut when they send on and on after a refusal', async (t) => {
    const server = await startServer((exchange) =>
      exchange.respond({ status: 413, headers: emptyBlock, body: 'no', close: true }),
    );
    const client = new RawClient(server.port);
    t.after(async () => {
      client.destroy();
      await server.close();
    });
    const startedAt = performance.now();
    client.send(request('POST /', 'Content-Length: 100000000\r\n'));
    await client.receive('no');
    client.send(Buffer.alloc(16 * 1024 * 1024));
    await client.until(() => client.closed, 'the cut');
    assert.ok(performance.now() - startedAt < 1500);
  });
});

describe('TLS', () => {
  it('serves HTTP/1.1 and knows the name the client asked for', async (t) => {
    const server = await startServer(
      (exchange) => {
        const { secure, serverName } = exchange.request.connection;
        exchange.respond({ status: 200, headers: emptyBlock, body: `<${secure} ${serverName}>` });
      },
      {},
      testTls,
    );
    t.after(() => server.close());
    const options = { port: server.port, host: '127.0.0.1', servername: 'a.example', rejectUnauthorized: false };
    const socket = connectTls({ ...options, ALPNProtocols: ['h2', 'http/1.1'] });
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
    });
    socket.write(request('GET /') + request('GET /', 'Connection: close\r\n'));
    await new Promise((resolve) => socket.once('end', resolve));
    assert.equal(socket.alpnProtocol, 'http/1.1');
    assert.equal(text.split('<true a.example>').length - 1, 2);
    const onlyHttp2 = connectTls({ ...options, ALPNProtocols: ['h2'] });
    const error = await new Promise<Error>((resolve) => onlyHttp2.once('error', resolve));
    assert.match(error.message, /no application protocol/i);
  });
});
