import { appendField, emptyBlock, type LocalResponse, type Refusal } from '../http/index.ts';
import type { DataPlane } from './data-plane.ts';
import { defaultMessage, errorBody } from './error-body.ts';

/** Answers bytes that never became a request; the log says which rule they broke. */
export function refuse(plane: DataPlane, refusal: Refusal): LocalResponse {
  const requestId = plane.nextRequestId();
  plane.services.log.info('proxy.message.refuse', {
    request_id: requestId,
    rule: refusal.rule,
    status: refusal.status,
    client: refusal.connection.peerAddress,
  });
  const { contentType, body } = errorBody(defaultMessage(refusal.status), requestId, undefined, 'plain');
  let headers = appendField(emptyBlock, 'Content-Type', contentType);
  headers = appendField(headers, 'Server', plane.serverToken);
  headers = appendField(headers, 'X-Kong-Request-Id', requestId);
  return { status: refusal.status, headers, body, close: true };
}
