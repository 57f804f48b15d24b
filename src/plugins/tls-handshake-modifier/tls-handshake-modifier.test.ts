import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultsOf } from '../../pdk/testing.ts';
import { tlsHandshakeModifier } from './index.ts';

test('it asks for the certificate of the client and does nothing else', () => {
  assert.equal(tlsHandshakeModifier.requestsClientCertificate, true);
  assert.equal(tlsHandshakeModifier.access, undefined);
  assert.deepEqual(faultsOf(tlsHandshakeModifier, {}), []);
  assert.match(faultsOf(tlsHandshakeModifier, { tls_client_certificate: 'REQUIRE' }).join(), /expected one of|REQUEST/);
});
