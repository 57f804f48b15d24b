import { definePlugin } from '../../pdk/index.ts';
import { checks } from './checks.ts';
import { describeCheck } from './describe.ts';
import { access } from './handler.ts';
import { prepareRelyingParty, type RelyingParty } from './relying-party.ts';
import { openidConnectConfig } from './schema/index.ts';

/** OpenID Connect relying party and resource server, configuration-compatible with Kong Enterprise's plugin of this name. */
export const openidConnect = definePlugin<typeof openidConnectConfig, RelyingParty>({
  name: 'openid-connect',
  version: '3.9.1',
  priority: 1050,
  consumerScope: false,
  config: openidConnectConfig,
  prepare: prepareRelyingParty,
  ownedRequestHeaders: (rp) => rp.headers.owned,
  credentialNames: ({ config }) => (config.bearer_token_header_name === null ? [] : [config.bearer_token_header_name]),
  checks,
  describeCheck,
  access,
});
