import { array, boolean, number, record, set, string } from '../../../schema/index.ts';
import {
  argumentLocations,
  authMethods,
  clientAuthMethods,
  endpointUrl,
  headerName,
  headerValue,
  seconds,
  tokenLocations,
  unsupportedClientAuth,
} from './shared.ts';

/** Where the provider is and whose tokens count. */
export const issuerFields = {
  issuer: string({
    required: true,
    referenceable: true,
    description:
      "Where to find provider metadata: a discovery URL or the bare issuer/realm URL (well-known suffix appended when missing). Need not equal the token's iss. Also the key of the stored discovery object.",
  }),
  discovery_headers_names: array(string(headerName), {
    description:
      'Names of extra request headers sent when fetching discovery; paired by index with discovery_headers_values.',
  }),
  discovery_headers_values: array(string(headerValue), {
    description: 'Values for discovery_headers_names, same index.',
  }),
  extra_jwks_uris: set(string({ referenceable: true, ...endpointUrl }), {
    description:
      'Further JWKS URLs whose keys are trusted besides the discovered jwks_uri; fetched together with discovery.',
  }),
  rediscovery_lifetime: number({
    default: 30,
    ...seconds,
    description:
      'Minimum seconds between two discovery/JWKS fetches for one issuer; fetches stay on-demand (for example unknown key id); 0 means always refetch when needed.',
  }),
  issuers_allowed: array(string({ referenceable: true }), {
    description: 'Accepted values of the iss claim (any one matches); unset means only the discovered issuer.',
  }),
  authorization_endpoint: string({
    unsupported: true,
    description: 'Overrides the discovered authorization endpoint.',
  }),
  token_endpoint: string({ ...endpointUrl, description: 'Overrides the discovered token endpoint.' }),
  introspection_endpoint: string({
    referenceable: true,
    unsupported: true,
    description: 'Overrides the discovered introspection endpoint.',
  }),
  revocation_endpoint: string({ unsupported: true, description: 'Overrides the discovered revocation endpoint.' }),
  end_session_endpoint: string({
    unsupported: true,
    description:
      "Overrides the discovered RP-initiated logout endpoint; may also be a provider's proprietary logout URL.",
  }),
  userinfo_endpoint: string({ unsupported: true, description: 'Overrides the discovered userinfo endpoint.' }),
  token_exchange_endpoint: string({
    unsupported: true,
    description:
      'Legacy (non-RFC 8693) exchange URL: valid access token is POSTed as a bearer header, a 200 body is the replacement token.',
  }),
  using_pseudo_issuer: boolean({
    default: false,
    since: '3.4.1.0',
    description:
      'Never fetch discovery from issuer; issuer is then only an identifier and the endpoints/JWKS must be configured by hand.',
  }),
  jwks_endpoint: string({
    ...endpointUrl,
    since: '3.14',
    description: 'JWKS URL used in place of the discovered jwks_uri.',
  }),
};

/** The clients this gateway is registered as. */
export const clientFields = {
  client_id: array(string({ referenceable: true, encrypted: true }), {
    description:
      'Client ids of the gateway at the provider; several clients may be listed and every per-client array is indexed in parallel with this one.',
  }),
  client_secret: array(string({ referenceable: true, encrypted: true }), {
    description: 'Secret of the client at the same index; also the HMAC key for HS* signatures and client_secret_jwt.',
  }),
  client_auth: array(string({ one_of: clientAuthMethods, unsupported: unsupportedClientAuth }), {
    description:
      'How the client at the same index authenticates to provider endpoints; unset means taken from discovery, then client_secret_basic.',
  }),
  client_jwk: array(
    record({
      issuer: string({ description: 'Issuer the key belongs to (gateway bookkeeping).' }),
      kty: string({ description: 'Key type.' }),
      use: string({ description: 'Intended use, normally sig.' }),
      key_ops: array(string(), { description: 'Permitted operations.' }),
      alg: string({ description: 'Algorithm the key is meant for.' }),
      kid: string({ description: 'Key id put in the assertion header.' }),
      x5u: string({ description: 'Certificate URL.' }),
      x5c: array(string(), { description: 'Certificate chain.' }),
      x5t: string({ description: 'SHA-1 certificate thumbprint.' }),
      'x5t#S256': string({ description: 'SHA-256 certificate thumbprint.' }),
      k: string({ referenceable: true, encrypted: true, description: 'Symmetric key value.' }),
      x: string({ description: 'EC/OKP x coordinate.' }),
      y: string({ description: 'EC y coordinate.' }),
      crv: string({ description: 'Curve name.' }),
      n: string({ description: 'RSA modulus.' }),
      e: string({ description: 'RSA public exponent.' }),
      d: string({
        referenceable: true,
        encrypted: true,
        description: 'Private exponent / EC-OKP private key.',
      }),
      p: string({ referenceable: true, encrypted: true, description: 'RSA prime p.' }),
      q: string({ referenceable: true, encrypted: true, description: 'RSA prime q.' }),
      dp: string({ referenceable: true, encrypted: true, description: 'RSA CRT exponent dP.' }),
      dq: string({ referenceable: true, encrypted: true, description: 'RSA CRT exponent dQ.' }),
      qi: string({ referenceable: true, encrypted: true, description: 'RSA CRT coefficient.' }),
      oth: string({ referenceable: true, encrypted: true, description: 'Other RSA primes info.' }),
      r: string({ referenceable: true, encrypted: true, description: 'Multi-prime RSA factor r.' }),
      t: string({ referenceable: true, encrypted: true, description: 'Multi-prime RSA coefficient t.' }),
    }),
    {
      unsupported: true,
      description:
        'Private JWK of the client at the same index for private_key_jwt (and signed request objects); unset means gateway-managed keys are used.',
    },
  ),
  client_alg: array(
    string({
      one_of: [
        'HS256',
        'HS384',
        'HS512',
        'RS256',
        'RS384',
        'RS512',
        'ES256',
        'ES384',
        'ES512',
        'PS256',
        'PS384',
        'PS512',
        'EdDSA',
      ],
    }),
    {
      unsupported: true,
      description:
        'Signing algorithm of client assertions for the client at the same index (defaults HS256 for client_secret_jwt, RS256 for private_key_jwt).',
    },
  ),
  client_arg: string({
    default: 'client_id',
    unsupported: true,
    description:
      'Name of the request header/query/body argument that selects which configured client serves this request (client id or 1-based index).',
  }),
  redirect_uri: array(string(), {
    unsupported: true,
    description: 'Redirect URI per client for the code flow; unset means derived from the current request URL.',
  }),
  tls_client_auth_cert_id: string({
    uuid: true,
    unsupported: true,
    since: '3.6',
    description: 'Id of the certificate entity presented as TLS client certificate for (self_signed_)tls_client_auth.',
  }),
  tls_client_auth_ssl_verify: boolean({
    default: true,
    unsupported: true,
    since: '3.6',
    description: "Verify the provider's server certificate on connections that use TLS client auth.",
  }),
};

