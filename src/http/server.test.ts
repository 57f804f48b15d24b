import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { appendField, emptyBlock } from './header-block.ts';
import { RawClient, request, sleep, startServer, type TestServer } from './testing.ts';
import type { HttpLimits, PeekOutcome, ServerExchange } from './types.ts';

type Handler = (exchange: ServerExchange) => void;

const echoPath: Handler = (exchange) =>
  exchange.respond({ status: 200, headers: emptyBlock, body: `<${exchange.request.method} ${exchange.request.path}>` });

async function open(
  t: TestContext,
  handler: Handler,
  limits: Partial<HttpLimits> = {},
): Promise<[RawClient, TestServer]> {
  const server = await startServer(handler, limits);
  const client = new RawClient(server.port);
  t.after(async () => {
    client.destroy();
    await server.close();
  });
  return [client, server];
}

const count = (text: string, part: string): number => text.split(part).length - 1;

describe('a server connection', () => {
  it('answers pipelined requests in order, however long each takes', async (t) => {
    const [client] = await open(t, (exchange) => {
      const delayMs = exchange.request.path === '/1' ? 40 : 1;
      if (exchange.request.path === '/2') echoPath(exchange);
      else setTimeout(() => echoPath(exchange), delayMs);
    });
    client.send(
      request('GET /1') + request('GET /2') + request('POST /3', 'Content-Length: 5\r\n', 'GET /') + request('GET /4'),
    );
    const text = await client.receive('/4>');
    assert.deepEqual(text.match(/<[^>]+>/g), ['<GET /1>', '<GET /2>', '<POST /3>', '<GET /4>']);
  });

  it('does not begin a request before the one before is answered', async (t) => {
    const seen: ServerExchange[] = [];
    const [client] = await open(t, (exchange) => void seen.push(exchange));
    client.send(request('GET /1') + request('GET /2'));
    await client.until(() => seen.length === 1, 'first request');
    await sleep(30);
    assert.equal(seen.length, 1);
    seen[0]?.respond({ status: 204, headers: emptyBlock, body: '' });
    await client.until(() => seen.length === 2, 'second request');
    assert.equal(seen[1]?.request.path, '/2');
  });

  it('survives thousands of pipelined requests in one packet', async (t) => {
    const [client] = await open(t, echoPath);
    client.send(request('GET /n').repeat(3000) + request('GET /last'));
    const text = await client.receive('/last>');
    assert.equal(count(text, '<GET /n>'), 3000);
  });

  it('reads a request that comes byte by byte', async (t) => {
    const [client] = await open(t, echoPath);
    for (const byte of request('GET /slow', 'X-A: b\r\n')) {
      client.send(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.receive('<GET /slow>');
  });

  it('sends head and body with framing and date', async (t) => {
    const [client] = await open(t, (exchange) =>
      exchange.respond({ status: 404, headers: appendField(emptyBlock, 'X-A', 'b'), body: 'h\u00e9' }),
    );
    client.send(request('GET /'));
    const text = await client.receive('\u00c3\u00a9');
    assert.match(
      text,
      /^HTTP\/1\.1 404 Not Found\r\nX-A: b\r\nDate: [^\r]+ GMT\r\nContent-Length: 3\r\n\r\nh\u00c3\u00a9$/,
    );
  });

  it('sends no body to HEAD and with 204 and 304', async (t) => {
    const [client] = await open(t, (exchange) => {
      const status = Number(exchange.request.path.slice(1));
      exchange.respond({ status, headers: emptyBlock, body: 'body' });
    });
    client.send(request('HEAD /200') + request('GET /204') + request('GET /304') + request('GET /201'));
    const text = await client.receive('body');
    assert.equal(count(text, 'body'), 1);
    const heads = text.split('\r\n\r\n');
    assert.match(heads[0] ?? '', /Content-Length: 4/);
    assert.doesNotMatch(`${heads[1]}${heads[2]}`, /Content-Length|Transfer-Encoding/);
  });

  it('closes for HTTP/1.0 unless asked to stay', async (t) => {
    const [client, server] = await open(t, echoPath);
    client.send('GET /a HTTP/1.0\r\n\r\n');
    assert.match(await client.end(), /^HTTP\/1\.1 200 OK[\s\S]*Connection: close[\s\S]*<GET \/a>$/);
    const second = new RawClient(server.port);
    t.after(() => second.destroy());
    second.send('GET /b HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    assert.match(await second.receive('<GET /b>'), /Connection: keep-alive/);
    second.send('GET /c HTTP/1.0\r\n\r\n');
    assert.match(await second.end(), /<GET \/c>$/);
  });

  it('closes after Connection: close and ignores what follows', async (t) => {
    const [client] = await open(t, echoPath);
    client.send(request('GET /a', 'Connection: close\r\n') + request('GET /b'));
    const text = await client.end();
    assert.match(text, /Connection: close/);
    assert.doesNotMatch(text, /\/b/);
  });

  it('closes after the agreed number of requests', async (t) => {
    const [client] = await open(t, echoPath, { requestsPerConnectionMax: 2 });
    client.send(request('GET /a') + request('GET /b') + request('GET /c'));
    const text = await client.end();
    assert.deepEqual(text.match(/<[^>]+>/g), ['<GET /a>', '<GET /b>']);
    assert.equal(count(text, 'Connection: close'), 1);
  });

  it('refuses malformed heads with the caller’s answer and closes', async (t) => {
    const [client, server] = await open(t, echoPath);
    client.send(
      `${request('GET /a')}GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc${request('GET /b')}`,
    );
    const text = await client.end();
    assert.match(text, /<GET \/a>HTTP\/1\.1 400 Bad Request\r\n[\s\S]*Connection: close\r\n\r\nframing\.both_lengths$/);
    assert.deepEqual(server.refusals, ['framing.both_lengths']);
  });

  it('refuses a head that takes too long, and closes idle connections in silence', async (t) => {
    const [client, server] = await open(t, echoPath, { headTimeoutMs: 60, idleTimeoutMs: 80 });
    client.send('GET / HTTP/1.1\r\nHo');
    assert.match(await client.end(), /^HTTP\/1\.1 408 [\s\S]*head\.timeout$/);
    const idle = new RawClient(server.port);
    t.after(() => idle.destroy());
    idle.send(request('GET /x'));
    assert.match(await idle.end(), /<GET \/x>$/);
    const silent = new RawClient(server.port);
    t.after(() => silent.destroy());
    assert.equal(await silent.end(), '');
  });

  it('drains an unread body of moderate size and keeps the connection', async (t) => {
    const [client] = await open(t, echoPath);
    client.send(request('POST /a', 'Content-Length: 60000\r\n', 'x'.repeat(1000)));
    await client.receive('<POST /a>');
    client.send(
      'x'.repeat(59_000) +
        request('POST /b', 'Transfer-Encoding: chunked\r\n', '3\r\nabc\r\n0\r\n\r\n') +
        request('GET /c'),
    );
    assert.deepEqual((await client.receive('/c>')).match(/<[^>]+>/g), ['<POST /a>', '<POST /b>', '<GET /c>']);
  });

  it('closes instead of reading a large body that nobody wants', async (t) => {
    const [client] = await open(t, echoPath);
    client.send(request('POST /a', 'Content-Length: 10000000\r\n', 'x'.repeat(1000)));
    const text = await client.end();
    assert.match(text, /Connection: close[\s\S]*<POST \/a>$/);
  });

  it('closes when the unread rest of a body is malformed', async (t) => {
    const [client] = await open(t, echoPath);
    client.send(request('POST /a', 'Transfer-Encoding: chunked\r\n', `zz\r\n${request('GET /smuggled')}`));
    assert.doesNotMatch(await client.end(), /smuggled/);
  });

  it('never asks for a body that is refused', async (t) => {
    const [client] = await open(t, (exchange) => exchange.respond({ status: 401, headers: emptyBlock, body: '' }));
    client.send(request('POST /a', 'Content-Length: 5\r\nExpect: 100-continue\r\n'));
    const text = await client.end();
    assert.match(text, /^HTTP\/1\.1 401 [\s\S]*Connection: close/);
  });

  it('takes a client that closes in the middle for gone', async (t) => {
    let finished = 0;
    let seen: ServerExchange | undefined;
    const [client] = await open(t, (exchange) => {
      seen = exchange;
      exchange.onFinished = () => {
        finished += 1;
      };
    });
    client.send(request('GET /a'));
    await client.until(() => seen !== undefined, 'request');
    client.destroy();
    await client.until(() => finished === 1, 'onFinished');
    assert.equal(seen?.clientGone, true);
    seen?.respond({ status: 200, headers: emptyBlock, body: 'late' });
    assert.equal(seen?.status, 0);
    let outcome = '';
    seen?.forward({ onOutcome: ({ kind }: { kind: string }) => (outcome = kind) } as unknown as Parameters<
      ServerExchange['forward']
    >[0]);
    assert.equal(outcome, 'client_gone');
    assert.equal(finished, 1);
  });

  it('answers 500 when the handler throws, and goes on', async (t) => {
    const warnings: unknown[] = [];
    const listener = (warning: unknown): void => void warnings.push(warning);
    process.on('warning', listener);
    t.after(() => process.removeListener('warning', listener));
    const [client] = await open(t, () => {
      throw new Error('handler fault');
    });
    client.send(request('GET /a'));
    assert.match(await client.end(), /^HTTP\/1\.1 500 /);
    assert.equal(warnings.length, 1);
  });

  it('lets running exchanges end when it drains and closes idle ones', async (t) => {
    let running: ServerExchange | undefined;
    const [client, server] = await open(t, (exchange) => {
      running = exchange;
    });
    const idle = new RawClient(server.port);
    t.after(() => idle.destroy());
    client.send(request('GET /a'));
    await client.until(() => running !== undefined, 'request');
    const drained = server.server.drain(2000);
    await idle.end();
    assert.ok(running !== undefined);
    echoPath(running);
    assert.match(await client.end(), /Connection: close[\s\S]*<GET \/a>$/);
    client.socket.end();
    await drained;
    assert.equal(server.server.connections, 0);
  });

  it('answers what was on its way when it began to drain, on old connections and new ones', async (t) => {
    const [kept, server] = await open(t, echoPath);
    kept.send(request('GET /first'));
    await kept.until(() => kept.text.endsWith('<GET /first>'), 'first answer');
    const drained = server.server.drain(2000);
    kept.send(request('GET /kept'));
    const fresh = new RawClient(server.port);
    t.after(() => fresh.destroy());
    fresh.send(request('GET /fresh'));
    assert.match(await kept.end(), /Connection: close[\s\S]*<GET \/kept>$/);
    assert.match(await fresh.end(), /Connection: close[\s\S]*<GET \/fresh>$/);
    kept.socket.end();
    fresh.socket.end();
    await drained;
  });

  it('counts bytes and times', async (t) => {
    let exchange: ServerExchange | undefined;
    const [client] = await open(t, (one) => {
      exchange = one;
      echoPath(one);
    });
    const text = request('GET /a');
    client.send(text);
    const answer = await client.receive('<GET /a>');
    assert.equal(exchange?.bytesReceived, text.length);
    assert.equal(exchange?.bytesSent, answer.length);
    assert.ok(exchange !== undefined && exchange.times.finishedAt >= exchange.times.receivedAt);
  });
});

describe('peeking at a body', () => {
  const peeker = (bytesMax: number, timeoutMs: number, seen: PeekOutcome[]): Handler => {
    return (exchange) => {
      exchange.request.body.peek(bytesMax, timeoutMs).then((outcome) => {
        seen.push(outcome);
        exchange.respond({ status: 200, headers: emptyBlock, body: `<${outcome.kind}>` });
      });
    };
  };
  const bytesOf = (outcome: PeekOutcome | undefined): string =>
    outcome?.kind === 'whole' ? outcome.bytes.toString('latin1') : String(outcome?.kind);

  it('gives the whole of it, with a length or in chunks, however it comes', async (t) => {
    const seen: PeekOutcome[] = [];
    const [client] = await open(t, peeker(100, 1000, seen));
    client.send(request('POST /', 'Content-Length: 6\r\n', 'abc'));
    await sleep(20);
    client.send(`def${request('POST /', 'Transfer-Encoding: chunked\r\n', '3\r\nab')}`);
    await sleep(20);
    client.send(
      `c\r\n2;x=y\r\nde\r\n0\r\nT: u\r\n\r\n${request('POST /', 'Content-Length: 0\r\n')}${request('GET /')}`,
    );
    await client.until(() => seen.length === 4, 'four peeks');
    assert.deepEqual(seen.map(bytesOf), ['abcdef', 'abcde', '', '']);
  });

  it('answers Expect: 100-continue, once and only when nothing has come', async (t) => {
    const seen: PeekOutcome[] = [];
    const [client] = await open(t, peeker(100, 1000, seen));
    client.send(request('POST /', 'Content-Length: 3\r\nExpect: 100-continue\r\n'));
    await client.receive('HTTP/1.1 100 Continue\r\n\r\n');
    client.send('abc');
    await client.receive('<whole>');
    client.send(request('POST /', 'Content-Length: 3\r\nExpect: 100-continue\r\n', 'abc'));
    await client.receive(/<whole>[\s\S]*<whole>/);
    assert.equal(count(client.text, '100 Continue'), 1);
  });

  it('is too large by its length without reading, and by its chunks while reading', async (t) => {
    const seen: PeekOutcome[] = [];
    const [client] = await open(t, peeker(5, 1000, seen));
    client.send(request('POST /', 'Content-Length: 6\r\n', 'abcdef'));
    client.send(request('POST /', 'Transfer-Encoding: chunked\r\n', '6\r\nabcdef\r\n0\r\n\r\n'));
    await client.receive(/<too_large>[\s\S]*<too_large>/);
  });

  it('ends with a timeout, an abort or a full budget', async (t) => {
    const seen: PeekOutcome[] = [];
    const [client, server] = await open(t, peeker(1000, 50, seen), { peekBytesTotalMax: 100 });
    client.send(request('POST /', 'Content-Length: 10\r\n', 'abc'));
    await client.receive('<timeout>');
    const malformed = new RawClient(server.port);
    malformed.send(request('POST /', 'Transfer-Encoding: chunked\r\n', 'zz\r\n'));
    await malformed.receive(/Connection: close[\s\S]*<aborted>/);
    const busy = new RawClient(server.port);
    busy.send(request('POST /', 'Content-Length: 101\r\n', 'x'.repeat(101)));
    await busy.receive('<busy>');
    const chunks = new RawClient(server.port);
    chunks.send(request('POST /', 'Transfer-Encoding: chunked\r\n', `c8\r\n${'x'.repeat(200)}\r\n0\r\n\r\n`));
    await chunks.receive('<busy>');
    const gone = new RawClient(server.port);
    gone.send(request('POST /', 'Content-Length: 10\r\n', 'abc'));
    await sleep(20);
    gone.destroy();
    await client.until(() => seen.length === 5, 'five outcomes');
    assert.equal(seen[4]?.kind, 'aborted');
    for (const one of [malformed, busy, chunks]) one.destroy();
    const again = new RawClient(server.port);
    t.after(() => again.destroy());
    again.send(request('POST /', 'Content-Length: 90\r\n', 'x'.repeat(90)));
    await again.receive('<whole>');
  });
});
