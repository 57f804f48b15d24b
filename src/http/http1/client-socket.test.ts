import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { emptyBlock } from '../header-block.ts';
import { hello, openGateway, RawClient, request, sleep, startServer } from '../testing.ts';
import { ClientSocket } from './client-socket.ts';

describe('client connections read into one buffer', () => {
  it('and Node still lets them', async (t) => {
    const made: unknown[] = [];
    const prototype = ClientSocket.prototype;
    const write = prototype.write;
    t.mock.method(prototype, 'write', function (this: ClientSocket, ...args: Parameters<typeof write>) {
      made.push(this);
      return write.apply(this, args);
    });
    const server = await startServer((exchange) => exchange.respond({ status: 204, headers: emptyBlock, body: '' }));
    const client = new RawClient(server.port);
    t.after(async () => {
      client.destroy();
      await server.close();
    });
    client.send(request('GET /'));
    await client.receive('204');
    assert.ok(made[0] instanceof ClientSocket);
  });

  it('yet what one has to wait with is not overwritten by another', async (t) => {
    const { client, gateway, upstream } = await openGateway(t, (side) => {
      if (side.text.endsWith('e')) side.socket.write(hello);
    });
    const other = new RawClient(gateway.port);
    t.after(() => other.destroy());
    const filler = 'x'.repeat(3000);
    // Half a head, half a body, and a request that is early: each is kept while others send.
    client.send(`POST /1 HTTP/1.1\r\nHost: a.example\r\nX-Long: ${filler}\r\nContent-`);
    await sleep(30);
    other.send(`POST /2 HTTP/1.1\r\nHost: b.example\r\nX-Other: ${filler}\r\nContent-Length: 4\r\n\r\n2`);
    await sleep(30);
    client.send('Length: 4\r\n\r\n1');
    await sleep(30);
    other.send('bce');
    await sleep(30);
    client.send(`bce${request('POST /3', 'Content-Length: 4\r\n', '3bce')}`);
    await other.receive('hello');
    await client.receive(/hello[\s\S]*hello/);
    const bodies = [...upstream.text().matchAll(/POST (\/\d)[\s\S]*?\r\n\r\n(\dbce)/g)].map(([, path, body]) => [
      path,
      body,
    ]);
    assert.deepEqual(bodies.sort(), [
      ['/1', '1bce'],
      ['/2', '2bce'],
      ['/3', '3bce'],
    ]);
    assert.equal(upstream.text().split(filler).length - 1, 2);
  });

  it('and a body that was peeked at is that of its own request', async (t) => {
    const seen: string[] = [];
    const server = await startServer((exchange) => {
      exchange.request.body.peek(10_000, 5000).then((outcome) => {
        seen.push(outcome.kind === 'whole' ? outcome.bytes.toString('latin1') : outcome.kind);
        exchange.respond({ status: 204, headers: emptyBlock, body: '' });
      });
    });
    const clients = ['a', 'b', 'c', 'd'].map((letter) => ({ letter, client: new RawClient(server.port) }));
    t.after(async () => {
      for (const { client } of clients) client.destroy();
      await server.close();
    });
    for (const { letter, client } of clients) {
      client.send(request('POST /', 'Content-Length: 2000\r\n', letter.repeat(1000)));
    }
    await sleep(30);
    for (const { letter, client } of clients) client.send(letter.repeat(1000));
    for (const { client } of clients) await client.receive('204');
    assert.deepEqual(
      seen.sort(),
      clients.map(({ letter }) => letter.repeat(2000)),
    );
  });
});
