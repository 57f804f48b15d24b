import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createSecureContext } from 'node:tls';
import { faultsFor, readFor, settingsFor } from './testing.ts';

describe('TLS towards clients', () => {
  test('unless told otherwise it is the intermediate suite: TLS 1.2 and 1.3, forward secrecy only', () => {
    const { tls } = settingsFor({});
    assert.equal(tls.minVersion, 'TLSv1.2');
    assert.equal(tls.maxVersion, 'TLSv1.3');
    assert.ok(tls.ciphers.split(':').every((cipher) => /^(TLS_|ECDHE-|DHE-)/.test(cipher)));
    assert.deepEqual([tls.sessionTickets, tls.sessionTimeoutSeconds], [true, 86_400]);
  });

  test('ssl_cipher_suite chooses versions and ciphers that OpenSSL accepts', () => {
    for (const [suite, lowest, highest] of [
      ['modern', 'TLSv1.3', 'TLSv1.3'],
      ['intermediate', 'TLSv1.2', 'TLSv1.3'],
      ['old', 'TLSv1', 'TLSv1.3'],
    ] as const) {
      const { tls } = settingsFor({ KONG_SSL_CIPHER_SUITE: suite });
      assert.deepEqual([tls.minVersion, tls.maxVersion], [lowest, highest], suite);
      createSecureContext({ ciphers: tls.ciphers, minVersion: tls.minVersion, maxVersion: tls.maxVersion });
    }
    assert.match(faultsFor({ KONG_SSL_CIPHER_SUITE: 'fips' }), /accepted: modern, intermediate, old, custom/);
  });

  test('ssl_protocols wins over the suite, and must be known and without gaps', () => {
    const { tls } = settingsFor({ KONG_SSL_PROTOCOLS: 'TLSv1.3 TLSv1.2 TLSv1.1' });
    assert.deepEqual([tls.minVersion, tls.maxVersion], ['TLSv1.1', 'TLSv1.3']);
    assert.match(tls.ciphers, /@SECLEVEL=0$/);
    for (const text of ['TLSv1.1 TLSv1.3', 'SSLv3', 'TLSv1.4']) {
      assert.match(faultsFor({ KONG_SSL_PROTOCOLS: text }), /^ssl_protocols: .*accepted: TLSv1, TLSv1\.1/);
    }
  });

  test('ssl_ciphers and ssl_prefer_server_ciphers belong to the custom suite', () => {
    const custom = { KONG_SSL_CIPHER_SUITE: 'custom', KONG_SSL_CIPHERS: 'ECDHE-RSA-AES128-GCM-SHA256' };
    const { tls } = settingsFor({ ...custom, KONG_SSL_PREFER_SERVER_CIPHERS: 'off' });
    assert.match(tls.ciphers, /TLS_AES_128_GCM_SHA256:.*:ECDHE-RSA-AES128-GCM-SHA256$/);
    assert.equal(tls.preferServerCiphers, false);
    assert.equal(settingsFor(custom).tls.preferServerCiphers, true);
    assert.match(faultsFor({ KONG_SSL_CIPHER_SUITE: 'custom' }), /ssl_ciphers: must be set/);
    assert.match(faultsFor({ ...custom, KONG_SSL_CIPHERS: 'NO-SUCH-CIPHER' }), /ssl_ciphers: .*not accepted/);
    assert.match(readFor({ KONG_SSL_CIPHERS: 'AES128-SHA' }).warnings.join(), /ssl_ciphers: has no effect/);
  });

  test('session tickets and their life can be set', () => {
    const { tls } = settingsFor({ KONG_SSL_SESSION_TICKETS: 'off', KONG_SSL_SESSION_TIMEOUT: '2h' });
    assert.deepEqual([tls.sessionTickets, tls.sessionTimeoutSeconds], [false, 7200]);
  });
});
