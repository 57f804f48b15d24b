import type { ServerExchange } from '../../http/index.ts';
import { plainAddress, schemeOf } from '../client-address.ts';
import type { DataPlane } from '../data-plane.ts';
import { RequestContext } from '../request-context.ts';

/** Takes the snapshot the request will end on, and works out who is really asking. */
export function receive(plane: DataPlane, exchange: ServerExchange): RequestContext {
  const { connection, headers } = exchange.request;
  const { trustedPeers } = plane;
  const trustedPeer = trustedPeers.trusts(connection);
  plane.counters.requests += 1;
  return new RequestContext({
    exchange,
    requestId: plane.nextRequestId(),
    snapshot: plane.holder.current,
    services: plane.services,
    trustedPeer,
    clientAddress: trustedPeer ? trustedPeers.addressOf(connection, headers) : plainAddress(connection.peerAddress),
    scheme: schemeOf(connection, headers, trustedPeer),
  });
}
