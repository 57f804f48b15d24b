import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startGateway, type TestGateway } from '../../src/http/testing.ts';
import { RawClient } from '../support/raw-client.ts';
import { RecordingUpstream } from '../support/recording-upstream.ts';
import { onlyResponse } from './bench.ts';
import { host } from './cases/refused.ts';

const shortMs = 400;

/** The HTTP library with limits that a test can wait for. */
describe('clients that are slow or silent', () => {
  let upstream: RecordingUpstream;
  let gateway: TestGateway;
  before(async () => {
    upstream = await new RecordingUpstream().start();
    const limits = { headTimeoutMs: shortMs, idleTimeoutMs: shortMs, bodyTimeoutMs: shortMs };
    gateway = await startGateway(upstream.port, { limits });
  });
  after(async () => {
    await gateway.close();
    await upstream.stop();
  });

  /** Sends a byte now and then until the other side has had enough. */
  async function trickle(client: RawClient, text: string): Promise<void> {
    for (let at = 0; !client.ended; at += 1) {
      client.send(text[at % text.length] ?? '');
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  test('a connection on which nothing comes is closed', async () => {
    const client = new RawClient(gateway.port);
    assert.equal(await client.toEnd(), '');
    client.destroy();
  });

  test('half a head is refused with 408', async () => {
    const client = new RawClient(gateway.port);
    client.send(`GET /half HTTP/1.1\r\n${host}X-A: `);
    assert.equal(onlyResponse(await client.toEnd()).status, 408);
    client.destroy();
    assert.doesNotMatch(upstream.take(), /half/);
  });

  test('a head that comes byte by byte without end is refused with 408, however alive the client is', async () => {
    for (const byte of ['a', ' ']) {
      const client = new RawClient(gateway.port);
      client.send(`GET /drip HTTP/1.1\r\n${host}X-A: `);
      await trickle(client, byte);
      assert.equal(onlyResponse(client.text).status, 408);
      client.destroy();
    }
    assert.doesNotMatch(upstream.take(), /drip/);
  });

  test('fields that come one by one without end are refused with 408', async () => {
    const client = new RawClient(gateway.port);
    client.send(`GET /drip HTTP/1.1\r\n${host}`);
    await trickle(client, 'X: y\r\n');
    assert.equal(onlyResponse(client.text).status, 408);
    client.destroy();
    assert.doesNotMatch(upstream.take(), /drip/);
  });

  test('a body that stops is refused with 408, and the upstream has no whole request', async () => {
    const whole = () => upstream.connections.reduce((sum, { requests }) => sum + requests, 0);
    const before = whole();
    for (const body of ['Content-Length: 10\r\n\r\nhello', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n']) {
      const client = new RawClient(gateway.port);
      client.send(`POST /stops HTTP/1.1\r\n${host}${body}`);
      assert.equal(onlyResponse(await client.toEnd(), 'POST').status, 408);
      client.destroy();
    }
    assert.equal(whole(), before);
  });

  test('a connection kept after an answer is closed when nothing follows, also after half an empty line', async () => {
    for (const tail of ['', '\r']) {
      const client = new RawClient(gateway.port);
      client.send(`GET /kept HTTP/1.1\r\n${host}\r\n${tail}`);
      const text = await client.toEnd();
      client.destroy();
      assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
      assert.doesNotMatch(text, /Connection: close[\s\S]*HTTP\/1\.1 200/);
    }
  });

  test('a client that waits for 100 Continue and then sends nothing is refused with 408', async () => {
    const client = new RawClient(gateway.port);
    client.send(`POST /waits HTTP/1.1\r\n${host}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`);
    const text = await client.toEnd();
    client.destroy();
    assert.equal(onlyResponse(text, 'POST').status, 408);
  });

  test('a client that reads nothing of a large answer is cut off, and the upstream is let go', async () => {
    const body = 'x'.repeat(1024 * 1024);
    let sent = 0;
    upstream.answer = ({ socket }) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${64 * body.length}\r\n\r\n`);
      const more = () => {
        while (sent < 64 && !socket.destroyed) {
          sent += 1;
          if (!socket.write(body)) return void socket.once('drain', more);
        }
      };
      more();
    };
    const client = new RawClient(gateway.port);
    client.socket.pause();
    client.send(`GET /large HTTP/1.1\r\n${host}\r\n`);
    const giveUp = performance.now() + 20_000;
    while (!upstream.connections.some(({ text, closed }) => text.includes('/large') && closed)) {
      assert.ok(performance.now() < giveUp, 'the upstream is still held');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    client.destroy();
    assert.ok(sent < 64, 'it was not read to its end either');
  });
});
