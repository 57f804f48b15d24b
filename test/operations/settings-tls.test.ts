import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { AdminClient } from '../support/admin-client.ts';
import { type TestCertificate, testCertificate } from '../support/certificates.ts';
import { freePort, startSallyport, temporaryPrefix } from '../support/gateway.ts';
import { send } from '../support/wire.ts';
import { startConfigured } from './support.ts';

interface Handshake {
  readonly version: string | null;
  readonly cipher: string;
  /** SHA-256 of the certificate the server showed. */
  readonly fingerprint: string;
  readonly resumed: boolean;
  readonly session: Buffer | undefined;
}

/** One handshake and one request; rejects when TLS fails. */
function handshake(port: number, options: ConnectionOptions = {}): Promise<Handshake> {
  return new Promise((resolve, reject) => {
    let session: Buffer | undefined;
    const socket: TLSSocket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
    socket.on('session', (ticket: Buffer) => {
      session = ticket;
    });
    socket.on('secureConnect', () => socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'));
    socket.on('error', reject);
    socket.on('data', () => undefined);
    socket.on('end', () => {
      const certificate = socket.getPeerX509Certificate();
      resolve({
        version: socket.getProtocol(),
        cipher: socket.getCipher().name,
        fingerprint: certificate?.fingerprint256 ?? '',
        resumed: socket.isSessionReused(),
        session,
      });
      socket.end();
    });
  });
}

const fingerprintOf = ({ cert }: TestCertificate) => new X509Certificate(cert).fingerprint256;

describe('TLS as settings say', () => {
  test('ssl_cipher_suite=modern speaks TLS 1.3 only', async () => {
    const port = await freePort();
    const gateway = await startSallyport({
      env: { SALLYPORT_PROXY_LISTEN: `127.0.0.1:${port} ssl`, KONG_SSL_CIPHER_SUITE: 'modern' },
    });
    assert.equal((await handshake(port)).version, 'TLSv1.3');
    await assert.rejects(handshake(port, { maxVersion: 'TLSv1.2' }));
    assert.equal(await gateway.stop(), 0);
  });

  test('ssl_protocols and ssl_ciphers bound what is spoken; without tickets no session is resumed', async () => {
    const port = await freePort();
    const gateway = await startSallyport({
      env: {
        SALLYPORT_PROXY_LISTEN: `127.0.0.1:${port} ssl`,
        KONG_SSL_PROTOCOLS: 'TLSv1.2',
        KONG_SSL_CIPHER_SUITE: 'custom',
        KONG_SSL_CIPHERS: 'ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES256-GCM-SHA384',
        KONG_SSL_SESSION_TICKETS: 'off',
      },
    });
    const first = await handshake(port);
    assert.equal(first.version, 'TLSv1.2');
    assert.match(first.cipher, /^ECDHE-(RSA|ECDSA)-AES256-GCM-SHA384$/);
    await assert.rejects(handshake(port, { ciphers: 'ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256' }));
    await assert.rejects(handshake(port, { minVersion: 'TLSv1.3' }));
    const again = await handshake(port, first.session === undefined ? {} : { session: first.session });
    assert.equal(again.resumed, false);
    assert.equal(await gateway.stop(), 0);
  });

  test('a session that one worker began is resumed by any other', async () => {
    const port = await freePort();
    const gateway = await startSallyport({ workers: 2, env: { SALLYPORT_PROXY_LISTEN: `127.0.0.1:${port} ssl` } });
    const { session } = await handshake(port, { maxVersion: 'TLSv1.2' });
    assert.ok(session !== undefined);
    for (let time = 0; time < 10; time += 1) {
      assert.equal((await handshake(port, { maxVersion: 'TLSv1.2', session })).resumed, true);
    }
    assert.equal(await gateway.stop(), 0);
  });

  test('new certificates of proxy and Admin API are shown after a reload, on the same listeners', async () => {
    const prefix = temporaryPrefix();
    const [port, adminPort] = [await freePort(), await freePort()];
    const [one, two] = [await testCertificate({ commonName: 'one' }), await testCertificate({ commonName: 'two' })];
    const files = { cert: join(prefix, 'gw.crt'), key: join(prefix, 'gw.key') };
    const place = ({ cert, key }: TestCertificate) => {
      writeFileSync(files.cert, cert);
      writeFileSync(files.key, key);
    };
    place(one);
    const configured = await startConfigured(
      {
        proxy_listen: `127.0.0.1:${port} ssl`,
        ssl_cert: files.cert,
        ssl_cert_key: files.key,
        admin_ssl_cert: files.cert,
        admin_ssl_cert_key: files.key,
      },
      { prefix, workers: 2, ...(await listens(adminPort)) },
    );
    const shown = async () => [(await handshake(port)).fingerprint, (await handshake(adminPort)).fingerprint];
    assert.deepEqual(await shown(), [fingerprintOf(one), fingerprintOf(one)]);
    place(two);
    const { status, output } = await configured.reload();
    assert.equal(status, 0, output);
    assert.match(output, /in force now: admin_ssl_cert, ssl_cert/);
    for (let time = 0; time < 5; time += 1) {
      assert.deepEqual(await shown(), [fingerprintOf(two), fingerprintOf(two)]);
    }
    place({ cert: two.cert, key: one.key });
    const refused = await configured.reload();
    assert.equal(refused.status, 1);
    assert.match(refused.output, /not the key of/);
    assert.deepEqual(await shown(), [fingerprintOf(two), fingerprintOf(two)]);
    assert.equal(await configured.gateway.stop(), 0);
  });
});

describe('TLS towards upstreams as settings say', () => {
  let authority: TestCertificate;
  let server: TestCertificate;
  let client: TestCertificate;
  let upstream: Server;
  let port = 0;
  const seen: (string | undefined)[] = [];
  before(async () => {
    authority = await testCertificate({ commonName: 'authority', authority: true });
    server = await testCertificate({ commonName: 'localhost', issuer: authority });
    client = await testCertificate({ commonName: 'gateway', issuer: authority });
    upstream = createServer(
      { ...server, ca: authority.cert, requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        const { subject } = (request.socket as TLSSocket).getPeerCertificate();
        seen.push(subject?.CN as string | undefined);
        response.end('ok');
      },
    );
    await new Promise<void>((resolve) => upstream.listen(0, 'localhost', resolve));
    const address = upstream.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
  });
  after(() => {
    upstream.close();
    upstream.closeAllConnections();
  });

  async function statusWith(env: Readonly<Record<string, string>>): Promise<number> {
    const gateway = await startSallyport({ env });
    const admin = new AdminClient(gateway.adminUrl);
    await admin.must('POST', '/services', { name: 'secure', url: `https://localhost:${port}`, retries: 0 });
    await admin.must('POST', '/services/secure/routes', { paths: ['/'] });
    const { status } = await send(`${gateway.proxyUrl}/`);
    assert.equal(await gateway.stop(), 0);
    return status;
  }

  test('nginx_proxy_proxy_ssl_verify refuses an upstream of an unknown authority, lua_ssl_trusted_certificate makes it known', async () => {
    const verify = { KONG_NGINX_PROXY_PROXY_SSL_VERIFY: 'on' };
    assert.equal(await statusWith({}), 200);
    assert.equal(await statusWith(verify), 502);
    const path = join(temporaryPrefix(), 'authority.pem');
    writeFileSync(path, authority.cert);
    assert.equal(await statusWith({ ...verify, KONG_LUA_SSL_TRUSTED_CERTIFICATE: `system,${path}` }), 200);
  });

  test('client_ssl shows the certificate', async () => {
    seen.length = 0;
    assert.equal(await statusWith({}), 200);
    const pair = { KONG_CLIENT_SSL_CERT: client.cert, KONG_CLIENT_SSL_CERT_KEY: client.key };
    assert.equal(await statusWith({ ...pair, KONG_CLIENT_SSL: 'on' }), 200);
    assert.deepEqual(seen, [undefined, 'gateway']);
  });
});

/** The Admin API over TLS on that port, beside the plain one that the harness asks. */
async function listens(port: number) {
  const adminPort = await freePort();
  return {
    adminPort,
    env: {
      SALLYPORT_PROXY_LISTEN: '',
      SALLYPORT_ADMIN_LISTEN: `127.0.0.1:${adminPort}, 127.0.0.1:${port} ssl`,
    },
  };
}
