import { definePlugin } from '../../pdk/index.ts';
import { access, headerFilter } from './handler.ts';
import { type Policy, prepareCors } from './policy.ts';
import { corsConfig } from './schema.ts';

/** Tells browsers which pages may call an API (the Fetch standard's CORS protocol). */
export const cors = definePlugin<typeof corsConfig, Policy>({
  name: 'cors',
  version: '3.9.1',
  priority: 2000,
  consumerScope: false,
  config: corsConfig,
  prepare: prepareCors,
  checks: [],
  access,
  headerFilter,
});
