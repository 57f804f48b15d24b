import { array, boolean, number, string } from '../../../schema/index.ts';
import { seconds } from './shared.ts';

/** What a token must hold. */
export const claimFields = {
  scopes_required: array(string(), {
    description:
      'Scopes the token (or introspection result) must hold: array entries are alternatives, words inside an entry are all needed.',
  }),
  scopes_claim: array(string(), {
    len_min: 1,
    default: ['scope'],
    description: 'Path of the claim compared with scopes_required.',
  }),
  audience_required: array(string(), { description: 'Audiences the token must hold, same entry=OR, words=AND rule.' }),
  audience_claim: array(string(), {
    len_min: 1,
    default: ['aud'],
    description: 'Path of the claim compared with audience_required.',
  }),
  groups_required: array(string(), { description: 'Groups the token must hold, same rule.' }),
  groups_claim: array(string(), {
    len_min: 1,
    default: ['groups'],
    description: 'Path of the claim compared with groups_required.',
  }),
  roles_required: array(string(), { description: 'Roles the token must hold, same rule.' }),
  roles_claim: array(string(), {
    len_min: 1,
    default: ['roles'],
    description: 'Path of the claim compared with roles_required.',
  }),
  domains: array(string(), { description: 'Allowed values of the hd (hosted domain) claim.' }),
  authenticated_groups_claim: array(string(), {
    len_min: 1,
    description: 'Path of the claim published as authenticated groups for the ACL plugin and X-Authenticated-Groups.',
  }),
  resolve_distributed_claims: boolean({
    default: false,
    unsupported: true,
    description: 'Fetch and merge distributed claims named by _claim_names/_claim_sources.',
  }),
  claims_forbidden: array(string(), {
    since: '3.8',
    description: 'Claim names that must not occur in the token payload, otherwise forbidden.',
  }),
};

/** How tokens are verified. */
export const verificationFields = {
  max_age: number({ ...seconds, description: 'Maximum seconds since auth_time.' }),
  jwt_session_claim: string({
    default: 'sid',
    description: 'Claim of the JWT compared with the cookie named in jwt_session_cookie.',
  }),
  jwt_session_cookie: string({ description: 'Cookie that must equal jwt_session_claim; unset skips the check.' }),
  leeway: number({
    default: 0,
    ...seconds,
    description: 'Allowed clock skew in seconds for time claims and for deciding when to refresh.',
  }),
  verify_parameters: boolean({
    default: false,
    unsupported: true,
    description: 'Check the plugin configuration against the discovery document.',
  }),
  verify_nonce: boolean({ default: true, unsupported: true, description: 'Check the nonce in the code flow.' }),
  verify_claims: boolean({
    default: true,
    description: 'Check the standard claims; required-claim options are enforced regardless.',
  }),
  verify_signature: boolean({ default: true, description: 'Check token signatures.' }),
  ignore_signature: array(
    string({
      one_of: [
        'password',
        'client_credentials',
        'authorization_code',
        'refresh_token',
        'session',
        'introspection',
        'userinfo',
      ],
      unsupported: {
        values: ['password', 'authorization_code', 'refresh_token', 'session', 'introspection', 'userinfo'],
      },
    }),
    {
      default: [],
      description: "Grants for which the access token's signature is not checked (bearer is deliberately not offered).",
    },
  ),
  enable_hs_signatures: boolean({
    default: false,
    unsupported: true,
    description: 'Accept HMAC-signed tokens, keyed with client_secret.',
  }),
};
