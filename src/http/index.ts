export {
  appendField,
  appendParsed,
  appendTo,
  emptyBlock,
  type FieldStart,
  fieldStart,
  isFieldName,
  joinBlocks,
  lastingBlock,
} from './header-block.ts';
export { hopByHop, hopByHopNames, isHopByHop } from './hop-by-hop.ts';
export { requestedUpgrade } from './http1/request-head.ts';
export { createUpstreamPools, type UpstreamPoolOptions, type UpstreamPools } from './http1/upstream-pool.ts';
export { type MemoryRequestInput, memoryRequest } from './memory-request.ts';
export { normalisePath } from './normalise-path.ts';
export { createHttpServer } from './server.ts';
export type * from './types.ts';
