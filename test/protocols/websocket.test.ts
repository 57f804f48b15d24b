import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { WebSocket as Client, type RawData, WebSocketServer } from 'ws';
import { eventually } from '../support/wire.ts';
import { type ProtocolPlace, startProtocolPlace } from './place.ts';

/** Repeats what it hears; some texts mean something. */
async function startPeer(): Promise<{ url: string; peers: Set<Client>; stop(): Promise<void> }> {
  const server = createServer((_, response) => response.writeHead(426).end('no upgrade'));
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 * 1024 });
  const peers = new Set<Client>();
  server.on('upgrade', (request, socket, head) => {
    if (request.url?.endsWith('/refused') === true) {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (peer) => {
      peers.add(peer);
      peer.on('close', () => peers.delete(peer));
      peer.on('error', () => undefined);
      peer.on('message', (data: RawData, binary: boolean) => {
        const text = binary ? '' : data.toString();
        if (text === 'close 4001') peer.close(4001, 'as told');
        else if (text === 'die') peer.terminate();
        else if (text === 'headers') peer.send(JSON.stringify(request.headers));
        else peer.send(data, { binary });
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    peers,
    stop: async () => {
      for (const peer of peers) peer.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function opened(url: string, protocols: string[] = []): Promise<Client> {
  const client = new Client(url, protocols, { rejectUnauthorized: false, maxPayload: 64 * 1024 * 1024 });
  client.on('error', () => undefined);
  await once(client, 'open');
  return client;
}

async function answer(client: Client, message: string | Buffer): Promise<Buffer> {
  const heard = once(client, 'message');
  client.send(message);
  const [data] = (await heard) as [Buffer];
  return data;
}

async function closing(client: Client): Promise<{ code: number; reason: string }> {
  const [code, reason] = (await once(client, 'close')) as [number, Buffer];
  return { code, reason: reason.toString() };
}

for (const workers of [1, 2]) {
  describe(`WebSockets, workers: ${workers}`, () => {
    let place: ProtocolPlace;
    let peer: Awaited<ReturnType<typeof startPeer>>;
    let path: string;
    before(async () => {
      [place, peer] = await Promise.all([startProtocolPlace(workers), startPeer()]);
      path = await place.route(peer.url);
    });
    after(async () => {
      await place.stop();
      await peer.stop();
    });
    const at = (more = '', secure = false): string =>
      secure ? `wss://127.0.0.1:${place.tlsPort}${path}${more}` : `ws://127.0.0.1:${place.port}${path}${more}`;

    for (const secure of [false, true]) {
      const form = secure ? 'over TLS' : 'in plain';
      test(`pass ${form}: texts, bytes, frames of several megabytes, many at once`, async () => {
        const client = await opened(at('', secure));
        assert.equal((await answer(client, 'hello')).toString(), 'hello');
        const big = Buffer.alloc(8_000_000, 'abcdefg');
        assert.ok((await answer(client, big)).equals(big));
        const heard: string[] = [];
        client.on('message', (data: Buffer) => void heard.push(data.toString()));
        for (let i = 0; i < 500; i += 1) client.send(String(i));
        await eventually('all answers', () => heard.length === 500);
        assert.deepEqual(heard, [...Array(500).keys()].map(String));
        client.terminate();
      });
    }

    test('are opened by a request with the fields of every other request', async () => {
      const client = await opened(at(), ['chat', 'other']);
      assert.equal(client.protocol, 'chat');
      const fields: Record<string, string> = JSON.parse((await answer(client, 'headers')).toString());
      assert.equal(fields['upgrade'], 'websocket');
      assert.equal(fields['connection'], 'keep-alive, Upgrade');
      assert.equal(fields['x-forwarded-path'], path);
      assert.match(fields['x-kong-request-id'] ?? '', /^[0-9a-f]{32}$/);
      client.terminate();
    });

    test('carry pings and pongs of both sides', async () => {
      const client = await opened(at());
      const pong = once(client, 'pong');
      client.ping('to the server');
      assert.equal(String((await pong)[0]), 'to the server');
      const side = [...peer.peers].at(-1);
      assert.ok(side !== undefined);
      const answered = once(side, 'pong');
      side.ping('to the client');
      assert.equal(String((await answered)[0]), 'to the client');
      client.terminate();
    });

    test('end with the codes of whoever ends them', async () => {
      const told = await opened(at());
      told.send('close 4001');
      assert.deepEqual(await closing(told), { code: 4001, reason: 'as told' });
      const telling = await opened(at());
      const side = [...peer.peers].at(-1);
      assert.ok(side !== undefined);
      const heard = closing(side);
      telling.close(4002, 'enough');
      assert.deepEqual(await heard, { code: 4002, reason: 'enough' });
    });

    test('end abnormally when the upstream dies, and at the upstream when the client dies', async () => {
      const client = await opened(at());
      client.send('die');
      assert.equal((await closing(client)).code, 1006);
      const leaving = await opened(at());
      const side = [...peer.peers].at(-1);
      assert.ok(side !== undefined);
      const heard = closing(side);
      leaving.terminate();
      assert.equal((await heard).code, 1006);
    });

    test('end after read_timeout of silence, and only of silence', async () => {
      const quiet = await place.route(peer.url, { read_timeout: 2000 });
      const client = await opened(`ws://127.0.0.1:${place.port}${quiet}`);
      const closed = closing(client);
      let over = false;
      closed.then(() => {
        over = true;
      });
      for (let i = 0; i < 6; i += 1) {
        await new Promise((resolve) => setTimeout(resolve, 500));
        assert.equal((await answer(client, 'still here')).toString(), 'still here');
      }
      assert.equal(over, false);
      const from = performance.now();
      assert.equal((await closed).code, 1006);
      assert.ok(performance.now() - from >= 1500);
    });

    test('are not interrupted by changes of configuration', async () => {
      const client = await opened(at());
      await place.route(peer.url);
      await place.admin.must('PATCH', '/services/s1', { read_timeout: 50_000, retries: 3 });
      assert.equal((await answer(client, 'still here')).toString(), 'still here');
      client.terminate();
    });

    test('that the upstream refuses are answered with its answer', async () => {
      const client = new Client(at('refused'));
      client.on('error', () => undefined);
      const [, response] = (await once(client, 'unexpected-response')) as [unknown, { statusCode: number }];
      assert.equal(response.statusCode, 403);
      client.terminate();
    });

    test('are opened by the client that Node brings along', async () => {
      const client = new WebSocket(at());
      const message = await new Promise((resolve, reject) => {
        client.onopen = () => client.send('from node');
        client.onmessage = ({ data }) => resolve(data);
        client.onerror = () => reject(new Error('no connection'));
      });
      assert.equal(message, 'from node');
      client.close();
    });

    test('have a line of the access log when they end, with status and bytes', async () => {
      const client = await opened(at('logged'));
      await answer(client, 'x'.repeat(10_000));
      client.close(1000);
      await closing(client);
      await eventually('the line', () => /"status":101[^\n]*/.test(lineOf(place, 'logged')));
      const line: { bytes_in: number; bytes_out: number } = JSON.parse(lineOf(place, 'logged'));
      assert.ok(line.bytes_in > 10_000 && line.bytes_out > 10_000, JSON.stringify(line));
    });
  });
}

function lineOf(place: ProtocolPlace, part: string): string {
  return (
    place.gateway
      .accessLog()
      .split('\n')
      .find((line) => line.includes(part)) ?? ''
  );
}

test('a tunnel may go on while the gateway shuts down, until its time-out', async () => {
  const [place, peer] = await Promise.all([
    startProtocolPlace(1, { SALLYPORT_SHUTDOWN_TIMEOUT: '3000', SALLYPORT_SHUTDOWN_DELAY: '0' }),
    startPeer(),
  ]);
  const path = await place.route(peer.url);
  const client = await opened(`ws://127.0.0.1:${place.port}${path}`);
  const stopped = place.stop();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  assert.equal((await answer(client, 'still here')).toString(), 'still here');
  const closed = closing(client);
  await stopped;
  assert.equal((await closed).code, 1006);
  await peer.stop();
});
