import { appendField, emptyBlock, type LocalResponse, type Refusal } from '../http/index.ts';
import { plainAddress } from './client-address.ts';
import type { DataPlane } from './data-plane.ts';
import { chooseRepresentation, defaultMessage, errorBody } from './error-body.ts';

/** Answers bytes that never became a request; the log says which rule they broke. */
export function refuse(plane: DataPlane, refusal: Refusal): LocalResponse {
  const requestId = plane.nextRequestId();
  const { status, connection } = refusal;
  plane.services.log.info('proxy.message.refuse', {
    request_id: requestId,
    rule: refusal.rule,
    status,
    client: plainAddress(connection.peerAddress),
  });
  plane.metrics?.observeRefusal(status);
  const representation = chooseRepresentation(undefined, 'core', plane.options);
  const error = { status, message: defaultMessage(status), requestId };
  const { contentType, body } = errorBody(plane.options, error, representation);
  let headers = appendField(emptyBlock, 'Content-Type', contentType);
  if (plane.adds.server) headers = appendField(headers, 'Server', plane.serverToken);
  if (plane.adds.requestId) headers = appendField(headers, 'X-Kong-Request-Id', requestId);
  return { status, headers, body, close: true };
}
