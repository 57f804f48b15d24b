import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import { createServer, type TlsOptions } from 'node:tls';
import { hello, RawClient, request, startGateway } from '../testing.ts';
import { testCertificates } from '../testing-certificates.ts';
import type { ForwardOutcome, UpstreamTls } from '../types.ts';
import { createUpstreamPools } from './upstream-pool.ts';
import { tlsFaultText } from './upstream-tls.ts';

const { b, ca, chained, client, old, other } = testCertificates;

interface Seen {
  readonly answer: string;
  readonly outcome: ForwardOutcome | undefined;
  readonly clients: string[];
}

/** Two requests, on a connection each, to an upstream with these options. */
async function ask(t: TestContext, options: TlsOptions, tls: UpstreamTls): Promise<Seen> {
  const clients: string[] = [];
  const upstream = createServer({ requestCert: true, rejectUnauthorized: false, ...options }, (socket) => {
    clients.push(`${socket.getPeerX509Certificate()?.subject ?? 'none'}${socket.isSessionReused() ? ' resumed' : ''}`);
    socket.on('error', () => undefined);
    socket.on('data', () => socket.end(hello.replace('\r\n', '\r\nConnection: close\r\n')));
  });
  upstream.on('tlsClientError', () => undefined);
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const address = upstream.address();
  const gateway = await startGateway(address !== null && typeof address === 'object' ? address.port : 0, {
    upstreamTls: tls,
  });
  const visitor = new RawClient(gateway.port);
  t.after(async () => {
    visitor.destroy();
    await gateway.close();
    upstream.close();
  });
  visitor.send(request('GET /'));
  await visitor.receive(/hello$|\r\n\r\n[a-z_]+$/);
  const answer = visitor.text;
  visitor.send(request('GET /'));
  await visitor.until(() => gateway.outcomes.length === 2, 'the second answer');
  return { answer, outcome: gateway.outcomes[0], clients };
}

const trusting: UpstreamTls = { serverName: 'b.example', verify: true, ca: [ca.cert] };

describe('TLS to an upstream', () => {
  it('verifies, shows no certificate and resumes sessions', async (t) => {
    const { answer, clients } = await ask(t, b, trusting);
    assert.match(answer, /hello$/);
    assert.deepEqual(clients, ['none', 'none resumed']);
  });

  it('shows the client certificate it was given', async (t) => {
    const { clients } = await ask(t, b, { ...trusting, clientCertificate: client });
    assert.equal(clients[0], 'CN=client one');
  });

  it('takes a chain as long as it may be', async (t) => {
    assert.match((await ask(t, chained, { ...trusting, verifyDepth: 1 })).answer, /hello$/);
    assert.match((await ask(t, chained, trusting)).answer, /hello$/);
    assert.match((await ask(t, b, { ...trusting, verifyDepth: 0 })).answer, /hello$/);
  });

  const refused: readonly [string, TlsOptions, UpstreamTls, RegExp][] = [
    ['another authority', b, { ...trusting, ca: [other.cert] }, /authority is unknown|authority is not trusted/],
    ['an expired certificate', old, trusting, /expired \(CERT_HAS_EXPIRED\)/],
    ['another name', b, { ...trusting, serverName: 'c.example' }, /another name \(ERR_TLS_CERT_ALTNAME_INVALID\)/],
    ['too long a chain', chained, { ...trusting, verifyDepth: 0 }, /has 1 intermediate certificates/],
    ['a key that is not its own', b, { ...trusting, clientCertificate: { ...client, key: b.key } }, /cannot be used/],
  ];
  for (const [name, options, tls, detail] of refused) {
    it(`fails for ${name} and says so`, async (t) => {
      const { answer, outcome, clients } = await ask(t, options, tls);
      assert.match(answer, /^HTTP\/1\.1 502 [\s\S]*tls$/);
      assert.equal(outcome?.kind, 'failed');
      assert.match(outcome?.kind === 'failed' ? outcome.detail : '', detail);
      assert.ok(clients.every((shown) => shown === 'none'));
    });
  }

  it('is of no interest where nothing is verified', async (t) => {
    assert.match((await ask(t, old, { serverName: 'c.example', verify: false })).answer, /hello$/);
  });

  it('has a pool for each set of settings, whatever objects they come in', () => {
    const pools = createUpstreamPools({ idleTimeoutMs: 1000, poolSizeMax: 2, requestsPerConnectionMax: 10 });
    const of = (tls: UpstreamTls): unknown => pools.endpoint({ host: '127.0.0.1', port: 1, tls });
    const known = of(trusting);
    assert.equal(of({ ...trusting, ca: [ca.cert] }), known);
    for (const tls of [
      { ...trusting, verify: false },
      { ...trusting, verifyDepth: 1 },
      { ...trusting, ca: [ca.cert, other.cert] },
      { ...trusting, serverName: 'c.example' },
      { ...trusting, clientCertificate: client },
      { serverName: 'b.example', verify: true },
    ]) {
      assert.notEqual(of(tls), known, JSON.stringify(Object.keys(tls)));
    }
    pools.close();
  });
});

describe('tlsFaultText', () => {
  it('keeps a code it has no words for', () => {
    assert.equal(tlsFaultText(Object.assign(new Error('x'), { code: 'ERR_ODD' })), 'ERR_ODD');
    assert.equal(tlsFaultText(new Error('only text')), 'only text');
  });
});
