import { definePlugin } from '../../pdk/index.ts';
import { checks, describeCheck } from './checks.ts';
import { access, headerFilter } from './handler.ts';
import { prepareRateLimiting, type RateLimiting } from './prepared.ts';
import { checkRateLimiting } from './schema/checks.ts';
import { rateLimitingConfig } from './schema/index.ts';

/** Bounds how many requests one caller may make in a second, a minute, … a year. */
export const rateLimiting = definePlugin<typeof rateLimitingConfig, RateLimiting>({
  name: 'rate-limiting',
  version: '3.9.1',
  priority: 910,
  consumerScope: true,
  config: rateLimitingConfig,
  check: checkRateLimiting,
  prepare: prepareRateLimiting,
  checks,
  describeCheck,
  access,
  headerFilter,
});
