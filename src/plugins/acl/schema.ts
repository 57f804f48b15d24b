import { array, boolean, type Fault, type InferRecord, record, string } from '../../schema/index.ts';

export type AclConfig = InferRecord<typeof aclConfig>;

export const aclConfig = record(
  {
    allow: array(string(), { description: 'Groups that are let in; everybody else is kept out.' }),
    deny: array(string(), { description: 'Groups that are kept out; everybody else is let in.' }),
    hide_groups_header: boolean({
      required: true,
      default: false,
      description: 'Do not tell the upstream the groups (X-Consumer-Groups, X-Authenticated-Groups).',
    }),
    always_use_authenticated_groups: boolean({
      required: true,
      default: false,
      since: '3.8',
      description: 'Prefer the groups that authentication found, as in a token, to those stored for the consumer.',
    }),
  },
  { required: true },
);

/** Kong's rule: a list of those who get in, or of those who do not. */
export function checkAcl({ allow, deny }: AclConfig): Fault[] {
  if ((allow === null) !== (deny === null)) return [];
  const message = "exactly one of these fields must be non-empty: 'config.allow', 'config.deny'";
  return [{ path: [], entity: true, message }];
}
