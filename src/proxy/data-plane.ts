import {
  appendField,
  emptyBlock,
  type HeaderBlock,
  lastingBlock,
  type UpstreamEndpoint,
  type UpstreamPools,
} from '../http/index.ts';
import type { PluginServices } from '../pdk/index.ts';
import type { DecisionRings } from '../runtime/decision-rings.ts';
import type { SnapshotHolder } from '../snapshot/holder.ts';
import type { CompiledService } from '../snapshot/snapshot.ts';
import type { AccessLog } from './access-log.ts';
import { timestamps } from './access-log.ts';
import type { TrustedPeers } from './client-address.ts';
import { requestIds } from './request-id.ts';

/** What a worker's request handling shares: everything alive, handed in from outside. */
export interface DataPlane {
  readonly holder: SnapshotHolder;
  readonly services: PluginServices;
  readonly pools: UpstreamPools;
  readonly rings: DecisionRings;
  readonly trustedPeers: TrustedPeers;
  readonly accessLog: AccessLog | undefined;
  readonly nextRequestId: () => string;
  readonly timestamp: (epochMs: number) => string;
  /** `sallyport/x.y.z`, for Server and Via. */
  readonly serverToken: string;
  /** `Via` of a message that came through nobody else, over HTTP/1.1. */
  readonly viaField: HeaderBlock;
  readonly endpoints: WeakMap<CompiledService, UpstreamEndpoint>;
  readonly counters: { requests: number };
}

export function createDataPlane(parts: {
  holder: SnapshotHolder;
  services: PluginServices;
  pools: UpstreamPools;
  rings: DecisionRings;
  trustedPeers: TrustedPeers;
  accessLog: AccessLog | undefined;
  version: string;
}): DataPlane {
  const serverToken = `sallyport/${parts.version}`;
  return {
    holder: parts.holder,
    services: parts.services,
    pools: parts.pools,
    rings: parts.rings,
    trustedPeers: parts.trustedPeers,
    accessLog: parts.accessLog,
    nextRequestId: requestIds(),
    timestamp: timestamps(),
    serverToken,
    viaField: lastingBlock(appendField(emptyBlock, 'Via', `1.1 ${serverToken}`)),
    endpoints: new WeakMap(),
    counters: { requests: 0 },
  };
}
