import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { GuideError, prepareGuide } from './guide.ts';

/** As much of the Admin API's documented behaviour as the guide needs. */
class FakeAdmin {
  readonly calls: string[] = [];
  readonly bodies: string[] = [];
  readonly entities = new Map<string, Record<string, unknown>>();
  refuse: { status: number; body: string } | undefined;

  answer(method: string, path: string, type: string, text: string): { status: number; body: unknown } {
    this.calls.push(`${method} ${path}`);
    this.bodies.push(text);
    if (this.refuse !== undefined && method !== 'GET') return { status: this.refuse.status, body: this.refuse.body };
    if (path === '/services/guide-service/plugins?size=1000')
      return { status: 200, body: { data: this.#plugins(), next: null } };
    if (method === 'POST') return { status: 201, body: this.#createPlugin(new URLSearchParams(text)) };
    const key = path.replace('/services/guide-service/routes/', '/routes/');
    const stored = this.entities.get(key);
    if (method === 'GET')
      return stored ? { status: 200, body: stored } : { status: 404, body: { message: 'Not found' } };
    assert.equal(type, 'application/json');
    const changes = JSON.parse(text) as Record<string, unknown>;
    const entity = merge(
      method === 'PATCH' ? (stored ?? {}) : { id: `id-${key}`, name: key.split('/').at(-1) },
      changes,
    );
    if (typeof entity['url'] === 'string') {
      const url = new URL(entity['url']);
      Object.assign(entity, { protocol: 'http', host: url.hostname, port: Number(url.port), path: null });
      delete entity['url'];
    }
    this.entities.set(key, entity);
    return { status: 200, body: entity };
  }

  #plugins(): unknown[] {
    return [...this.entities].filter(([key]) => key.startsWith('/plugins/')).map(([, entity]) => entity);
  }

  #createPlugin(form: URLSearchParams): Record<string, unknown> {
    const list = (name: string) => form.getAll(`config.${name}`);
    const config = {
      auth_methods: list('auth_methods'),
      issuer: form.get('config.issuer'),
      token_post_args_names: list('token_post_args_names'),
      token_post_args_values: list('token_post_args_values'),
    };
    const plugin = { id: 'p1', name: form.get('name'), enabled: true, config };
    this.entities.set('/plugins/p1', plugin);
    return plugin;
  }
}

function merge(base: Record<string, unknown>, changes: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...base };
  for (const [name, value] of Object.entries(changes)) {
    const before = merged[name];
    const both = [before, value].every((side) => typeof side === 'object' && side !== null && !Array.isArray(side));
    merged[name] = both ? merge(before as Record<string, unknown>, value as Record<string, unknown>) : value;
  }
  return merged;
}

let admin = new FakeAdmin();
let adminUrl = '';
const server = createServer((request, response) => {
  let text = '';
  request.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  request.on('end', () => {
    const type = (request.headers['content-type'] ?? '').split(';')[0] ?? '';
    const { status, body } = admin.answer(request.method ?? '', request.url ?? '', type, text);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
});
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  adminUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  admin = new FakeAdmin();
});
after(() => {
  server.close();
  server.closeAllConnections();
});

const input = () => ({
  adminUrl,
  issuer: 'http://127.0.0.1:9000/',
  upstreamUrl: 'http://127.0.0.1:9100',
  audience: 'https://example.com/',
});

describe('prepareGuide', () => {
  test("creates service, route and plugin, the plugin with the guide's own form", async () => {
    const { service, route, plugin } = await prepareGuide(input());
    assert.equal(service.name, 'guide-service');
    assert.equal(service['port'], 9100);
    assert.equal(route.name, 'guide-route');
    assert.deepEqual(route['paths'], ['/']);
    assert.equal(plugin.name, 'openid-connect');
    const form = admin.bodies[admin.calls.indexOf('POST /services/guide-service/plugins')] ?? '';
    assert.deepEqual(
      [...new URLSearchParams(form)],
      [
        ['name', 'openid-connect'],
        ['config.auth_methods', 'client_credentials'],
        ['config.issuer', 'http://127.0.0.1:9000/.well-known/openid-configuration'],
        ['config.token_post_args_names', 'audience'],
        ['config.token_post_args_values', 'https://example.com/'],
      ],
    );
  });

  test('a second run changes nothing', async () => {
    const first = await prepareGuide(input());
    admin.calls.length = 0;
    assert.deepEqual(await prepareGuide(input()), first);
    assert.deepEqual(
      admin.calls.filter((call) => !call.startsWith('GET ')),
      [],
    );
  });

  test("new addresses are patched in, and the user's other settings stay", async () => {
    await prepareGuide(input());
    const plugin = admin.entities.get('/plugins/p1') ?? {};
    admin.entities.set(
      '/plugins/p1',
      merge(plugin, {
        enabled: false,
        config: {
          scopes: ['a'],
          token_post_args_names: ['tenant', 'audience'],
          token_post_args_values: ['blue', 'old'],
        },
      }),
    );
    admin.entities.set(
      '/services/guide-service',
      merge(admin.entities.get('/services/guide-service') ?? {}, { retries: 2 }),
    );
    const changed = await prepareGuide({
      ...input(),
      issuer: 'http://127.0.0.1:9001/',
      upstreamUrl: 'http://127.0.0.1:9101',
    });
    assert.equal(changed.service['port'], 9101);
    assert.equal(changed.service['retries'], 2);
    assert.equal(changed.plugin['enabled'], false);
    assert.deepEqual(changed.plugin['config'], {
      auth_methods: ['client_credentials'],
      issuer: 'http://127.0.0.1:9001/.well-known/openid-configuration',
      scopes: ['a'],
      token_post_args_names: ['tenant', 'audience'],
      token_post_args_values: ['blue', 'https://example.com/'],
    });
  });

  test('an issuer given as discovery URL is used as it is', async () => {
    const issuer = 'https://tenant.example/.well-known/openid-configuration';
    const { plugin } = await prepareGuide({ ...input(), issuer });
    assert.equal((plugin['config'] as Record<string, unknown>)['issuer'], issuer);
  });

  test('a refusal names the request and repeats the answer', async () => {
    admin.refuse = { status: 400, body: '{"message":"schema violation (url: bad)"}' };
    await assert.rejects(prepareGuide(input()), (error) => {
      assert.ok(error instanceof GuideError);
      assert.match(error.message, /PUT \/services\/guide-service answered 400.*url: bad/);
      return true;
    });
    await assert.rejects(prepareGuide({ ...input(), adminUrl: 'http://127.0.0.1:1' }), /got no answer/);
  });
});
