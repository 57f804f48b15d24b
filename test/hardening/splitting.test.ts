import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { RawClient } from '../support/raw-client.ts';
import { RecordingUpstream } from '../support/recording-upstream.ts';
import { type Scene, startScene } from '../support/scene.ts';
import {
  readStrictRequests,
  type StrictField,
  type StrictRequest,
  type StrictResponse,
} from '../support/strict-grammar.ts';
import { onlyResponse } from './bench.ts';
import { host } from './cases/refused.ts';

/** Ends a field, a head and a message for whoever writes it as it is. */
const evils = [
  'x\r\nX-Evil: 1\r\n\r\nGET /evil HTTP/1.1\r\nHost: a\r\n\r\n',
  'x\nX-Evil: 1',
  'x\rX-Evil: 1',
  'x\r\n\r\nHTTP/1.1 200 OK\r\nX-Evil: 1\r\n\r\n',
  'x\u010d\u010aX-Evil: 1',
  'x\u560a\u560dX-Evil: 1',
  'x\0X-Evil: 1',
  'x\u2028X-Evil: 1\u0085',
];

type Config = (evil: string) => Readonly<Record<string, unknown>>;

/** Configuration that ends up in what is written, to the upstream or to the client. */
const plugins: readonly (readonly [plugin: string, field: string, config: Config])[] = [
  ['correlation-id', 'header_name', (evil) => ({ header_name: evil, echo_downstream: true })],
  ['request-termination', 'message', (evil) => ({ status_code: 403, message: evil })],
  ['request-termination', 'body', (evil) => ({ status_code: 403, body: evil, content_type: 'text/plain' })],
  ['request-termination', 'content_type', (evil) => ({ status_code: 403, body: 'x', content_type: evil })],
  ['cors', 'origins', (evil) => ({ origins: [evil] })],
  ['cors', 'exposed_headers', (evil) => ({ origins: ['*'], exposed_headers: [evil] })],
  ['cors', 'headers', (evil) => ({ origins: ['*'], headers: [evil] })],
  ['key-auth', 'key_names', (evil) => ({ key_names: [evil] })],
  ['key-auth', 'realm', (evil) => ({ realm: evil })],
  ['rate-limiting', 'error_message', (evil) => ({ minute: 1, policy: 'local', error_message: evil })],
  ['rate-limiting', 'header_name', (evil) => ({ minute: 1, policy: 'local', limit_by: 'header', header_name: evil })],
  ['openid-connect', 'unauthorized_error_message', (evil) => ({ unauthorized_error_message: evil })],
  [
    'openid-connect',
    'upstream_headers_names',
    (evil) => ({
      upstream_headers_claims: ['sub'],
      upstream_headers_names: [evil],
    }),
  ],
];

const entities: readonly (readonly [what: string, method: string, path: string, body: Config])[] = [
  ['the host of a service', 'PATCH', '/services/split', (evil) => ({ host: evil })],
  ['the path of a service', 'PATCH', '/services/split', (evil) => ({ path: `/${evil}` })],
  ['the url of a service', 'PATCH', '/services/split', (evil) => ({ url: `http://127.0.0.1/${evil}` })],
  ['the name of a service', 'PATCH', '/services/split', (evil) => ({ name: evil })],
  ['a path of a route', 'PATCH', '/routes/split', (evil) => ({ paths: [`/${evil}`] })],
  ['a host of a route', 'PATCH', '/routes/split', (evil) => ({ hosts: [evil] })],
  ['a method of a route', 'PATCH', '/routes/split', (evil) => ({ methods: [evil] })],
  ['the name of an upstream', 'POST', '/upstreams', (evil) => ({ name: evil })],
  ['the host header of an upstream', 'POST', '/upstreams', (evil) => ({ name: 'split-up', host_header: evil })],
  [
    'the cookie of an upstream',
    'POST',
    '/upstreams',
    (evil) => ({
      name: 'split-up',
      hash_on: 'cookie',
      hash_on_cookie: evil,
    }),
  ],
  [
    'the cookie path of an upstream',
    'POST',
    '/upstreams',
    (evil) => ({
      name: 'split-up',
      hash_on: 'cookie',
      hash_on_cookie: 'c',
      hash_on_cookie_path: `/${evil}`,
    }),
  ],
];

