import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type Server } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setDefaultCACertificates } from 'node:tls';
import type { ActiveChecks } from '../base/balancing.ts';
import { selfSignedCertificate } from '../base/certificate.ts';
import { probe } from './probe.ts';
import { active } from './testing-balancer.ts';

const portOf = (server: Server) => {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};
const listen = (server: Server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

describe('a probe', () => {
  const seen: { url: string | undefined; headers: IncomingHttpHeaders }[] = [];
  const http = createServer((request, response) => {
    seen.push({ url: request.url, headers: request.headers });
    if (request.url === '/slow') return;
    response.statusCode = request.url === '/bad' ? 503 : 200;
    response.end('x'.repeat(100_000));
  });
  before(() => listen(http));
  after(() => {
    http.closeAllConnections();
    http.close();
  });

  const ask = (changed: Partial<ActiveChecks>, host = 'api.example', port = portOf(http)) =>
    probe({ ...active, ...changed }, { ip: '127.0.0.1', port, host });

  test('asks for the path with the headers of the check and tells the status', async () => {
    const headers = [
      ['X-Probe', 'one'],
      ['x-probe', 'two'],
    ] as const;
    assert.deepEqual(await ask({ path: '/health?deep=1', headers }), { kind: 'status', status: 200 });
    const request = seen.at(-1);
    assert.equal(request?.url, '/health?deep=1');
    assert.equal(request?.headers['x-probe'], 'one, two');
    assert.equal(request?.headers.host, `api.example:${portOf(http)}`);
    assert.deepEqual(await ask({ path: '/bad' }), { kind: 'status', status: 503 });
  });

  test('sends a Host of its own where the check has one, and brackets around IPv6', async () => {
    await ask({ headers: [['Host', 'told.example']] });
    assert.equal(seen.at(-1)?.headers.host, 'told.example');
    await ask({}, '::1');
    assert.equal(seen.at(-1)?.headers.host, `[::1]:${portOf(http)}`);
    await ask({}, 'named.example:99');
    assert.equal(seen.at(-1)?.headers.host, 'named.example:99');
  });

  test('ends as a time-out when no answer comes, as a failure when nobody listens', async () => {
    assert.deepEqual(await ask({ path: '/slow', timeoutMs: 50 }), { kind: 'timeout' });
    const closed = createTcpServer();
    await listen(closed);
    const port = portOf(closed);
    await new Promise((resolve) => closed.close(resolve));
    assert.deepEqual(await ask({}, 'api.example', port), { kind: 'tcp_failure', detail: 'ECONNREFUSED' });
    assert.deepEqual(await ask({ type: 'tcp' }, 'api.example', port), { kind: 'tcp_failure', detail: 'ECONNREFUSED' });
  });

  test('of type tcp looks at the connection alone', async () => {
    assert.deepEqual(await ask({ type: 'tcp', path: '/bad' }), { kind: 'connected' });
  });

  test('that no message can carry is a failure, not a fault', async () => {
    const outcome = await ask({ headers: [['bad name', 'x']] });
    assert.equal(outcome.kind, 'tcp_failure');
  });
});

describe('a probe over TLS', () => {
  let server: ReturnType<typeof createHttpsServer>;
  const names: (string | undefined)[] = [];
  let trusted = '';
  before(async () => {
    const pair = await selfSignedCertificate({ commonName: 'localhost', altNames: ['localhost'] });
    trusted = pair.cert;
    server = createHttpsServer({ cert: pair.cert, key: pair.key }, (request, response) => {
      names.push((request.socket as unknown as { servername?: string }).servername);
      response.end();
    });
    await listen(server);
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const ask = (changed: Partial<ActiveChecks>) =>
    probe({ ...active, type: 'https', ...changed }, { ip: '127.0.0.1', port: portOf(server), host: 'api.example' });

  test('asks for the name of the check, else of the target, and verifies where told', async () => {
    assert.equal((await ask({ verify: true })).kind, 'tcp_failure');
    assert.deepEqual(await ask({ verify: false }), { kind: 'status', status: 200 });
    assert.equal(names.at(-1), 'api.example');
    assert.deepEqual(await ask({ verify: false, serverName: 'told.example' }), { kind: 'status', status: 200 });
    assert.equal(names.at(-1), 'told.example');
    setDefaultCACertificates([trusted]);
    assert.deepEqual(await ask({ verify: true, serverName: 'localhost' }), { kind: 'status', status: 200 });
    assert.equal((await ask({ verify: true, serverName: 'other.example' })).kind, 'tcp_failure');
  });
});
