import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type TestCertificate, testCertificate } from '../support/certificates.ts';
import { freePort, temporaryPrefix } from '../support/gateway.ts';
import { peerIsMissing } from '../support/peers.ts';
import { eventually, send } from '../support/wire.ts';
import { type ProtocolPlace, startProtocolPlace } from './place.ts';

const nginx = '/usr/sbin/nginx';

interface Server {
  readonly port: number;
  readonly name: string;
  readonly pair: TestCertificate;
}

/** Debian's nginx with one TLS server for each pair; it says who the client was and whether its session was known. */
async function startNginx(servers: readonly Server[], clientAuthority: TestCertificate): Promise<ChildProcess> {
  const folder = temporaryPrefix();
  mkdirSync(join(folder, 'logs'));
  writeFileSync(join(folder, 'clients.pem'), clientAuthority.cert);
  const blocks = servers.map(({ port, name, pair }) => {
    writeFileSync(join(folder, `${name}.pem`), pair.cert);
    writeFileSync(join(folder, `${name}.key`), pair.key);
    return `server {
      listen 127.0.0.1:${port} ssl;
      ssl_certificate ${folder}/${name}.pem;
      ssl_certificate_key ${folder}/${name}.key;
      ssl_client_certificate ${folder}/clients.pem;
      ssl_protocols TLSv1.2 TLSv1.3;
      ssl_verify_client optional_no_ca;
      keepalive_requests 1;
      location / { return 200 "[$ssl_client_s_dn|$ssl_server_name|$ssl_session_reused|$ssl_protocol]"; }
    }`;
  });
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  );
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
     events {} http { access_log off; ${temporary.join(' ')} ${blocks.join('\n')} }`,
  );
  return spawn(nginx, ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
}

describe('an nginx that is spoken to over TLS', () => {
  if (!existsSync(nginx)) {
    test('is not tried without it', () => peerIsMissing('nginx', 'nginx-light'));
    return;
  }
  let place: ProtocolPlace;
  let child: ChildProcess;
  let ports: { good: number; old: number; other: number; deep: number };
  let root: TestCertificate;
  let rootId: unknown;
  let otherId: unknown;
  let clientId: unknown;
  before(async () => {
    root = await testCertificate({ commonName: 'Root', authority: true });
    const middle = await testCertificate({ commonName: 'Middle', authority: true, issuer: root });
    const other = await testCertificate({ commonName: 'Other', authority: true });
    const [good, old, named, deep, client] = await Promise.all([
      testCertificate({ commonName: 'localhost', issuer: root }),
      testCertificate({ commonName: 'localhost', issuer: root, notAfter: new Date(Date.now() - 1000) }),
      testCertificate({ commonName: 'other.test', issuer: root }),
      testCertificate({ commonName: 'localhost', issuer: middle }),
      testCertificate({ commonName: 'gateway', issuer: root }),
    ]);
    ports = { good: await freePort(), old: await freePort(), other: await freePort(), deep: await freePort() };
    child = await startNginx(
      [
        { port: ports.good, name: 'good', pair: good },
        { port: ports.old, name: 'old', pair: old },
        { port: ports.other, name: 'other', pair: named },
        { port: ports.deep, name: 'deep', pair: { cert: `${deep.cert}\n${middle.cert}`, key: deep.key } },
      ],
      root,
    );
    place = await startProtocolPlace(1);
    rootId = (await place.admin.must('POST', '/ca_certificates', { cert: root.cert }))?.['id'];
    otherId = (await place.admin.must('POST', '/ca_certificates', { cert: other.cert }))?.['id'];
    clientId = (await place.admin.must('POST', '/certificates', client))?.['id'];
    const probe = await place.route(`https://localhost:${ports.deep}`, { tls_verify: false });
    await eventually('nginx', async () => (await visit(probe)).status === 200, 20_000);
  });
  after(async () => {
    child.kill('SIGTERM');
    await place.stop();
  });

  const visit = (path: string) => send(`${place.gateway.proxyUrl}${path}`);
  const url = (port: number): string => `https://localhost:${port}`;

  test('is believed when its chain leads to a configured authority', async () => {
    const path = await place.route(url(ports.good), { tls_verify: true, ca_certificates: [rootId] });
    const { status, text } = await visit(path);
    assert.equal(status, 200);
    assert.match(text, /^\[\|localhost\|\.\|TLSv1\.3\]$/);
  });

  test('resumes the session when a second connection is needed', async () => {
    const path = await place.route(url(ports.good), { tls_verify: true, ca_certificates: [rootId] });
    await visit(path);
    assert.match((await visit(path)).text, /\|localhost\|r\|/);
  });

  test('is shown the client certificate of the service, and no other service shares that connection', async () => {
    const service = { tls_verify: true, ca_certificates: [rootId] };
    const anonymous = await place.route(url(ports.good), service);
    const known = await place.route(url(ports.good), { ...service, client_certificate: { id: clientId } });
    for (let i = 0; i < 3; i += 1) {
      assert.match((await visit(known)).text, /^\[CN=gateway\|/);
      assert.match((await visit(anonymous)).text, /^\[\|/);
    }
  });

  const refused: readonly [string, keyof typeof ports, () => Record<string, unknown>, RegExp][] = [
    [
      'an authority nobody configured',
      'good',
      () => ({ ca_certificates: [otherId] }),
      /authority is unknown|UNABLE_TO/,
    ],
    ['a certificate that has expired', 'old', () => ({ ca_certificates: [rootId] }), /has expired/],
    ['a certificate for another name', 'other', () => ({ ca_certificates: [rootId] }), /for another name/],
    [
      'a chain longer than tls_verify_depth',
      'deep',
      () => ({ ca_certificates: [rootId], tls_verify_depth: 0 }),
      /1 intermediate certificates, tls_verify_depth allows 0/,
    ],
  ];
  for (const [name, server, options, reason] of refused) {
    test(`is not sent anything when it shows ${name}, and the log says why`, async () => {
      const path = await place.route(url(ports[server]), { tls_verify: true, retries: 0, ...options() });
      const { status, requestId } = await visit(path);
      assert.equal(status, 502);
      const line = place.gateway
        .log()
        .split('\n')
        .find((entry) => entry.includes(requestId) && entry.includes('proxy.upstream.fail'));
      assert.match(line ?? '', reason);
      const trusting = await place.route(url(ports[server]), { tls_verify: false });
      assert.equal((await visit(trusting)).status, 200);
    });
  }

  test('is believed with one intermediate certificate when tls_verify_depth is one', async () => {
    const path = await place.route(url(ports.deep), {
      tls_verify: true,
      ca_certificates: [rootId],
      tls_verify_depth: 1,
    });
    assert.equal((await visit(path)).status, 200);
  });
});
