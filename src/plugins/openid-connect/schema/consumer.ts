import { array, boolean, record, string } from '../../../schema/index.ts';

/** From claims to a consumer. */
export const consumerFields = {
  consumer_by: array(string({ one_of: ['id', 'username', 'custom_id'] }), {
    default: ['username', 'custom_id'],
    description: 'Consumer fields compared with the claim value, in order.',
  }),
  consumer_optional: boolean({ default: false, description: 'Continue without a consumer when mapping finds none.' }),
  credential_claim: array(string(), {
    default: ['sub'],
    len_min: 1,
    nullable: true,
    description:
      'Path of the claim whose value becomes the id of a virtual credential (rate limiting, logging, ACL) when no consumer is mapped.',
  }),
  by_username_ignore_case: boolean({
    default: false,
    description: 'Compare usernames without regard to case when consumer_by has username.',
  }),
  consumer_groups_claim: array(string(), {
    unsupported: true,
    since: '3.12',
    description:
      'Path of the claim mapped to consumer groups by group name (mutually exclusive with consumer_claim in the 3.12 schema).',
  }),
  consumer_groups_optional: boolean({
    default: false,
    unsupported: true,
    since: '3.12',
    description: 'Continue when no consumer group matches.',
  }),
  consumer_claims: array(array(string(), { len_min: 1 }), {
    len_min: 1,
    since: '3.14',
    description: 'Ordered list of claim paths for consumer lookup; the first present claim is used.',
  }),
  principals: record(
    {
      directory: string({ default: 'default', description: 'Directory to look in.' }),
      enabled: boolean({ default: false, description: 'Turn the principal lookup on.' }),
      error_on_miss: boolean({
        default: true,
        description: 'Answer 401 when no principal matches; false continues without one.',
      }),
      match_consumer: boolean({
        default: true,
        description: 'Use the consumer attached to the principal, overriding consumer_by.',
      }),
      match_consumer_groups: boolean({
        default: true,
        description: 'Use the consumer groups attached to the principal, overriding consumer_groups_claim.',
      }),
      principal_by: string({
        len_min: 1,
        description: 'Custom identity name for a custom-type lookup.',
      }),
      principal_claim: array(string(), {
        len_min: 1,
        description:
          'Path of the token claim used for the lookup; alone it replaces sub in an OIDC-type lookup, with principal_by it feeds a custom lookup.',
      }),
    },
    {
      unsupported: true,
      since: '3.15',
      description: "Look up a principal in the vendor's hosted identity directory after token verification.",
    },
  ),
};
