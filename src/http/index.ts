export { appendField, appendParsed, emptyBlock, isFieldName } from './header-block.ts';
export { hopByHopNames, isHopByHop } from './hop-by-hop.ts';
export { createUpstreamPools, type UpstreamPoolOptions, type UpstreamPools } from './http1/upstream-pool.ts';
export { type MemoryRequestInput, memoryRequest } from './memory-request.ts';
export { normalisePath } from './normalise-path.ts';
export { createHttpServer } from './server.ts';
export type * from './types.ts';
