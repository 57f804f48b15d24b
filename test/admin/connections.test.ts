import assert from 'node:assert/strict';
import { request as tlsRequest } from 'node:https';
import { connect } from 'node:net';
import { test } from 'node:test';
import { selfSignedCertificate } from '../../src/base/certificate.ts';
import { type Logger, silentLogger } from '../../src/base/log.ts';
import { Client, sendText } from './client.ts';
import { startAdmin, type TestAdmin } from './harness.ts';

async function withAdmin(work: (admin: TestAdmin, client: Client) => Promise<void>, log: Logger = silentLogger) {
  const admin = await startAdmin({ log });
  try {
    await work(admin, new Client(() => admin.url));
  } finally {
    await admin.close();
  }
}

test('the API can listen on several addresses, one of them with TLS', async () => {
  await withAdmin(async (admin) => {
    const { cert, key } = await selfSignedCertificate({ commonName: 'localhost', altNames: ['127.0.0.1'] });
    const { port } = await admin.server.listen({ host: '127.0.0.1', port: 0, tls: { cert, key } });
    const status = await new Promise((resolve, reject) => {
      const headers = { origin: `https://127.0.0.1:${port}` };
      const sent = tlsRequest(
        { host: '127.0.0.1', port, ca: cert, checkServerIdentity: () => undefined, headers },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        },
      );
      sent.on('error', reject);
      sent.end();
    });
    assert.equal(status, 200);
  });
});

test('an address that is taken is a rejection with its code', async () => {
  await withAdmin(async (admin) => {
    const port = Number(new URL(admin.url).port);
    await assert.rejects(admin.server.listen({ host: '127.0.0.1', port }), { code: 'EADDRINUSE' });
  });
});

test('what is no HTTP is answered 400 and the API serves on', async () => {
  await withAdmin(async (admin, client) => {
    for (const text of ['\r\n\r\nhello\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', 'GET /\u0000 HTTP/1.1\r\nHost: a\r\n\r\n']) {
      assert.match(await sendText(admin.url, text), /^HTTP\/1\.1 4\d\d /, JSON.stringify(text));
    }
    assert.equal((await client.get('/')).status, 200);
  });
});

test('headers beyond 32 KB are 431', async () => {
  await withAdmin(async (admin) => {
    const text = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`;
    assert.match(await sendText(admin.url, text), /^HTTP\/1\.1 431 /);
  });
});

test('a connection serves several requests', async () => {
  await withAdmin(async (admin) => {
    const one = 'GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const last = 'GET /status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    const answers = await sendText(admin.url, one + one + last);
    assert.equal(answers.match(/HTTP\/1\.1 200 OK/g)?.length, 3);
  });
});

test('a client that leaves in the middle of its body is no fault of ours', async () => {
  const logged: string[] = [];
  await withAdmin(
    async (admin, client) => {
      const head =
        'POST /services HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"host"';
      await new Promise<void>((resolve) => {
        const socket = connect(Number(new URL(admin.url).port), '127.0.0.1', () => socket.write(head));
        setTimeout(() => socket.destroy(), 50);
        socket.on('close', () => resolve());
      });
      assert.equal((await client.get('/services')).text, '{"data":[],"next":null}');
    },
    { ...silentLogger, error: (event) => logged.push(event) },
  );
  assert.deepEqual(logged, []);
});

test('a body announced as far too large is refused before it is sent', async () => {
  await withAdmin(async (admin) => {
    const head = `POST /services HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${10 ** 12}\r\n\r\n`;
    const answer = await sendText(admin.url, head);
    assert.match(answer, /^HTTP\/1\.1 413 /);
    assert.match(answer, /Connection: close/i);
  });
});

test('closing lets a running request end', async () => {
  const release = Promise.withResolvers<void>();
  const admin = await startAdmin({ ask: () => release.promise.then(() => []) });
  const running = new Client(() => admin.url).get('/status');
  await new Promise((resolve) => setTimeout(resolve, 50));
  const closed = admin.server.close();
  release.resolve();
  assert.equal((await running).status, 200);
  await closed;
  await assert.rejects(new Client(() => admin.url).get('/'));
  await admin.close();
});
