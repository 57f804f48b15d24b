import { array, boolean, string } from '../../../schema/index.ts';

/** Requests to the userinfo endpoint. */
export const userinfoFields = {
  userinfo_accept: string({
    default: 'application/json',
    one_of: ['application/json', 'application/jwt'],
    unsupported: true,
    description: 'Accept header of userinfo requests; application/jwt asks for a signed response.',
  }),
  userinfo_headers_names: array(string(), {
    unsupported: true,
    description: 'Names of fixed extra headers for userinfo requests, paired with the values list.',
  }),
  userinfo_headers_values: array(string(), { unsupported: true, description: 'Values for userinfo_headers_names.' }),
  userinfo_headers_client: array(string(), {
    unsupported: true,
    description: 'Names of client request headers copied onto userinfo requests.',
  }),
  userinfo_query_args_names: array(string(), {
    unsupported: true,
    description: 'Names of fixed extra query arguments for userinfo requests, paired with the values list.',
  }),
  userinfo_query_args_values: array(string(), {
    unsupported: true,
    description: 'Values for userinfo_query_args_names.',
  }),
  userinfo_query_args_client: array(string(), {
    unsupported: true,
    description: 'Names of client arguments copied into the userinfo query.',
  }),
  search_user_info: boolean({
    default: false,
    unsupported: true,
    description:
      'Also look in the userinfo response for the claims used by consumer mapping, credential, groups and mapped headers (one extra, cacheable call).',
  }),
};
