import { array, boolean, string } from '../../../schema/index.ts';
import { clientAuthMethods } from './shared.ts';

/** Requests to the introspection endpoint. */
export const introspectionFields = {
  introspection_endpoint_auth_method: string({
    one_of: clientAuthMethods,
    unsupported: true,
    description: 'Client authentication method for the introspection endpoint only.',
  }),
  introspection_hint: string({
    default: 'access_token',
    unsupported: true,
    description: 'token_type_hint value sent with introspection requests.',
  }),
  introspection_check_active: boolean({
    default: true,
    unsupported: true,
    description: 'Require active=true in the introspection response.',
  }),
  introspection_accept: string({
    default: 'application/json',
    one_of: ['application/json', 'application/token-introspection+jwt', 'application/jwt'],
    unsupported: true,
    description: 'Accept header of introspection requests; the JWT values ask for a signed response.',
  }),
  introspection_headers_names: array(string(), {
    unsupported: true,
    description:
      'Names of fixed extra headers for introspection requests (may override Authorization), paired with the values list.',
  }),
  introspection_headers_values: array(string({ referenceable: true, encrypted: true }), {
    unsupported: true,
    description: 'Values for introspection_headers_names.',
  }),
  introspection_headers_client: array(string(), {
    unsupported: true,
    description: 'Names of client request headers copied onto introspection requests.',
  }),
  introspection_post_args_names: array(string(), {
    unsupported: true,
    description: 'Names of fixed extra form arguments for introspection requests, paired with the values list.',
  }),
  introspection_post_args_values: array(string(), {
    unsupported: true,
    description: 'Values for introspection_post_args_names.',
  }),
  introspection_post_args_client: array(string(), {
    unsupported: true,
    description: 'Names of client query/body arguments copied into introspection requests.',
  }),
  introspect_jwt_tokens: boolean({
    default: false,
    unsupported: true,
    description: 'Introspect JWT access tokens too, after verifying them, so revocation is noticed.',
  }),
  introspection_token_param_name: string({
    default: 'token',
    unsupported: true,
    since: '3.5',
    description: 'Form argument name carrying the token in introspection requests.',
  }),
  introspection_post_args_client_headers: array(string(), {
    unsupported: true,
    since: '3.9',
    description: 'Names of client headers whose values become form arguments of introspection requests.',
  }),
};
