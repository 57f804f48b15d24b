import { array, boolean, integer, number, record, string } from '../../../schema/index.ts';
import { clientAuthMethods, proofModes } from './shared.ts';

/** Proof of possession and FAPI requests. */
export const proofFields = {
  proof_of_possession_mtls: string({
    default: 'off',
    one_of: proofModes,
    unsupported: true,
    since: '3.5',
    description: 'Certificate-bound token check: off, only for tokens with cnf.x5t#S256, or for all.',
  }),
  proof_of_possession_auth_methods_validation: boolean({
    default: true,
    unsupported: true,
    since: '3.5',
    description:
      'Refuse a configuration that combines proof of possession with methods that cannot prove it; false skips the check for those methods.',
  }),
  pushed_authorization_request_endpoint: string({
    unsupported: true,
    since: '3.6',
    description: 'Overrides the discovered PAR endpoint.',
  }),
  pushed_authorization_request_endpoint_auth_method: string({
    one_of: clientAuthMethods,
    unsupported: true,
    since: '3.6',
    description: 'Client authentication method for the PAR endpoint only.',
  }),
  require_pushed_authorization_requests: boolean({
    unsupported: true,
    since: '3.6',
    description: 'Force PAR on or off; unset follows discovery (default off).',
  }),
  mtls_token_endpoint: string({
    unsupported: true,
    since: '3.6',
    description: 'Token endpoint alias for TLS client auth, overriding mtls_endpoint_aliases.',
  }),
  mtls_introspection_endpoint: string({
    unsupported: true,
    since: '3.6',
    description: 'Introspection endpoint alias for TLS client auth.',
  }),
  mtls_revocation_endpoint: string({
    unsupported: true,
    since: '3.6',
    description: 'Revocation endpoint alias for TLS client auth.',
  }),
  require_signed_request_object: boolean({
    unsupported: true,
    since: '3.7',
    description: 'Force signed request objects (JAR) on or off; unset follows discovery (default off).',
  }),
  proof_of_possession_dpop: string({
    default: 'off',
    one_of: proofModes,
    unsupported: true,
    since: '3.7',
    description: 'DPoP check: off, only for tokens with cnf.jkt, or for all.',
  }),
  dpop_use_nonce: boolean({
    default: false,
    unsupported: true,
    since: '3.7',
    description: 'Challenge the client with a DPoP nonce; the nonce time then defines proof age.',
  }),
  dpop_proof_lifetime: number({
    default: 300,
    unsupported: true,
    since: '3.7',
    description: 'Seconds a DPoP proof is accepted after its nonce (or iat).',
  }),
  proof_of_possession_mtls_from_header: record(
    {
      allow_partial_chain: boolean({
        default: false,
        description: 'Accept a chain that ends at a trusted intermediate.',
      }),
      ca_certificates: array(string({ uuid: true }), {
        required: true,
        description: 'Ids of CA certificate entities that must validate the chain (at least one).',
      }),
      cert_cache_ttl: number({
        default: 60000,
        description: 'Milliseconds a revocation result is cached.',
      }),
      certificate_header_format: string({
        default: 'url_encoded',
        one_of: ['base64_encoded', 'url_encoded'],
        description: 'Encoding of that header.',
      }),
      certificate_header_name: string({
        required: true,
        description: 'Header holding the certificate.',
      }),
      http_proxy_host: string({ description: 'Proxy host for http OCSP/CRL.' }),
      http_proxy_port: integer({ between: [0, 65535], description: 'Proxy port for http OCSP/CRL.' }),
      http_timeout: number({ default: 30000, description: 'Timeout in ms for OCSP/CRL.' }),
      https_proxy_host: string({ description: 'Proxy host for https OCSP/CRL.' }),
      https_proxy_port: integer({ between: [0, 65535], description: 'Proxy port for https OCSP/CRL.' }),
      revocation_check_mode: string({
        default: 'IGNORE_CA_ERROR',
        one_of: ['IGNORE_CA_ERROR', 'SKIP', 'STRICT'],
        description: 'OCSP/CRL policy.',
      }),
      secure_source: boolean({ default: true, description: 'Honour the header only from trusted_ips.' }),
      ssl_verify: boolean({ default: true, description: "Verify the OCSP/CRL server's certificate." }),
    },
    {
      unsupported: true,
      since: '3.15',
      description: 'Take the client certificate from a header set by a TLS-terminating proxy.',
    },
  ),
};
