import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { RawClient } from '../support/raw-client.ts';
import { readStrictRequest, readStrictResponse, type StrictRequest } from '../support/strict-grammar.ts';
import { allResponses, type Bench, onlyResponse, startBench } from './bench.ts';
import { host } from './cases/refused.ts';

const names = ['a', 'b', 'c', 'd', 'e', 'f'];

/** Reads a little at a time, so that what is for it waits everywhere on the way. */
class SlowUpstream {
  readonly requests: StrictRequest[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      const pieces: Buffer[] = [];
      socket.on('data', (piece) => {
        pieces.push(piece);
        socket.pause();
        setTimeout(() => socket.resume(), 2);
        // Requests here end with a mark, so that the whole is only read once.
        if (!piece.toString('latin1').includes('END')) return;
        const reading = readStrictRequest(Buffer.concat(pieces).toString('latin1'));
        if (reading.kind !== 'whole') return;
        pieces.length = 0;
        this.requests.push(reading.message);
        const body = `${reading.message.target} ${reading.message.body.length}`;
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    return `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

for (const workers of [1, 2]) {
  describe(`clients side by side, workers: ${workers}`, () => {
    let bench: Bench;
    let slow: SlowUpstream;
    before(async () => {
      bench = await startBench(workers);
      slow = new SlowUpstream();
      await bench.admin.must('POST', '/services', { name: 'slow', url: await slow.start() });
      await bench.admin.must('POST', '/services/slow/routes', { paths: ['/slow'], strip_path: false });
      await bench.admin.must('POST', '/services/slow/routes', {
        name: 'peeked',
        paths: ['/peeked'],
        strip_path: false,
      });
      const config = { key_in_body: true, key_in_header: false, key_in_query: false };
      await bench.admin.must('POST', '/routes/peeked/plugins', { name: 'key-auth', config });
      await bench.admin.must('POST', '/consumers', { username: 'alice' });
      await bench.admin.must('POST', '/consumers/alice/key-auth', { key: 'key-of-alice' });
    });
    after(async () => {
      await bench.stop();
      await slow.stop();
    });

    /** Sends in pieces that other clients' pieces come between. */
    async function upload(client: RawClient, text: string, pieceBytes: number): Promise<void> {
      for (let at = 0; at < text.length; at += pieceBytes) {
        client.send(text.slice(at, at + pieceBytes));
        await new Promise((resolve) => setImmediate(resolve));
      }
    }

    const bodyOf = (name: string, bytes: number) => `${`${name}:`.repeat(bytes / 2)}END`;

    async function exchange(name: string, path: string, body: string, chunked: boolean): Promise<void> {
      const client = bench.connect();
      const form = 'Content-Type: application/x-www-form-urlencoded\r\n';
      const framing = chunked ? 'Transfer-Encoding: chunked\r\n' : `Content-Length: ${body.length}\r\n`;
      const framed = chunked ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body;
      const head = `POST ${path} HTTP/1.1\r\n${host}X-Name: ${name}\r\n${form}${framing}Connection: close\r\n\r\n`;
      await upload(client, head + framed, 40_000);
      const response = onlyResponse(await client.toEnd(), 'POST');
      client.destroy();
      assert.deepEqual([response.status, response.body], [200, `${path} ${body.length}`]);
      const arrived = slow.requests.find(({ target }) => target === path);
      assert.ok(arrived?.body === body, `the body of ${path} is another one`);
      assert.ok(arrived.fields.some(([field, value]) => field === 'X-Name' && value === name));
    }

    test('large bodies reach a slow upstream unmixed', async () => {
      await Promise.all(
        names.map((name, index) => exchange(name, `/slow/${name}`, bodyOf(name, 800_000), index % 2 === 0)),
      );
    });

    test('bodies that were looked into for a key reach a slow upstream unmixed', async () => {
      const body = (name: string) => `apikey=key-of-alice&x=${bodyOf(name, 300_000)}`;
      await Promise.all(names.map((name, index) => exchange(name, `/peeked/${name}`, body(name), index % 2 === 0)));
    });

    test('what waits behind a slow answer, or is half a head, stays what its client sent', async () => {
      bench.upstream.answer = ({ socket }, { target }) => {
        const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\n\r\n${target}`;
        setTimeout(() => socket.write(answer), target.endsWith('first') ? 300 : 0);
      };
      const long = (name: string) => `X-Long: ${name.repeat(3000)}\r\n`;
      const get = (path: string, name: string, last = false) =>
        `GET ${path} HTTP/1.1\r\n${host}${long(name)}${last ? 'Connection: close\r\n' : ''}\r\n`;
      const waiting = names.map((name) => {
        const client = bench.connect();
        const third = get(`/${name}/third`, name, true);
        client.send(get(`/${name}/first`, name) + get(`/${name}/second`, name) + third.slice(0, third.length / 2));
        return { name, client, rest: third.slice(third.length / 2) };
      });
      // Others write over whatever is shared in the meantime.
      for (let round = 0; round < 20; round += 1) {
        const other = bench.connect();
        other.send(get(`/other/${round}`, 'o', true));
        assert.equal(onlyResponse(await other.toEnd()).body, `/other/${round}`);
        other.destroy();
      }
      for (const { name, client, rest } of waiting) {
        client.send(rest);
        const bodies = allResponses(await client.toEnd()).map(({ body }) => body);
        client.destroy();
        assert.deepEqual(bodies, [`/${name}/first`, `/${name}/second`, `/${name}/third`]);
      }
      for (const { text } of bench.upstream.connections) {
        for (const [, path = '', value = ''] of text.matchAll(/GET \/(\w)\/\w+ [\s\S]*?X-Long: (\w+)\r\n/g)) {
          assert.equal(value, path.repeat(3000));
        }
      }
      await bench.settled();
    });

    test('large answers reach slow clients unmixed', async () => {
      bench.upstream.answer = ({ socket }, { target }) => {
        const body = bodyOf(target.slice(-1), 600_000);
        const framed = target.startsWith('/chunked') ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body;
        const framing = target.startsWith('/chunked') ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`;
        socket.write(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n${framed}`, 'latin1');
      };
      await Promise.all(
        names.map(async (name, index) => {
          const client = bench.connect();
          client.socket.pause();
          client.send(
            `GET /${index % 2 === 0 ? 'chunked' : 'length'}/${name} HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
          );
          await new Promise((resolve) => setTimeout(resolve, 300));
          client.socket.resume();
          const reading = readStrictResponse(await client.toEnd(), { method: 'GET', closed: true });
          client.destroy();
          assert.ok(reading.kind === 'whole' && reading.message.body === bodyOf(name, 600_000), `for ${name}`);
        }),
      );
      await bench.settled();
    });
  });
}
