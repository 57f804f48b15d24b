import { definePlugin } from '../../pdk/index.ts';
import { type TlsHandshakeModifierConfig, tlsHandshakeModifierConfig } from './schema.ts';

/** Asks TLS clients for a certificate, for plugins that look at it. It judges nothing itself. */
export const tlsHandshakeModifier = definePlugin<typeof tlsHandshakeModifierConfig, TlsHandshakeModifierConfig>({
  name: 'tls-handshake-modifier',
  version: '3.9.1',
  priority: 997,
  consumerScope: false,
  config: tlsHandshakeModifierConfig,
  requestsClientCertificate: true,
  prepare: (config) => config,
  checks: [],
});