describe('nothing from configuration or claims splits a message', () => {
  let scene: Scene;
  let upstream: RecordingUpstream;
  before(async () => {
    scene = await startScene({ workers: 1 });
    upstream = await new RecordingUpstream().start();
    await scene.admin.must('POST', '/services', { name: 'split', url: upstream.url });
    await scene.admin.must('POST', '/services/split/routes', { name: 'split', paths: ['/split'] });
  });
  after(async () => {
    await scene.stop();
    await upstream.stop();
  });

  /** One request through the gateway: what the client got, and what reached the upstream. */
  async function pass(lines: string, path = '/split'): Promise<[StrictResponse, readonly StrictRequest[]]> {
    const client = new RawClient(Number(new URL(scene.gateway.proxyUrl).port));
    client.send(`GET ${path} HTTP/1.1\r\n${host}${lines}Connection: close\r\n\r\n`);
    const response = onlyResponse(await client.toEnd());
    client.destroy();
    const { requests, rest, why } = readStrictRequests(upstream.take());
    assert.equal(rest, '', why);
    assert.deepEqual(upstream.faults, []);
    assert.ok(requests.length <= 1);
    return [response, requests];
  }

  function whole(fields: readonly StrictField[], place: string): void {
    for (const [name, value] of fields) {
      assert.doesNotMatch(name, /evil/i, place);
      assert.match(value, /^[\t\x20-\x7e\x80-\xff]*$/, place);
    }
  }

  for (const [plugin, field, config] of plugins) {
    test(`${field} of ${plugin}: refused, or harmless in what is written`, async () => {
      for (const evil of evils) {
        const place = JSON.stringify(evil);
        const base = plugin === 'openid-connect' ? scene.bearerConfig() : {};
        const body = { name: plugin, config: { ...base, ...config(evil) } };
        const made = await scene.admin.json('POST', '/routes/split/plugins', body);
        assert.ok(made.status === 201 || made.status === 400, `${made.status}: ${place}`);
        if (made.status === 400) continue;
        const token = await scene.sign();
        for (const lines of ['Origin: https://a.example\r\n', `Authorization: Bearer ${token}\r\n`, 'apikey: x\r\n']) {
          const [response, requests] = await pass(lines);
          assert.ok(response.status < 500, `${response.status}: ${place}`);
          whole(response.fields, place);
          for (const request of requests) whole(request.fields, place);
        }
        await scene.admin.must('DELETE', `/plugins/${made.body?.['id']}`);
      }
    });
  }

  for (const [what, method, path, body] of entities) {
    test(`${what}: refused, or harmless in what is written`, async () => {
      for (const evil of evils) {
        const place = JSON.stringify(evil);
        const made = await scene.admin.json(method, path, body(evil));
        assert.ok([200, 201, 400].includes(made.status), `${made.status} ${JSON.stringify(made.body)}: ${place}`);
        if (made.status === 400) continue;
        if (path === '/upstreams') {
          await useUpstream(place, body(evil));
          await scene.admin.must('DELETE', `/upstreams/${made.body?.['id']}`);
          continue;
        }
        const [response, requests] = await pass('');
        // A name that does not resolve is no fault of the client, and not what this is about.
        whole(response.fields, place);
        for (const request of requests) whole(request.fields, place);
        await restore(String(made.body?.['id']), path);
      }
    });
  }

  /** Sends a request through the upstream that was just made. */
  async function useUpstream(place: string, entity: Readonly<Record<string, unknown>>): Promise<void> {
    const name = String(entity['name']);
    const target = { target: `127.0.0.1:${upstream.port}` };
    const added = await scene.admin.json('POST', `/upstreams/${encodeURIComponent(name)}/targets`, target);
    assert.equal(added.status, 201, JSON.stringify(added.body));
    await scene.admin.must('POST', '/services', { name: 'through', host: name, path: '/through' });
    await scene.admin.must('POST', '/services/through/routes', { name: 'through', paths: ['/through'] });
    const [response, requests] = await pass('', '/through');
    whole(response.fields, place);
    assert.equal(requests.length, 1, place);
    for (const request of requests) whole(request.fields, place);
    await scene.admin.must('DELETE', '/routes/through');
    await scene.admin.must('DELETE', '/services/through');
  }

  async function restore(id: string, path: string): Promise<void> {
    if (path.startsWith('/services')) {
      await scene.admin.must('PATCH', `/services/${id}`, { name: 'split', url: upstream.url, path: null });
    } else await scene.admin.must('PATCH', `/routes/${id}`, { paths: ['/split'], hosts: null, methods: null });
  }

  test('claims of a token stand in one field each, whatever is in them', async () => {
    const config = scene.bearerConfig({
      upstream_headers_claims: ['evil', 'list', 'deep'],
      upstream_headers_names: ['X-Claim', 'X-List', 'X-Deep'],
      downstream_headers_claims: ['evil'],
      downstream_headers_names: ['X-Down'],
    });
    const plugin = await scene.admin.must('POST', '/routes/split/plugins', { name: 'openid-connect', config });
    for (const evil of evils) {
      const token = await scene.sign({ evil, list: [evil, 'b'], deep: { [evil]: evil } });
      const [response, requests] = await pass(`Authorization: Bearer ${token}\r\n`);
      const place = JSON.stringify(evil);
      assert.equal(response.status, 200, place);
      assert.equal(requests.length, 1, place);
      whole(response.fields, place);
      for (const request of requests) {
        whole(request.fields, place);
        assert.ok(
          request.fields.some(([name]) => name === 'X-Claim'),
          place,
        );
      }
    }
    await scene.admin.must('DELETE', `/plugins/${plugin?.['id']}`);
  });

  test('what is known of a consumer stands in one field each', async () => {
    const plugin = await scene.admin.must('POST', '/routes/split/plugins', { name: 'key-auth' });
    const acl = await scene.admin.must('POST', '/routes/split/plugins', { name: 'acl', config: { deny: ['nobody'] } });
    let passed = 0;
    for (const [index, evil] of evils.entries()) {
      const place = JSON.stringify(evil);
      for (const names of [{ username: evil }, { username: `u${index}`, custom_id: evil }]) {
        const made = await scene.admin.json('POST', '/consumers', names);
        assert.ok(made.status === 201 || made.status === 400, `${made.status}: ${place}`);
        if (made.status === 400) continue;
        const id = String(made.body?.['id']);
        await scene.admin.must('POST', `/consumers/${id}/key-auth`, { key: `key-${index}` });
        const group = await scene.admin.json('POST', `/consumers/${id}/acls`, { group: evil });
        assert.ok(group.status === 201 || group.status === 400, `${group.status}: ${place}`);
        const [response, requests] = await pass(`apikey: key-${index}\r\n`);
        assert.equal(response.status, 200, place);
        for (const request of requests) whole(request.fields, place);
        passed += requests.length;
        await scene.admin.must('DELETE', `/consumers/${id}`);
      }
    }
    assert.ok(passed > 0);
    for (const { id } of [plugin, acl] as { id?: unknown }[]) await scene.admin.must('DELETE', `/plugins/${id}`);
  });
});
