import { array, boolean, integer, record, string } from '../../../schema/index.ts';
import { clientAuthMethods, headerName, headerValue, unsupportedClientAuth } from './shared.ts';

/** Requests to the token endpoint. */
export const tokenFields = {
  token_endpoint_auth_method: string({
    one_of: clientAuthMethods,
    unsupported: unsupportedClientAuth,
    description: 'Client authentication method for the token endpoint only, overriding client_auth.',
  }),
  token_headers_names: array(string(headerName), {
    description: 'Names of fixed extra headers for token requests, paired by index with the values list.',
  }),
  token_headers_values: array(string(headerValue), { description: 'Values for token_headers_names.' }),
  token_headers_client: array(string(headerName), {
    description: 'Names of client request headers copied onto token requests.',
  }),
  token_headers_replay: array(string(headerName), {
    description: "Names of token response headers copied to the client's response.",
  }),
  token_headers_prefix: string({ ...headerName, description: 'Prefix added to the replayed header names.' }),
  token_headers_grants: array(
    string({ one_of: ['password', 'client_credentials', 'authorization_code', 'refresh_token'] }),
    { description: 'Replay token response headers only for these grants; unset means every grant.' },
  ),
  token_post_args_names: array(string(), {
    description:
      'Names of fixed extra form arguments for token requests (for example audience), paired by index with the values list.',
  }),
  token_post_args_values: array(string(), { description: 'Values for token_post_args_names.' }),
  token_post_args_client: array(string(), {
    description: "Names of arguments copied from the client's query, body or headers into token requests.",
  }),
};

/** RFC 8693 exchange of foreign tokens. */
export const tokenExchangeFields = {
  token_exchange: record(
    {
      cache: record(
        {
          enabled: boolean({ default: true, description: 'Cache exchanged tokens.' }),
          ttl: integer({ description: 'TTL override in seconds; a shorter token expiry wins.' }),
        },
        { description: 'Cache of exchanged tokens.' },
      ),
      request: record(
        {
          audience: array(string(), { description: 'Audiences requested, replacing config.audience.' }),
          empty_audience: boolean({
            default: false,
            description: 'Send no audience even if config.audience is set.',
          }),
          empty_scopes: boolean({
            default: false,
            description: 'Send no scopes even if config.scopes is set.',
          }),
          scopes: array(string(), { description: 'Scopes requested, replacing config.scopes.' }),
        },
        { description: 'Parameters of the exchange request.' },
      ),
      subject_token_issuers: array(
        record({
          conditions: record(
            {
              has_audience: array(string(), { description: 'Token must contain these audiences.' }),
              has_scopes: array(string(), { description: 'Token must contain these scopes.' }),
              missing_audience: array(string(), { description: 'Token must lack these audiences.' }),
              missing_scopes: array(string(), { description: 'Token must lack these scopes.' }),
            },
            {
              description:
                'Criteria that must all hold; required when the issuer is the target issuer, forbidden otherwise.',
            },
          ),
          issuer: string({ required: true, description: 'iss value this entry applies to.' }),
          jwks_uri: string({
            since: '3.15',
            description: 'JWKS for that verification; unset means discovery on the issuer.',
          }),
          verify_signature: boolean({
            default: false,
            since: '3.15',
            description: "Verify the incoming token's signature before exchanging it.",
          }),
        }),
        { required: true, len_min: 1, description: 'Issuers whose tokens may be exchanged.' },
      ),
    },
    {
      unsupported: true,
      since: '3.14',
      description: 'RFC 8693 exchange of foreign or insufficient bearer tokens (bearer method only).',
    },
  ),
};
