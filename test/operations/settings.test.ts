import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { AdminClient } from '../support/admin-client.ts';
import { startSallyport, type TestGateway } from '../support/gateway.ts';
import { send } from '../support/wire.ts';

/** An upstream that tells how many connections were made to it. */
async function startCounting() {
  let connections = 0;
  const server = createServer((_request, response) => response.end('ok'));
  server.keepAliveTimeout = 60_000;
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    connections: () => connections,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function expose(gateway: TestGateway, url: string): Promise<void> {
  const admin = new AdminClient(gateway.adminUrl);
  await admin.must('POST', '/services', { name: 'up', url });
  await admin.must('POST', '/services/up/routes', { paths: ['/'] });
}

/** What comes back on one connection until the gateway closes it, and how long that took. */
function untilClosed(gateway: TestGateway, text: string): Promise<{ text: string; ms: number }> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const socket = connect(Number(new URL(gateway.proxyUrl).port), '127.0.0.1');
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk;
    });
    socket.on('close', () => resolve({ text: received, ms: performance.now() - startedAt }));
    socket.on('error', reject);
    socket.on('end', () => socket.end());
    socket.write(text);
  });
}

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

describe('connections of clients as settings say', () => {
  let gateway: TestGateway;
  let upstream: Awaited<ReturnType<typeof startCounting>>;
  before(async () => {
    upstream = await startCounting();
    gateway = await startSallyport({
      env: {
        KONG_NGINX_HTTP_KEEPALIVE_REQUESTS: '3',
        KONG_NGINX_HTTP_KEEPALIVE_TIMEOUT: '1200ms',
        KONG_NGINX_HTTP_CLIENT_HEADER_TIMEOUT: '800ms',
        KONG_NGINX_HTTP_CLIENT_BODY_TIMEOUT: '1s',
        KONG_NGINX_HTTP_LARGE_CLIENT_HEADER_BUFFERS: '2 1k',
        KONG_LUA_MAX_REQ_HEADERS: '10',
        KONG_NGINX_HTTP_CLIENT_MAX_BODY_SIZE: '1k',
      },
    });
    await expose(gateway, upstream.url);
  });
  after(async () => {
    assert.equal(await gateway.stop(), 0);
    upstream.stop();
  });

  test('nginx_http_keepalive_requests: the last one closes', async () => {
    const { text } = await untilClosed(gateway, get.repeat(4));
    assert.equal(text.split('HTTP/1.1 200').length - 1, 3);
    assert.match(text, /Connection: close/i);
  });

  test('nginx_http_keepalive_timeout: an unused connection is closed, well before the usual 75 s', async () => {
    const { text, ms } = await untilClosed(gateway, get);
    assert.match(text, /^HTTP\/1\.1 200/);
    assert.ok(ms > 1000 && ms < 20_000, `${ms} ms`);
  });

  test('nginx_http_client_header_timeout: half a head gets 408', async () => {
    const { text } = await untilClosed(gateway, 'GET / HTTP/1.1\r\nHo');
    assert.match(text, /^HTTP\/1\.1 408/);
  });

  test('nginx_http_client_body_timeout: a body that stops coming is given up, well before the usual 60 s', async () => {
    const { ms } = await untilClosed(gateway, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf');
    assert.ok(ms > 900 && ms < 30_000, `${ms} ms`);
  });

  test('nginx_http_large_client_header_buffers: long request lines get 414, long heads 431', async () => {
    const url = gateway.proxyUrl;
    assert.equal((await send(`${url}/${'x'.repeat(1100)}`)).status, 414);
    assert.equal((await send(url, { headers: [['X-Long', 'x'.repeat(2100)]] })).status, 431);
    assert.equal((await send(url, { headers: [['X-Long', 'x'.repeat(900)]] })).status, 200);
  });

  test('lua_max_req_headers: more header fields get 431', async () => {
    const fields = (count: number) => Array.from({ length: count }, (_, at): [string, string] => [`X-${at}`, '1']);
    assert.equal((await send(gateway.proxyUrl, { headers: fields(8) })).status, 200);
    assert.equal((await send(gateway.proxyUrl, { headers: fields(9) })).status, 431);
  });

  test('nginx_http_client_max_body_size: a larger body gets 413, of known length or not', async () => {
    assert.equal((await send(gateway.proxyUrl, { body: 'x'.repeat(1024) })).status, 200);
    assert.equal((await send(gateway.proxyUrl, { body: 'x'.repeat(1025) })).status, 413);
    const chunked = `${(1025).toString(16)}\r\n${'x'.repeat(1025)}\r\n0\r\n\r\n`;
    const headers = [['Transfer-Encoding', 'chunked']] as const;
    assert.equal((await send(gateway.proxyUrl, { headers, body: chunked, contentLength: false })).status, 413);
  });
});

describe('connections to upstreams as settings say', () => {
  async function connectionsFor(env: Readonly<Record<string, string>>, pauseMs = 0): Promise<number> {
    const upstream = await startCounting();
    const gateway = await startSallyport({ env });
    await expose(gateway, upstream.url);
    for (let time = 0; time < 6; time += 1) {
      assert.equal((await send(gateway.proxyUrl)).status, 200);
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    assert.equal(await gateway.stop(), 0);
    upstream.stop();
    return upstream.connections();
  }

  test('by default one connection serves one request after the other', async () => {
    assert.equal(await connectionsFor({}), 1);
  });

  test('upstream_keepalive_pool_size=0 keeps none', async () => {
    assert.equal(await connectionsFor({ KONG_UPSTREAM_KEEPALIVE_POOL_SIZE: '0' }), 6);
  });

  test('upstream_keepalive_max_requests wears a connection out', async () => {
    assert.equal(await connectionsFor({ KONG_UPSTREAM_KEEPALIVE_MAX_REQUESTS: '2' }), 3);
  });

  test('upstream_keepalive_idle_timeout closes an unused one; 0 keeps it', async () => {
    assert.equal(await connectionsFor({ KONG_UPSTREAM_KEEPALIVE_IDLE_TIMEOUT: '0.05' }, 1500), 6);
    assert.equal(await connectionsFor({ KONG_UPSTREAM_KEEPALIVE_IDLE_TIMEOUT: '0' }, 100), 1);
  });
});

describe('the node as settings say', () => {
  test('node_id, plugins and nginx_admin_client_max_body_size are in force', async () => {
    const id = '6ccd2e3f-1a2b-4c3d-8e4f-0123456789ab';
    const gateway = await startSallyport({
      env: { KONG_NODE_ID: id, KONG_PLUGINS: 'key-auth, homemade', KONG_NGINX_ADMIN_CLIENT_MAX_BODY_SIZE: '1k' },
    });
    const admin = new AdminClient(gateway.adminUrl);
    const root = (await admin.get('/')).body;
    assert.equal(root?.['node_id'], id);
    assert.deepEqual(Object.keys(root?.['plugins']?.['available_on_server'] ?? {}), ['key-auth']);
    assert.equal((await admin.json('POST', '/plugins', { name: 'key-auth' })).status, 201);
    assert.equal((await admin.json('POST', '/plugins', { name: 'acl', config: { allow: ['a'] } })).status, 400);
    assert.equal(
      (await admin.json('POST', '/services', { name: 'x', host: 'x', tags: ['t'.repeat(1200)] })).status,
      413,
    );
    assert.match(gateway.log(), /main\.plugin\.unknown.*homemade/);
    assert.equal(await gateway.stop(), 0);
  });
});
