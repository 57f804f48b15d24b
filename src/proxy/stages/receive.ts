import type { ServerExchange } from '../../http/index.ts';
import { clientAddressOf, schemeOf } from '../client-address.ts';
import type { DataPlane } from '../data-plane.ts';
import { RequestContext } from '../request-context.ts';

/** Takes the snapshot the request will end on, and works out who is really asking. */
export function receive(plane: DataPlane, exchange: ServerExchange): RequestContext {
  const { connection, headers } = exchange.request;
  const trustedPeer = plane.trustedPeers.trusts(connection);
  plane.counters.requests += 1;
  return new RequestContext({
    exchange,
    requestId: plane.nextRequestId(),
    snapshot: plane.holder.current,
    services: plane.services,
    trustedPeer,
    clientAddress: clientAddressOf(connection, headers, trustedPeer),
    scheme: schemeOf(connection, headers, trustedPeer),
  });
}
