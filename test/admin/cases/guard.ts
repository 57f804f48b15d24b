import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Client, field, sendText } from '../client.ts';

/** Security floor 13: the Admin API is not open to web pages. */
export function guardCases(client: Client, getBaseUrl: () => string): void {
  for (const host of [
    'localhost',
    'localhost:8001',
    '127.0.0.1',
    '[::1]:8001',
    '192.168.1.5',
    'kong',
    'kong:8001',
    'api.localhost',
  ]) {
    test(`the host ${host} is served`, async () => {
      assert.equal((await client.get('/services?size=1', { host })).status, 200);
    });
  }

  for (const host of [
    'evil.example',
    'evil.example:8001',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'localhost@evil.example',
    'a b',
  ]) {
    test(`the host '${host}' is refused as a name others can point here`, async () => {
      const answer = await client.get('/services', { host });
      assert.equal(answer.status, 403);
      assert.equal(typeof field(answer.json, 'message'), 'string');
    });
  }

  test('two Host headers, an empty one and none are refused', async () => {
    for (const lines of ['Host: localhost\r\nHost: evil.example\r\n', 'Host:\r\n', '']) {
      const answer = await sendText(getBaseUrl(), `GET /services HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 (400|403) /, lines);
    }
  });

  test('a page of the API itself is served and may read', async () => {
    const origin = getBaseUrl();
    const answer = await client.get('/services?size=1', { origin });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['access-control-allow-origin'], origin);
    assert.equal(answer.headers['access-control-allow-credentials'], 'true');
    assert.match(String(answer.headers.vary), /Origin/);
  });

  test('without an Origin nobody is told that pages may read', async () => {
    const { headers } = await client.get('/services?size=1');
    assert.equal(headers['access-control-allow-origin'], undefined);
    assert.equal(headers['access-control-allow-credentials'], undefined);
  });

  for (const origin of [
    'http://evil.example',
    'https://localhost',
    'http://localhost:1',
    'null',
    'file://',
    'chrome-extension://abc',
    'x',
  ]) {
    test(`the origin ${origin} is refused for reads, writes and preflights`, async () => {
      const headers = { origin, host: 'localhost:8001' };
      for (const [method, body] of [
        ['GET', undefined],
        ['POST', 'host=h'],
        ['OPTIONS', undefined],
        ['DELETE', undefined],
      ] as const) {
        const answer = await client.call(method, '/services', body, headers);
        assert.equal(answer.status, 403, method);
        assert.equal(answer.headers['access-control-allow-origin'], undefined);
        assert.equal(answer.headers['access-control-allow-methods'], undefined);
      }
    });
  }

  test('what a browser fetches for another page without an Origin is refused', async () => {
    for (const headers of [
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
    ]) {
      assert.equal((await client.get('/services', headers)).status, 403);
    }
  });

  test('a person who types or follows the address is served', async () => {
    const typed = { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    const followed = { ...typed, 'sec-fetch-site': 'cross-site' };
    assert.equal((await client.get('/', typed)).status, 200);
    assert.equal((await client.get('/', followed)).status, 200);
  });
}
