import { array, boolean, string } from '../../../schema/index.ts';
import { authMethods, clientAuthMethods, redirectUrl } from './shared.ts';

/** Login and logout answers. */
export const loginFields = {
  login_redirect_uri: array(string({ referenceable: true }), {
    unsupported: true,
    description: 'Redirect target per client for login_action=redirect; unset means the originally requested URL.',
  }),
  logout_redirect_uri: array(string({ referenceable: true }), {
    unsupported: true,
    description:
      'Redirect target per client after logout; sent as post_logout_redirect_uri when an end-session endpoint exists.',
  }),
  revocation_endpoint_auth_method: string({
    one_of: clientAuthMethods,
    unsupported: true,
    description: 'Client authentication method for the revocation endpoint only.',
  }),
  login_methods: array(string({ one_of: authMethods }), {
    default: ['authorization_code'],
    unsupported: true,
    description: 'Grants after which login_action applies; other grants are always proxied.',
  }),
  login_action: string({
    default: 'upstream',
    one_of: ['upstream', 'response', 'redirect'],
    unsupported: true,
    description: 'After a successful login: proxy the request, answer with the tokens, or redirect.',
  }),
  login_tokens: array(string({ one_of: ['id_token', 'access_token', 'refresh_token', 'tokens', 'introspection'] }), {
    default: ['id_token'],
    nullable: true,
    unsupported: true,
    description: 'Which tokens go into the response body or redirect (tokens = whole token response).',
  }),
  login_redirect_mode: string({
    default: 'fragment',
    one_of: ['query', 'fragment'],
    unsupported: true,
    description: 'Put redirected tokens into the query string or the fragment.',
  }),
  logout_query_arg: string({ unsupported: true, description: 'Query argument whose presence triggers logout.' }),
  logout_post_arg: string({ unsupported: true, description: 'Body argument whose presence triggers logout.' }),
  logout_uri_suffix: string({ unsupported: true, description: 'Path suffix that triggers logout.' }),
  logout_methods: array(string({ one_of: ['POST', 'GET', 'DELETE'] }), {
    default: ['POST', 'DELETE'],
    unsupported: true,
    description: 'HTTP methods that may trigger logout.',
  }),
  logout_revoke: boolean({ default: false, unsupported: true, description: 'Call the revocation endpoint on logout.' }),
  logout_revoke_access_token: boolean({
    default: true,
    unsupported: true,
    description: 'With logout_revoke, revoke the access token.',
  }),
  logout_revoke_refresh_token: boolean({
    default: true,
    unsupported: true,
    description: 'With logout_revoke, revoke the refresh token.',
  }),
  revocation_token_param_name: string({
    default: 'token',
    unsupported: true,
    since: '3.5',
    description: 'Form argument name carrying the token in revocation requests.',
  }),
};

/** What refusals look like. */
export const errorFields = {
  forbidden_redirect_uri: array(string(redirectUrl), { description: 'Redirect target per client instead of a 403.' }),
  forbidden_error_message: string({ default: 'Forbidden', description: 'Message of the 403 body.' }),
  forbidden_destroy_session: boolean({
    default: true,
    unsupported: true,
    description: 'Destroy the session on a 403.',
  }),
  unauthorized_redirect_uri: array(string(redirectUrl), {
    description: 'Redirect target per client instead of a 401.',
  }),
  unauthorized_error_message: string({ default: 'Unauthorized', description: 'Message of the 401 body.' }),
  unexpected_redirect_uri: array(string(redirectUrl), { description: 'Redirect target per client instead of a 500.' }),
  display_errors: boolean({ default: false, description: 'Append the internal reason to error messages (debugging).' }),
  unauthorized_destroy_session: boolean({
    default: true,
    unsupported: true,
    description: 'Destroy the session on a 401.',
  }),
  expose_error_code: boolean({
    default: true,
    since: '3.4',
    description: 'Send the RFC 6750 error attributes on failures.',
  }),
};
