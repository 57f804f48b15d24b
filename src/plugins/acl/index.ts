import { definePlugin } from '../../pdk/index.ts';
import { type AccessList, access, checks, describeCheck, prepareAcl } from './handler.ts';
import { aclConfig, checkAcl } from './schema.ts';

/** Lets in, or keeps out, callers by the groups they belong to. */
export const acl = definePlugin<typeof aclConfig, AccessList>({
  name: 'acl',
  version: '3.9.1',
  priority: 950,
  consumerScope: false,
  config: aclConfig,
  check: checkAcl,
  prepare: prepareAcl,
  checks,
  describeCheck,
  access,
});
