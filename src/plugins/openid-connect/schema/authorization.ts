import { array, boolean, number, string } from '../../../schema/index.ts';
import { cookiePath, sameSite } from './shared.ts';

/** The authorization request of the browser flow. */
export const authorizationFields = {
  response_mode: string({
    default: 'query',
    one_of: ['query', 'form_post', 'fragment', 'query.jwt', 'form_post.jwt', 'fragment.jwt', 'jwt'],
    unsupported: true,
    description:
      'How the provider should return the authorization response; the *.jwt values and jwt request a signed (JARM) response.',
  }),
  response_type: array(string(), {
    default: ['code'],
    unsupported: true,
    description: 'response_type parts of the authorization request, joined with spaces.',
  }),
  scopes: array(string({ referenceable: true }), {
    default: ['openid'],
    nullable: true,
    description:
      'Scopes requested at the authorization and token endpoints, joined with spaces; null/empty sends none.',
  }),
  audience: array(string(), {
    description:
      'Audience of the tokens: sent to the authorization endpoint, and as audience with client credentials unless token_post_args_names has it.',
  }),
  authorization_query_args_names: array(string(), {
    unsupported: true,
    description:
      'Names of fixed extra query arguments for the authorization request, paired by index with the values list.',
  }),
  authorization_query_args_values: array(string(), {
    unsupported: true,
    description: 'Values for authorization_query_args_names.',
  }),
  authorization_query_args_client: array(string(), {
    unsupported: true,
    description: "Names of arguments copied from the client's request into the authorization request when present.",
  }),
  authorization_cookie_name: string({
    default: 'authorization',
    unsupported: true,
    description: 'Name of the short-lived cookie that carries code-flow state.',
  }),
  authorization_cookie_path: string({
    default: '/',
    ...cookiePath,
    unsupported: true,
    description: 'Path attribute of the code-flow cookie; must start with / and contain no empty segment.',
  }),
  authorization_cookie_domain: string({ unsupported: true, description: 'Domain attribute of the code-flow cookie.' }),
  authorization_cookie_secure: boolean({
    unsupported: true,
    description: 'Secure attribute of the code-flow cookie; unset follows the request scheme.',
  }),
  preserve_query_args: boolean({
    default: false,
    unsupported: true,
    description: "Bring the original request's query arguments back after the code-flow round trip.",
  }),
  authorization_rolling_timeout: number({
    default: 600,
    unsupported: true,
    since: '3.2',
    description: 'Seconds the code-flow session stays usable; 0 disables the check.',
  }),
  authorization_cookie_same_site: string({
    default: 'Default',
    one_of: sameSite,
    unsupported: true,
    since: '3.2',
    description: 'SameSite attribute of the code-flow cookie; Default omits it.',
  }),
  authorization_cookie_http_only: boolean({
    default: true,
    unsupported: true,
    since: '3.2',
    description: 'HttpOnly attribute of the code-flow cookie.',
  }),
  require_proof_key_for_code_exchange: boolean({
    unsupported: true,
    since: '3.6',
    description:
      'Force PKCE on or off; unset follows code_challenge_methods_supported in discovery (absent means off).',
  }),
};
