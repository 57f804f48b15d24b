import assert from 'node:assert/strict';
import { randomBytes, X509Certificate } from 'node:crypto';
import { connect as connectTcp, createServer } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { limits } from '../../base/limits.ts';
import { emptyBlock } from '../header-block.ts';
import { createHttpServer } from '../server.ts';
import { request } from '../testing.ts';
import { testCertificates } from '../testing-certificates.ts';
import { testTls } from '../testing-tls.ts';
import type { ServerExchange, ServerTls, TlsIdentity } from '../types.ts';

const { b, brsa, client, wild } = testCertificates;
const both: TlsIdentity = { ...b, alternative: brsa };
const byName: Readonly<Record<string, TlsIdentity>> = {
  'b.example': both,
  'x.wild.example': wild,
  'broken.example': { cert: b.cert, key: wild.key },
  'nonsense.example': { cert: 'no', key: 'pem' },
};

interface Served {
  readonly port: number;
  readonly faults: string[];
  readonly exchanges: ServerExchange[];
}

async function serve(t: TestContext, changed: Partial<ServerTls> = {}, headTimeoutMs = 10_000): Promise<Served> {
  const faults: string[] = [];
  const exchanges: ServerExchange[] = [];
  const server = createHttpServer({
    limits: { ...limits, headTimeoutMs },
    tls: {
      identityFor: (name) => byName[name ?? ''] ?? testTls,
      requestsAnyClientCertificate: () => false,
      requestsClientCertificate: () => false,
      onCertificateFault: (name, reason) => void faults.push(`${name}: ${reason === '' ? 'no reason' : 'told'}`),
      ...changed,
    },
    onExchange: (exchange) => {
      exchanges.push(exchange);
      const shown = exchange.request.connection.clientCertificate();
      const body = shown === undefined ? 'none' : new X509Certificate(shown).subject;
      exchange.respond({ status: 200, headers: emptyBlock, body: `<${body}>` });
    },
    onRefused: ({ status }) => ({ status, headers: emptyBlock, body: '' }),
  });
  const { port } = await server.listen({ host: '127.0.0.1', port: 0, reusePort: false });
  t.after(() => server.drain(0));
  return { port, faults, exchanges };
}

interface Handshake {
  readonly subject: string;
  readonly keyType: string | undefined;
  readonly protocol: string | null;
  readonly cipher: string;
  readonly alpn: string | false | null;
  readonly reused: boolean;
  readonly answer: string;
  readonly session: Buffer | undefined;
}

/** One request over TLS; rejects when the handshake fails. */
function visit(port: number, options: ConnectionOptions = {}): Promise<Handshake> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
    let answer = '';
    let session: Buffer | undefined;
    socket.on('session', (bytes) => {
      session = bytes;
    });
    socket.on('error', reject);
    socket.on('data', (bytes) => {
      answer += bytes.toString('latin1');
      if (!answer.endsWith('>')) return;
      const peer = socket.getPeerX509Certificate();
      resolve({
        subject: peer?.subject ?? '',
        keyType: peer?.publicKey.asymmetricKeyType,
        protocol: socket.getProtocol(),
        cipher: socket.getCipher().name,
        alpn: socket.alpnProtocol,
        reused: socket.isSessionReused(),
        answer,
        session,
      });
      socket.destroy();
    });
    socket.on('secureConnect', () => socket.write(request('GET /')));
    socket.on('close', () => reject(new Error('closed')));
  });
}

