import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type Scene, startScene } from '../support/scene.ts';
import { basic, bearer, exchange, form, json, type WireAnswer, type WireRequest } from '../support/wire.ts';

const challenge = (answer: WireAnswer) => answer.headers['www-authenticate'] ?? '';
const formType: [string, string] = ['Content-Type', 'application/x-www-form-urlencoded'];
const jsonType: [string, string] = ['Content-Type', 'application/json'];
const mebibyte = 1024 * 1024;

for (const workers of [1, 2]) {
  describe(`where client credentials may stand, workers: ${workers}`, () => {
    let scene: Scene;
    before(async () => {
      scene = await startScene({ workers });
    });
    beforeEach(async () => {
      await scene.control.reset();
    });
    after(() => scene.stop());

    const pair = () => ({ client_id: scene.client.id, client_secret: scene.client.secret });
    const query = () => new URLSearchParams(pair()).toString();
    const refusedUnseen = async (url: string, request: WireRequest, status: number, check: string) => {
      const seen = scene.echo.requests;
      const answer = await scene.send(url, request);
      assert.equal(answer.status, status, answer.text);
      assert.equal((await scene.decision(answer.requestId)).failed, check);
      assert.equal(scene.echo.requests, seen, 'nothing reached the upstream');
      return answer;
    };

    test('client_credentials_param_type decides where the pair counts', async () => {
      const places: Record<string, () => { url: string; request: WireRequest }> = {
        header: () => ({ url: '', request: { headers: [scene.basic()] } }),
        query: () => ({ url: `?${query()}`, request: {} }),
        body: () => ({ url: '', request: form(pair()) }),
      };
      for (const enabled of Object.keys(places)) {
        const at = await scene.protect(scene.guideConfig({ client_credentials_param_type: [enabled] }));
        for (const [place, present] of Object.entries(places)) {
          const { url, request } = present();
          const answer = await scene.send(at.url + url, request);
          assert.equal(answer.status, place === enabled ? 200 : 401, `${place} where ${enabled} is enabled`);
          if (place !== enabled) {
            assert.equal((await scene.decision(answer.requestId)).failed, 'credential.present');
            assert.match(challenge(answer), /^Bearer realm="[^"]+"$/, 'a bare challenge: no credential was seen');
          }
        }
      }
    });

    test('hide_credentials=false leaves header, query, form and JSON byte for byte', async () => {
      const at = await scene.protect(
        scene.guideConfig({ hide_credentials: false, upstream_access_token_header: 'x-token' }),
      );
      const inHeader = await scene.send(at.url, { headers: [scene.basic()] });
      assert.equal(inHeader.echoed?.headers['authorization'], basic(scene.client.id, scene.client.secret));
      const inQuery = await scene.send(`${at.url}?a=%41&${query()}&b`);
      assert.equal(inQuery.echoed?.url, `/?a=%41&${query()}&b`);
      const asForm = { body: `x=1&${query()}&&y=+`, headers: [formType] };
      assert.equal((await scene.send(at.url, asForm)).echoed?.body, asForm.body);
      const asJson = {
        body: `{ "n": 1.0, "client_id":"${pair().client_id}", "client_secret" : ${JSON.stringify(pair().client_secret)} }`,
        headers: [jsonType],
      };
      assert.equal((await scene.send(at.url, asJson)).echoed?.body, asJson.body);
    });

    const cuts = [
      ['the first arguments', (id: string, secret: string) => `client_id=${id}&client_secret=${secret}&z=%7E`, 'z=%7E'],
      ['the last ones', (id: string, secret: string) => `a=+&client_secret=${secret}&client_id=${id}`, 'a=+'],
      [
        'escaped names',
        (id: string, secret: string) => `a=1&client%5Fid=${id}&b=%zz&client_%73ecret=${secret}`,
        'a=1&b=%zz',
      ],
      [
        'empty arguments around them',
        (id: string, secret: string) => `&&client_id=${id}&&client_secret=${secret}&=&`,
        '&&&=&',
      ],
      [
        'repeated equal ones',
        (id: string, secret: string) => `client_id=${id}&a&client_id=${id}&client_secret=${secret}`,
        'a',
      ],
    ] as const;
    for (const [what, text, left] of cuts) {
      test(`from query and form ${what} are cut out and every other byte stays`, async () => {
        const at = await scene.protect(scene.guideConfig());
        const { client_id, client_secret } = pair();
        const raw = text(client_id, encodeURIComponent(client_secret));
        const inQuery = await scene.send(`${at.url}?${raw}`);
        assert.equal(inQuery.status, 200, inQuery.text);
        assert.equal(inQuery.echoed?.url, `/?${left}`);
        const inForm = await scene.send(at.url, { body: raw, headers: [formType] });
        assert.equal(inForm.status, 200, inForm.text);
        assert.equal(inForm.echoed?.body, left);
        assert.equal(inForm.echoed?.headers['content-length'], String(left.length));
      });
    }

    test('from JSON only the members themselves are cut out: numbers, duplicates and spacing stay', async () => {
      const at = await scene.protect(scene.guideConfig());
      const { client_id, client_secret } = pair();
      const members = `"client_id": "${client_id}", "client\\u005fsecret":${JSON.stringify(client_secret)}`;
      for (const [body, left] of [
        [
          `{ "a": 1.50, ${members}, "a": 12345678901234567890, "é": {"client_id": 1} }`,
          '{ "a": 1.50, "a": 12345678901234567890, "é": {"client_id": 1} }',
        ],
        [`{${members}}`, '{}'],
        [`\n{ ${members} , "x":[ ] }\n`, '\n{ "x":[ ] }\n'],
      ] as const) {
        const answer = await scene.send(at.url, { body, headers: [jsonType] });
        assert.equal(answer.status, 200, answer.text);
        assert.equal(answer.echoed?.body, left);
      }
    });

    test('a body is sent on whole when the credentials were elsewhere, whatever its type', async () => {
      const at = await scene.protect(scene.guideConfig());
      for (const [type, body] of [
        ['application/json', '{"client_id":"x", "client_secret":"y"}'],
        ['application/x-www-form-urlencoded', 'client_id=x&client_secret=y'],
        ['text/plain', 'client_id=x&client_secret=y'],
      ] as const) {
        const answer = await scene.send(at.url, { body, headers: [['Content-Type', type], scene.basic()] });
        assert.equal(answer.status, 200);
        assert.equal(answer.echoed?.body, body);
      }
    });

    test('multipart is never searched and passes untouched', async () => {
      const at = await scene.protect(scene.guideConfig());
      const { client_id, client_secret } = pair();
      const part = (name: string, value: string) =>
        `--B\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
      const body = `${part('client_id', client_id)}${part('client_secret', client_secret)}--B--\r\n`;
      const headers: [string, string][] = [['Content-Type', 'multipart/form-data; boundary=B']];
      await refusedUnseen(at.url, { body, headers }, 401, 'credential.present');
      const answer = await scene.send(at.url, { body, headers: [...headers, scene.basic()] });
      assert.equal(answer.status, 200);
      assert.equal(answer.echoed?.body, body);
      assert.equal(answer.echoed?.headers['content-type'], 'multipart/form-data; boundary=B');
    });

    test('bodies with an encoding, of another type, unreadable or of another shape hold no credential', async () => {
      const at = await scene.protect(scene.guideConfig());
      const text = query();
      const cases: WireRequest[] = [
        { body: text, headers: [formType, ['Content-Encoding', 'gzip']] },
        { body: text, headers: [['Content-Type', 'text/plain']] },
        { body: text },
        { body: JSON.stringify(pair()), headers: [['Content-Type', 'application/merge-patch+json']] },
        { body: JSON.stringify([pair()]), headers: [jsonType] },
        { body: `${JSON.stringify(pair())}x`, headers: [jsonType] },
        {
          body: JSON.stringify({ client_id: scene.client.id, client_secret: { x: scene.client.secret } }),
          headers: [jsonType],
        },
        { body: `${'a=1&'.repeat(1001)}${text}`, headers: [formType] },
        { body: '', headers: [formType] },
      ];
      for (const request of cases) await refusedUnseen(at.url, request, 401, 'credential.present');
    });

    test('a charset behind the type and chunked framing make no difference', async () => {
      const at = await scene.protect(scene.guideConfig());
      const answer = await scene.send(at.url, {
        body: JSON.stringify({ ...pair(), a: 1 }),
        headers: [['content-type', 'Application/JSON ; charset=utf-8']],
      });
      assert.equal(answer.echoed?.body, '{"a":1}');
      const text = `${query()}&a=1`;
      const chunks = [text.slice(0, 7), text.slice(7, 30), text.slice(30)].map(
        (part) => `${part.length.toString(16)}\r\n${part}\r\n`,
      );
      const chunked = await scene.send(at.url, {
        method: 'POST',
        body: `${chunks.join('')}0\r\n\r\n`,
        headers: [formType, ['Transfer-Encoding', 'chunked']],
        contentLength: false,
      });
      assert.equal(chunked.status, 200, chunked.text);
      assert.equal(chunked.echoed?.body, 'a=1');
    });

    test('the same pair twice is one credential, hidden in both places; a different one is 400', async () => {
      const at = await scene.protect(scene.guideConfig());
      const twice = await scene.send(`${at.url}?a=1&${query()}`, { headers: [scene.basic()] });
      assert.equal(twice.status, 200);
      assert.equal(twice.echoed?.url, '/?a=1');
      assert.match(String(twice.echoed?.headers['authorization']), /^Bearer /);
      const ambiguous: [string, WireRequest][] = [
        [`?client_id=somebody&client_secret=else-entirely`, { headers: [scene.basic()] }],
        [`?${query()}&client_id=other`, {}],
        [`?${query()}&client_secret=other`, {}],
        ['', { body: `${query()}&client_secret=other`, headers: [formType] }],
        ['', { body: `{"client_id":"a","client_id":"b","client_secret":"c"}`, headers: [jsonType] }],
      ];
      for (const [suffix, request] of ambiguous) {
        const answer = await refusedUnseen(at.url + suffix, request, 400, 'credential.unambiguous');
        assert.match(challenge(answer), /error="invalid_request", error_description="credential\.unambiguous: /);
      }
    });

    test('two Authorization headers are 400, equal ones too', async () => {
      const at = await scene.protect(scene.guideConfig());
      for (const second of [scene.basic(), ['authorization', 'Basic eDp5'] as [string, string], bearer('abc')]) {
        const answer = await refusedUnseen(at.url, { headers: [scene.basic(), second] }, 400, 'request.authorization');
        assert.match(challenge(answer), /error="invalid_request"/);
      }
    });

    test('malformed Basic is 401 invalid_token; half a pair, another scheme or nothing is no credential', async () => {
      const at = await scene.protect(scene.guideConfig());
      for (const value of [
        'Basic',
        'Basic ***',
        'Basic eA==',
        `Basic ${Buffer.from(':x').toString('base64')}`,
        `Basic ${Buffer.from('a:b\u0001').toString('base64')}`,
      ]) {
        const answer = await refusedUnseen(at.url, { headers: [['Authorization', value]] }, 401, 'credential.format');
        assert.match(challenge(answer), /error="invalid_token"/);
      }
      for (const [suffix, request] of [
        ['?client_id=x', {}],
        ['?client_secret=x', {}],
        ['?client_id=&client_secret=', {}],
        ['?CLIENT_ID=x&client_secret=y', {}],
        ['', { headers: [['Authorization', 'Digest username="x"']] }],
        ['', { headers: [['Authorization', 'Bearer abc']] }],
        ['', json({ client_id: 'x' })],
        ['', json({ client_id: 1, client_secret: 2 })],
      ] as [string, WireRequest][]) {
        const answer = await refusedUnseen(at.url + suffix, request, 401, 'credential.present');
        assert.match(challenge(answer), /^Bearer realm="[^"]+"$/);
      }
    });

    test('Basic scheme in any case, without padding, or un-encoded is understood', async () => {
      const at = await scene.protect(scene.guideConfig());
      const { id, secret } = scene.client;
      const encoded = basic(id, secret).slice('Basic '.length);
      for (const value of [
        `bAsIc ${encoded}`,
        `Basic ${encoded.replace(/=+$/, '')}`,
        `Basic   ${encoded}`,
        `Basic ${id}:${secret}`,
      ]) {
        assert.equal(
          (await scene.send(at.url, { headers: [['Authorization', value]] })).status,
          200,
          value.slice(0, 8),
        );
      }
    });

    test('a body of 1 MiB is searched, a larger one refused and the connection closed', async () => {
      const at = await scene.protect(scene.guideConfig());
      const withCredentials = (bytes: number) => {
        const end = `&${query()}`;
        return `x=${'a'.repeat(bytes - 2 - end.length)}${end}`;
      };
      const largest = await scene.send(at.url, { body: withCredentials(mebibyte), headers: [formType] });
      assert.equal(largest.status, 200, largest.text);
      const seen = scene.echo.requests;
      const keep: [string, string] = ['Connection', 'keep-alive'];
      for (const bytes of [mebibyte + 1, 3 * mebibyte]) {
        const answer = await scene.send(at.url, { body: withCredentials(bytes), headers: [formType, keep] });
        assert.equal(answer.status, 401);
        assert.match(answer.headers['connection'] ?? '', /close/i);
        assert.equal((await scene.decision(answer.requestId)).failed, 'credential.present');
        assert.match((await scene.decision(answer.requestId)).text ?? '', /too large/);
      }
      assert.equal(scene.echo.requests, seen);
      const large = await scene.send(at.url, {
        body: withCredentials(3 * mebibyte),
        headers: [formType, scene.basic()],
      });
      assert.equal(large.status, 200, 'not looked into, not limited');
      assert.equal(large.echoed?.body_bytes, 3 * mebibyte);
    });

    test('a client that expects 100-continue gets it before its credentials are read', async () => {
      const at = await scene.protect(scene.guideConfig());
      const body = `${query()}&a=1`;
      const { port, host, pathname } = new URL(at.url);
      const text = await new Promise<string>((resolve, reject) => {
        const socket = connect(Number(port), '127.0.0.1');
        let received = '';
        let sent = false;
        socket.setTimeout(5000, () => reject(new Error(`silence after ${received}`)));
        socket.on('data', (chunk) => {
          received += chunk;
          if (!sent && received.includes('\r\n\r\n')) {
            sent = true;
            socket.write(body);
          }
        });
        socket.on('end', () => resolve(received));
        socket.on('error', reject);
        socket.write(
          `POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nExpect: 100-continue\r\n` +
            `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n`,
        );
      });
      assert.match(text, /^HTTP\/1\.1 100 [^\r]*\r\n\r\nHTTP\/1\.1 200 /);
      assert.match(text, /"body": "a=1"/);
    });

    test('a client refused for other reasons is not invited to send its body', async () => {
      const at = await scene.protect(scene.guideConfig());
      const { hostname, port, pathname } = new URL(at.url);
      const head = `POST ${pathname} HTTP/1.1\r\nHost: gw\r\nExpect: 100-continue\r\nContent-Length: 10\r\n`;
      const bytes = Buffer.from(`${head}Content-Type: text/plain\r\n\r\n`);
      const answer = await exchange({ host: hostname, port: Number(port) }, bytes);
      assert.match(answer.toString('latin1'), /^HTTP\/1\.1 401 /);
    });
  });
}
