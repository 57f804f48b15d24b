import { definePlugin } from '../../pdk/index.ts';
import { access, headerFilter } from './handler.ts';
import { type CorrelationIdConfig, correlationIdConfig } from './schema.ts';

/** One id through all systems that a request passes. */
export const correlationId = definePlugin<typeof correlationIdConfig, CorrelationIdConfig>({
  name: 'correlation-id',
  version: '3.9.1',
  priority: 100_001,
  consumerScope: true,
  config: correlationIdConfig,
  prepare: (config) => config,
  checks: [],
  access,
  headerFilter,
});