describe('a TLS listener', () => {
  it('shows the certificate of the name asked for, and the usual one for others', async (t) => {
    const { port, exchanges } = await serve(t);
    assert.equal((await visit(port, { servername: 'b.example' })).subject, 'CN=b.example');
    assert.equal((await visit(port, { servername: 'x.wild.example' })).subject, 'CN=*.wild.example');
    assert.equal((await visit(port, { servername: 'other.example' })).subject, 'CN=a.example');
    assert.equal((await visit(port)).subject, 'CN=a.example');
    assert.deepEqual(
      exchanges.map(({ request: { connection } }) => [connection.serverName, connection.secure]),
      [
        ['b.example', true],
        ['x.wild.example', true],
        ['other.example', true],
        [undefined, true],
      ],
    );
    assert.equal(exchanges[0]?.request.connection.tlsVersion, 'TLSv1.3');
  });

  it('has the key type the client can read', async (t) => {
    const { port } = await serve(t);
    const rsaOnly = { servername: 'b.example', sigalgs: 'rsa_pss_rsae_sha256:RSA+SHA256' };
    assert.equal((await visit(port, { servername: 'b.example' })).keyType, 'ec');
    assert.equal((await visit(port, rsaOnly)).keyType, 'rsa');
    assert.equal((await visit(port, { ...rsaOnly, maxVersion: 'TLSv1.2' })).keyType, 'rsa');
  });

  it('says once that a pair is unusable and shows the usual certificate instead', async (t) => {
    const { port, faults } = await serve(t);
    for (const servername of ['broken.example', 'broken.example', 'nonsense.example']) {
      assert.equal((await visit(port, { servername })).subject, 'CN=a.example');
    }
    assert.deepEqual(faults, ['broken.example: told', 'nonsense.example: told']);
  });

  it('goes on with the certificate before when the usual one becomes unusable, and takes a new one at once', async (t) => {
    let usual: TlsIdentity = testTls;
    const { port, faults } = await serve(t, { identityFor: () => usual });
    assert.equal((await visit(port)).subject, 'CN=a.example');
    usual = { cert: 'x', key: 'y' };
    assert.equal((await visit(port)).subject, 'CN=a.example');
    usual = wild;
    assert.equal((await visit(port)).subject, 'CN=*.wild.example');
    assert.deepEqual(faults, ['undefined: told']);
  });

  it('keeps to the versions and ciphers it was given', async (t) => {
    const { port } = await serve(t, {
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2',
      ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256',
    });
    const two = await visit(port);
    assert.deepEqual([two.protocol, two.cipher, two.alpn], ['TLSv1.2', 'ECDHE-ECDSA-AES256-GCM-SHA384', false]);
    const reversed = 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384';
    assert.equal((await visit(port, { ciphers: reversed })).cipher, 'ECDHE-ECDSA-AES256-GCM-SHA384');
    await assert.rejects(visit(port, { minVersion: 'TLSv1.3' }));
    const clientFirst = await serve(t, { maxVersion: 'TLSv1.2', honorCipherOrder: false });
    assert.equal((await visit(clientFirst.port, { ciphers: reversed })).cipher, 'ECDHE-ECDSA-AES128-GCM-SHA256');
    const three = await serve(t, { minVersion: 'TLSv1.3' });
    assert.equal((await visit(three.port)).protocol, 'TLSv1.3');
    await assert.rejects(visit(three.port, { maxVersion: 'TLSv1.2' }));
    assert.equal((await visit(three.port, { ALPNProtocols: ['h2', 'http/1.1'] })).alpn, 'http/1.1');
  });

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`knows sessions of every listener with the same ticket keys (${maxVersion})`, async (t) => {
      const ticketKeys = randomBytes(48);
      const one = await serve(t, { ticketKeys });
      const other = await serve(t, { ticketKeys });
      const stranger = await serve(t);
      const options = { servername: 'b.example', maxVersion };
      const first = await visit(one.port, options);
      assert.ok(first.session !== undefined);
      assert.equal((await visit(other.port, { ...options, session: first.session })).reused, true);
      assert.equal((await visit(stranger.port, { ...options, session: first.session })).reused, false);
      const none = await serve(t, { ticketKeys, sessionTickets: false });
      assert.equal((await visit(none.port, { ...options, session: first.session })).reused, false);
    });
  }

  it('cuts off a client that never finishes its handshake, and counts no connection for it', async (t) => {
    for (const asks of [false, true]) {
      const { port, exchanges } = await serve(t, { requestsAnyClientCertificate: () => asks }, 400);
      const closed = Promise.withResolvers<void>();
      const socket = connectTcp({ host: '127.0.0.1', port });
      socket.on('error', () => undefined);
      socket.on('close', () => closed.resolve());
      socket.resume();
      socket.write(Buffer.from([22, 3, 1, 2]));
      await closed.promise;
      assert.equal(exchanges.length, 0);
    }
  });
});

describe('a client certificate', () => {
  const asking: Partial<ServerTls> = {
    requestsAnyClientCertificate: () => true,
    requestsClientCertificate: (name) => name === 'b.example',
  };

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`is asked for under the names that want one only (${maxVersion})`, async (t) => {
      const { port } = await serve(t, asking);
      const shown = { ...client, maxVersion };
      assert.match((await visit(port, { ...shown, servername: 'b.example' })).answer, /<CN=client one>$/);
      assert.match((await visit(port, { ...shown, servername: 'x.wild.example' })).answer, /<none>$/);
      assert.match((await visit(port, shown)).answer, /<none>$/);
      assert.match((await visit(port, { servername: 'b.example', maxVersion })).answer, /<none>$/);
    });

    it(`comes back with a resumed session, and a session without one is not resumed where it is asked for (${maxVersion})`, async (t) => {
      let asks = false;
      const { port } = await serve(t, {
        ticketKeys: randomBytes(48),
        requestsAnyClientCertificate: () => asks,
        requestsClientCertificate: () => asks,
      });
      const shown = { ...client, maxVersion, servername: 'b.example' };
      const before = await visit(port, shown);
      assert.match(before.answer, /<none>$/);
      asks = true;
      const after = await visit(port, { ...shown, ...sessionOf(before) });
      assert.equal(after.reused, false);
      assert.match(after.answer, /<CN=client one>$/);
      const again = await visit(port, { ...shown, ...sessionOf(after) });
      assert.equal(again.reused, true);
      assert.match(again.answer, /<CN=client one>$/);
    });
  }

  it('is not verified: an unknown authority is the plugin’s matter', async (t) => {
    const { port } = await serve(t, asking);
    const answer = await visit(port, { ...testCertificates.other, servername: 'b.example' });
    assert.match(answer.answer, /<CN=Other Root>$/);
  });

  it('does not keep a hello from being read that comes byte by byte', async (t) => {
    const { port } = await serve(t, asking);
    const relay = await dripping(t, port);
    assert.match((await visit(relay, { ...client, servername: 'b.example' })).answer, /<CN=client one>$/);
  });

  it('does not keep plain text from being refused', async (t) => {
    const { port, exchanges } = await serve(t, asking);
    const closed = Promise.withResolvers<void>();
    const socket = connectTcp({ host: '127.0.0.1', port });
    socket.on('error', () => undefined);
    socket.on('close', () => closed.resolve());
    socket.resume();
    socket.write(request('GET /'));
    await closed.promise;
    assert.equal(exchanges.length, 0);
  });
});

function sessionOf({ session }: Handshake): { session?: Buffer } {
  return session === undefined ? {} : { session };
}

/** A relay that passes the first bytes of a client one at a time. */
async function dripping(t: TestContext, port: number): Promise<number> {
  const server = createServer((socket) => {
    const onward = connectTcp({ host: '127.0.0.1', port, noDelay: true });
    socket.on('error', () => onward.destroy());
    onward.on('error', () => socket.destroy());
    onward.pipe(socket);
    socket.once('data', async (hello) => {
      socket.pause();
      for (const byte of hello) {
        onward.write(Buffer.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      socket.pipe(onward);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}
