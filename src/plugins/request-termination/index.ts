import { definePlugin } from '../../pdk/index.ts';
import { access, prepareTermination, type Termination } from './handler.ts';
import { checkRequestTermination, requestTerminationConfig } from './schema.ts';

/** Answers instead of the upstream. */
export const requestTermination = definePlugin<typeof requestTerminationConfig, Termination>({
  name: 'request-termination',
  version: '3.9.1',
  priority: 2,
  consumerScope: true,
  config: requestTerminationConfig,
  check: checkRequestTermination,
  prepare: prepareTermination,
  checks: [],
  access,
});
