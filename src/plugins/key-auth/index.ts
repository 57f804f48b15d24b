import { definePlugin } from '../../pdk/index.ts';
import { checks } from './checks.ts';
import { describeCheck } from './describe.ts';
import { access } from './handler.ts';
import { type KeyAuth, prepareKeyAuth } from './prepared.ts';
import { keyAuthConfig } from './schema.ts';

/** Callers identify themselves with a key that is stored for a consumer. */
export const keyAuth = definePlugin<typeof keyAuthConfig, KeyAuth>({
  name: 'key-auth',
  version: '3.9.1',
  priority: 1250,
  consumerScope: false,
  config: keyAuthConfig,
  prepare: prepareKeyAuth,
  credentialNames: ({ names }) => names.map(({ lower }) => lower),
  checks,
  describeCheck,
  access,
});