/** How callers may authenticate, and where their credentials are looked for. */
export const authMethodFields = {
  auth_methods: array(string({ one_of: authMethods }), {
    default: authMethods,
    validate: authMethodsFault,
    description:
      'Which credential types and grants are accepted; everything not listed is ignored. Must be sent while only client_credentials and bearer are supported.',
  }),
  bearer_token_param_type: array(string({ one_of: tokenLocations }), {
    default: ['header', 'query', 'body'],
    description: 'Request locations searched for an access token.',
  }),
  bearer_token_cookie_name: string({
    description: 'Cookie read for the access token when cookie is one of the bearer locations.',
  }),
  client_credentials_param_type: array(string({ one_of: argumentLocations }), {
    default: argumentLocations,
    description: "Request locations searched for the caller's client id and secret (client credentials grant).",
  }),
  password_param_type: array(string({ one_of: argumentLocations }), {
    default: argumentLocations,
    unsupported: true,
    description: 'Request locations searched for username and password (password grant).',
  }),
  id_token_param_type: array(string({ one_of: argumentLocations }), {
    default: argumentLocations,
    unsupported: true,
    description: 'Request locations searched for an ID token sent along with an access token.',
  }),
  id_token_param_name: string({
    unsupported: true,
    description: 'Name of the argument carrying that ID token; never sufficient on its own to authenticate.',
  }),
  refresh_token_param_type: array(string({ one_of: argumentLocations }), {
    default: argumentLocations,
    unsupported: true,
    description: 'Request locations searched for a refresh token.',
  }),
  refresh_token_param_name: string({
    unsupported: true,
    description:
      'Name of the header/query/body argument carrying the refresh token; without a name the refresh grant cannot be triggered by a client.',
  }),
  refresh_tokens: boolean({
    default: true,
    unsupported: true,
    description:
      'When a refresh token is at hand (session), silently renew an access token that is expired or about to expire.',
  }),
  anonymous: string({
    description:
      'Consumer (uuid or username) used instead of an error when authentication, required-claim checks or consumer mapping fail.',
  }),
  run_on_preflight: boolean({
    default: true,
    description: 'Whether OPTIONS preflight requests must authenticate; false lets every OPTIONS request through.',
  }),
  hide_credentials: boolean({
    default: true,
    description: 'Strip the credentials that authenticated the request before proxying.',
  }),
  bearer_token_header_name: string({
    len_min: 1,
    ...headerName,
    since: '3.15',
    description: 'Single custom header to read the access token from; when set no other header is looked at.',
  }),
};

/** Connections to the provider. */
export const httpFields = {
  http_version: number({
    default: 1.1,
    unsupported: true,
    description: 'HTTP version used towards the provider; 1.1 only.',
  }),
  http_proxy: string({ unsupported: true, description: 'Proxy URL for provider endpoints that use http.' }),
  http_proxy_authorization: string({
    referenceable: true,
    unsupported: true,
    description: 'Proxy-Authorization value for http_proxy.',
  }),
  https_proxy: string({
    unsupported: true,
    description: 'Proxy URL for provider endpoints that use https (the scheme refers to the provider, not the proxy).',
  }),
  https_proxy_authorization: string({
    referenceable: true,
    unsupported: true,
    description: 'Proxy-Authorization value for https_proxy.',
  }),
  no_proxy: string({ unsupported: true, description: 'Comma-separated hosts reached without a proxy.' }),
  keepalive: boolean({ default: true, description: 'Keep connections to the provider alive.' }),
  ssl_verify: boolean({
    default: true,
    description: "Verify the provider's server certificate against the gateway trust store.",
  }),
  timeout: number({ default: 10000, gt: 0, description: 'Network timeout towards the provider in milliseconds.' }),
};

/** The default names every method, so leaving the field out has to be refused too, with what to send instead. */
function authMethodsFault(methods: readonly unknown[]): string | undefined {
  const supported =
    methods.length > 0 && methods.every((method) => method === 'client_credentials' || method === 'bearer');
  return supported ? undefined : 'send client_credentials, bearer or both; the other methods are not supported yet';
}
