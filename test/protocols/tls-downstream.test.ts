import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { testCertificate } from '../support/certificates.ts';
import { peerIsMissing } from '../support/peers.ts';
import { eventually } from '../support/wire.ts';
import { type ProtocolPlace, runProgram, startProtocolPlace } from './place.ts';

for (const workers of [1, 2]) {
  describe(`what openssl sees of a TLS listener, workers: ${workers}`, () => {
    let place: ProtocolPlace;
    before(async () => {
      place = await startProtocolPlace(workers);
      for (const name of ['exact.test', '*.wild.test']) {
        const pair = await testCertificate({ commonName: name });
        await place.admin.must('POST', '/certificates', { ...pair, snis: [name] });
      }
      const [ec, rsa] = await Promise.all([
        testCertificate({ commonName: 'ec.test', names: ['both.test'] }),
        testCertificate({ commonName: 'rsa.test', names: ['both.test'], keyType: 'rsa' }),
      ]);
      const both = { ...ec, cert_alt: rsa.cert, key_alt: rsa.key, snis: ['both.test'] };
      await place.admin.must('POST', '/certificates', both);
    });
    after(() => place.stop());

    async function look(...args: string[]): Promise<string | undefined> {
      const result = await runProgram('openssl', ['s_client', '-connect', `127.0.0.1:${place.tlsPort}`, ...args]);
      if (result === undefined) peerIsMissing('openssl', 'openssl');
      return result === undefined ? undefined : result.output + result.errors;
    }

    const sights: readonly { name: string; args: string[]; sees: RegExp }[] = [
      { name: 'an exact name', args: ['-servername', 'exact.test'], sees: /subject=CN ?= ?exact\.test/ },
      { name: 'a name under a wildcard', args: ['-servername', 'a.wild.test'], sees: /subject=CN ?= ?\*\.wild\.test/ },
      { name: 'another name', args: ['-servername', 'a.b.wild.test'], sees: /subject=CN ?= ?localhost/ },
      { name: 'no name', args: ['-noservername'], sees: /subject=CN ?= ?localhost/ },
      { name: 'TLS 1.3', args: ['-tls1_3'], sees: /New, TLSv1\.3, Cipher is TLS_/ },
      { name: 'TLS 1.2', args: ['-tls1_2'], sees: /New, TLSv1\.2, Cipher is ECDHE-/ },
      { name: 'TLS 1.1', args: ['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'], sees: /alert protocol version|no protocols/ },
      { name: 'HTTP/1.1 by ALPN', args: ['-alpn', 'h2,http/1.1'], sees: /ALPN protocol: http\/1\.1/ },
      { name: 'both key types', args: ['-servername', 'both.test'], sees: /subject=CN ?= ?ec\.test/ },
      {
        name: 'RSA only, by cipher',
        args: ['-servername', 'both.test', '-tls1_2', '-cipher', 'ECDHE-RSA-AES128-GCM-SHA256'],
        sees: /subject=CN ?= ?rsa\.test/,
      },
      {
        name: 'RSA only, by signature',
        args: ['-servername', 'both.test', '-tls1_3', '-sigalgs', 'rsa_pss_rsae_sha256'],
        sees: /subject=CN ?= ?rsa\.test/,
      },
    ];
    for (const { name, args, sees } of sights) {
      test(`with ${name}`, async () => {
        const sight = await look(...args);
        if (sight !== undefined) assert.match(sight, sees);
      });
    }

    test('sessions are resumed whichever worker answers', async () => {
      const sight = await look('-tls1_2', '-reconnect', '-servername', 'exact.test');
      if (sight !== undefined) assert.equal(sight.split('\nReused, ').length - 1, 5);
    });
  });
}

test('settings decide about versions, ciphers and tickets', async () => {
  const place = await startProtocolPlace(1, {
    SALLYPORT_SSL_CIPHER_SUITE: 'custom',
    SALLYPORT_SSL_PROTOCOLS: 'TLSv1.2',
    SALLYPORT_SSL_CIPHERS: 'ECDHE-ECDSA-CHACHA20-POLY1305',
    SALLYPORT_SSL_SESSION_TICKETS: 'off',
  });
  const at = ['s_client', '-connect', `127.0.0.1:${place.tlsPort}`];
  const sight = await runProgram('openssl', at);
  if (sight !== undefined) {
    assert.match(sight.output, /New, TLSv1\.2, Cipher is ECDHE-ECDSA-CHACHA20-POLY1305/);
    assert.doesNotMatch(sight.output, /TLS session ticket:/);
    assert.notEqual((await runProgram('openssl', [...at, '-tls1_3']))?.status, 0);
  }
  await place.stop();
  await eventually('the end', () => place.gateway.process.exitCode === 0);
});
