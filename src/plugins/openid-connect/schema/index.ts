import { type InferRecord, record } from '../../../schema/index.ts';
import { authorizationFields } from './authorization.ts';
import { cacheFields } from './cache.ts';
import { crossFieldChecks } from './checks.ts';
import { authMethodFields, clientFields, httpFields, issuerFields } from './client.ts';
import { consumerFields } from './consumer.ts';
import { downstreamHeaderFields, upstreamHeaderFields } from './headers.ts';
import { introspectionFields } from './introspection.ts';
import { legacyNames } from './legacy.ts';
import { proofFields } from './proof.ts';
import { redisFields } from './redis.ts';
import { errorFields, loginFields } from './responses.ts';
import { sallyportFields } from './sallyport.ts';
import { sessionFields } from './session.ts';
import { tokenExchangeFields, tokenFields } from './token.ts';
import { userinfoFields } from './userinfo.ts';
import { claimFields, verificationFields } from './verification.ts';

/** A validated configuration of the plugin. */
export type OpenidConnectConfig = InferRecord<typeof openidConnectConfig>;

/**
 * Every field of Kong's plugin up to 3.15, in the order of its reference, then our own record. Fields marked
 * `unsupported` are declared so that they are refused by name; older names are shorthands (`legacy.ts`).
 */
export const openidConnectConfig = record(
  {
    ...issuerFields,
    ...clientFields,
    ...authMethodFields,
    ...authorizationFields,
    ...tokenFields,
    ...introspectionFields,
    ...userinfoFields,
    ...sessionFields,
    ...redisFields,
    ...claimFields,
    ...consumerFields,
    ...upstreamHeaderFields,
    ...downstreamHeaderFields,
    ...loginFields,
    ...cacheFields,
    ...verificationFields,
    ...httpFields,
    ...proofFields,
    ...errorFields,
    ...tokenExchangeFields,
    ...sallyportFields,
  },
  { required: true, checks: crossFieldChecks, shorthands: legacyNames },
);
