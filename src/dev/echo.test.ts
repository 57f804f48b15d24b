import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { type EchoAnswer, type EchoUpstream, startEcho } from './echo.ts';

let echo: EchoUpstream;
before(async () => {
  echo = await startEcho();
});
after(() => echo.stop());

async function ask(path: string, init: RequestInit = {}): Promise<EchoAnswer> {
  return (await (await fetch(echo.url + path, init)).json()) as EchoAnswer;
}

test('any method and path are answered with what was received', async () => {
  const answer = await ask('/a%20b//c?x=1&y=%C3%BC&x=2&__proto__=p', {
    method: 'PATCH',
    body: 'hello',
    headers: { 'X-One': '1' },
  });
  assert.equal(answer.method, 'PATCH');
  assert.equal(answer.url, '/a%20b//c?x=1&y=%C3%BC&x=2&__proto__=p');
  assert.equal(answer.path, '/a%20b//c');
  assert.deepEqual(Object.entries(answer.args), [
    ['x', ['1', '2']],
    ['y', 'ü'],
    ['__proto__', 'p'],
  ]);
  assert.equal(answer.headers['x-one'], '1');
  assert.equal(answer.body, 'hello');
  assert.equal(answer.body_bytes, 5);
});

test('a repeated header is a list in the order received', async () => {
  const socket = connect(echo.port, '127.0.0.1');
  socket.write(
    'GET / HTTP/1.1\r\nHost: h\r\nAuthorization: a\r\nX-A: 1\r\nauthorization: b\r\nConnection: close\r\n\r\n',
  );
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await once(socket, 'close');
  const answer = JSON.parse(text.slice(text.indexOf('\r\n\r\n'))) as EchoAnswer;
  assert.deepEqual(answer.headers['authorization'], ['a', 'b']);
  assert.equal(answer.headers['x-a'], '1');
});

test('a large body is counted whole and shown in part', async () => {
  const answer = await ask('/', { method: 'POST', body: 'x'.repeat(300_000) });
  assert.equal(answer.body_bytes, 300_000);
  assert.equal(answer.body.length, 64 * 1024);
});

test('requests are counted', async () => {
  const before = echo.requests;
  await ask('/');
  await fetch(`${echo.url}/`, { method: 'HEAD' });
  assert.equal(echo.requests, before + 2);
});

test('a busy port is an error that says so', async () => {
  await assert.rejects(startEcho({ port: echo.port }), { code: 'port_busy' });
});
