import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort, temporaryPrefix } from '../support/gateway.ts';
import { exchange, parseAnswer, type WireAnswer } from '../support/wire.ts';
import { type HeaderScene, type Pairs, startHeaderScene } from './scene.ts';

type Kind = 'json' | 'html' | 'xml' | 'plain' | 'grpc';

const types: Readonly<Record<Kind, string>> = {
  json: 'application/json; charset=utf-8',
  html: 'text/html; charset=utf-8',
  xml: 'application/xml; charset=utf-8',
  plain: 'text/plain; charset=utf-8',
  grpc: 'application/grpc',
};

function bodyOf(kind: Kind, message: string, id: string): string {
  switch (kind) {
    case 'json':
      return `{\n  "message":"${message}",\n  "request_id":"${id}"\n}`;
    case 'html':
      return [
        '<!doctype html>\n<html>\n  <head>\n    <meta charset="utf-8">\n    <title>Error</title>\n  </head>\n',
        `  <body>\n    <h1>Error</h1>\n    <p>${message}.</p>\n    <p>request_id: ${id}</p>\n  </body>\n</html>\n`,
      ].join('');
    case 'xml':
      return [
        '<?xml version="1.0" encoding="UTF-8"?>\n<error>\n',
        `  <message>${message}</message>\n  <requestid>${id}</requestid>\n</error>\n`,
      ].join('');
    case 'plain':
      return `${message}\nrequest_id: ${id}\n`;
    case 'grpc':
      return '';
  }
}

function assertError(answer: WireAnswer, status: number, kind: Kind, message: string): void {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers['content-type'], types[kind]);
  assert.match(answer.requestId, /^[0-9a-f]{32}$/);
  assert.equal(answer.text, bodyOf(kind, message, answer.requestId));
}

const accepts: readonly (readonly [accept: string, kind: Kind])[] = [
  ['application/json', 'json'],
  ['application/*', 'json'],
  ['*/*', 'json'],
  ['text/html', 'html'],
  ['TEXT/HTML', 'html'],
  ['application/xml', 'xml'],
  ['text/plain', 'plain'],
  ['text/*', 'plain'],
  ['application/grpc', 'grpc'],
  ['application/grpc+proto', 'grpc'],
  ['text/html, application/json', 'html'],
  ['application/json, text/html', 'json'],
  ['text/html;q=0.5, application/xml;q=0.9', 'xml'],
  ['text/html;q=0.5,text/plain', 'plain'],
  ['text/html ; q=0.2 , application/xml ; q = 0.3', 'xml'],
  ['text/html;level=1;q=0.4, text/plain;q=0.3', 'html'],
  ['text/html;q=0', 'json'],
  ['text/html;q=0, text/plain;q=0', 'json'],
  ['text/html;q=0, text/plain;q=0.001', 'plain'],
  ['image/png,text/html', 'json'],
  ['text/html,image/png', 'html'],
  ['text/xml', 'json'],
  ['text/html;q=nonsense, text/plain;q=0.1', 'plain'],
  ['text/html;q=5, text/plain;q=0.1', 'plain'],
  [',,;q=1,text/html', 'html'],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'html'],
  [`${'a/b;q=0.1,'.repeat(200)}text/html`, 'json'],
  ['', 'json'],
];

