import { appendField, emptyBlock, type HeaderBlock } from '../http/index.ts';
import type { RequestContext } from './request-context.ts';

/** Which route and service a request found, for clients that ask with `Kong-Debug: 1` (`allow_debug_header`). */
export function debugFields(context: RequestContext): HeaderBlock {
  if (context.request.headers.get('kong-debug') !== '1') return emptyBlock;
  const { match, service } = context;
  if (match === undefined) return emptyBlock;
  let block = appendField(emptyBlock, 'Kong-Route-Id', match.route.id);
  if (match.route.name !== null) block = appendField(block, 'Kong-Route-Name', match.route.name);
  if (service === null) return block;
  block = appendField(block, 'Kong-Service-Id', service.id);
  return service.name === null ? block : appendField(block, 'Kong-Service-Name', service.name);
}