for (const workers of [1, 2]) {
  describe(`bodies of errors, workers: ${workers}`, () => {
    let scene: HeaderScene;
    let broken: Server;
    before(async () => {
      scene = await startHeaderScene(workers);
      broken = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => socket.end('this is no HTTP\r\n\r\n'));
      });
      const brokenPort = await freePort();
      await new Promise<void>((resolve) => broken.listen(brokenPort, '127.0.0.1', resolve));
      await scene.route('plain');
      await scene.admin.must('POST', '/routes', { name: 'lonely', paths: ['/lonely'] });
      await scene.route('dead', {}, { url: `http://127.0.0.1:${await freePort()}`, retries: 0 });
      await scene.route('broken', {}, { url: `http://127.0.0.1:${brokenPort}`, retries: 0 });
      await scene.route(
        'slow',
        {},
        { url: `http://127.0.0.1:${scene.upstreamPort}/never`, read_timeout: 200, retries: 0 },
      );
    });
    after(async () => {
      await scene.stop();
      await new Promise((resolve) => broken.close(resolve));
    });

    for (const [accept, kind] of accepts) {
      test(`Accept: ${accept.length > 70 ? `${accept.slice(0, 70)} …` : accept} is answered with ${kind}`, async () => {
        const { answer } = await scene.ask('/nowhere', { headers: [['Accept', accept]] });
        assertError(answer, 404, kind, 'no Route matched with those values');
      });
    }

    test('several Accept fields count as one list', async () => {
      const headers: Pairs = [
        ['Accept', 'text/html;q=0.1'],
        ['Accept', 'text/plain;q=0.2'],
      ];
      const { answer } = await scene.ask('/nowhere', { headers });
      assertError(answer, 404, 'plain', 'no Route matched with those values');
    });

    test('a gRPC client reads code and message in fields', async () => {
      const { answer } = await scene.ask('/nowhere', { headers: [['Content-Type', 'application/grpc']] });
      assert.equal(answer.headers['content-type'], 'application/grpc');
      assert.equal(answer.headers['grpc-status'], '5');
      assert.equal(answer.headers['grpc-message'], 'no Route matched with those values');
      assert.equal(answer.text, '');
    });

    test('HEAD gets the head alone', async () => {
      const { answer } = await scene.ask('/nowhere', { method: 'HEAD', headers: [['Accept', 'text/html']] });
      assert.equal(answer.status, 404);
      assert.equal(answer.headers['content-type'], types.html);
      assert.equal(answer.text, '');
      assert.ok(Number(answer.headers['content-length']) > 100);
    });

    const blames = [
      ['/lonely', 503, 'no Service found with those values'],
      ['/dead', 502, 'An invalid response was received from the upstream server'],
      ['/broken', 502, 'An invalid response was received from the upstream server'],
      ['/slow', 504, 'The upstream server is timing out'],
    ] as const;
    for (const [path, status, message] of blames) {
      test(`${path}: ${status} ${message}`, async () => {
        for (const [accept, kind] of [
          ['text/html', 'html'],
          ['application/json', 'json'],
        ] as const) {
          const { answer } = await scene.ask(path, { headers: [['Accept', accept]] });
          assertError(answer, status, kind, message);
          assert.match(answer.headers['server'] ?? '', /^sallyport/);
        }
      });
    }

    test('errors of the router are JSON for who names no type, whatever it sends', async () => {
      for (const path of ['/nowhere', '/lonely']) {
        const { answer } = await scene.ask(path, { headers: [['Content-Type', 'text/html']], body: 'x' });
        assert.equal(answer.headers['content-type'], types.json);
      }
    });

    for (const [sent, kind] of [
      [undefined, 'plain'],
      ['text/html', 'html'],
      ['application/json; charset=utf-8', 'json'],
      ['application/xml', 'xml'],
      ['multipart/form-data; boundary=x', 'json'],
    ] as const) {
      test(`errors of the core come as the request's own type where no other is named: ${sent ?? 'none'}`, async () => {
        const headers: Pairs = sent === undefined ? [] : [['Content-Type', sent]];
        const { answer } = await scene.ask('/dead', { headers, body: 'x' });
        assertError(answer, 502, kind, 'An invalid response was received from the upstream server');
      });
    }

    const raw = async (text: string) =>
      parseAnswer(await exchange({ host: '127.0.0.1', port: scene.proxyPort }, Buffer.from(text, 'latin1')));

    for (const [what, text, status, message] of [
      ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400, 'Bad request'],
      [
        'two lengths',
        'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
        400,
        'Bad request',
      ],
      ['a long target', `GET /${'a'.repeat(9000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414, 'URI too long'],
      [
        'long fields',
        `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(40_000)}\r\n\r\n`,
        431,
        'Request header or cookie too large',
      ],
    ] as const) {
      test(`a message that is refused before it is a request is an error of the core: ${what}`, async () => {
        assertError(await raw(text), status, 'plain', message);
      });
    }

    test('a body that is not what its head announced is the fault of the client', async () => {
      const head = 'POST /plain HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nAccept: text/html\r\n\r\n';
      assertError(await raw(`${head}zz\r\n`), 400, 'html', 'Bad request');
    });
  });

  describe(`settings about bodies of errors, workers: ${workers}`, () => {
    let scene: HeaderScene;
    before(async () => {
      const folder = temporaryPrefix();
      const template = (name: string, text: string) => {
        writeFileSync(join(folder, name), text);
        return join(folder, name);
      };
      scene = await startHeaderScene(workers, {
        KONG_ERROR_DEFAULT_TYPE: 'application/xml',
        KONG_ERROR_TEMPLATE_HTML: template('a.html', '<h1>Ours: %s</h1><p>100%% %s</p>'),
        KONG_ERROR_TEMPLATE_JSON: template('a.json', '{"error":"%s"}'),
        KONG_ERROR_TEMPLATE_XML: template('a.xml', '<e>%s</e><id>%s</id>'),
        KONG_ERROR_TEMPLATE_PLAIN: template('a.txt', 'sorry'),
      });
      await scene.route('dead', {}, { url: `http://127.0.0.1:${await freePort()}`, retries: 0 });
    });
    after(() => scene.stop());

    test('error_default_type is the type of core errors where the request names none', async () => {
      const { answer } = await scene.ask('/dead');
      assert.equal(answer.headers['content-type'], types.xml);
      const text = 'An invalid response was received from the upstream server';
      assert.equal(answer.text, `<e>${text}</e><id>${answer.requestId}</id>`);
      assert.equal((await scene.ask('/nowhere')).answer.headers['content-type'], types.json);
    });

    test('error_template_* replace the bodies, message and id go where %s stands', async () => {
      const message = 'no Route matched with those values';
      for (const [accept, body] of [
        ['text/html', `<h1>Ours: ${message}</h1><p>100% ID</p>`],
        ['application/json', `{"error":"${message}"}`],
        ['application/xml', `<e>${message}</e><id>ID</id>`],
        ['text/plain', 'sorry'],
      ] as const) {
        const { answer } = await scene.ask('/nowhere', { headers: [['Accept', accept]] });
        assert.equal(answer.text, body.replace('ID', answer.requestId), accept);
      }
    });
  });
}
