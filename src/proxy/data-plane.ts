import type { UpstreamEndpoint, UpstreamPools } from '../http/index.ts';
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
  readonly endpoints: WeakMap<CompiledService, UpstreamEndpoint>;
  readonly counters: { requests: number; connections: number };
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
  return {
    holder: parts.holder,
    services: parts.services,
    pools: parts.pools,
    rings: parts.rings,
    trustedPeers: parts.trustedPeers,
    accessLog: parts.accessLog,
    nextRequestId: requestIds(),
    timestamp: timestamps(),
    serverToken: `sallyport/${parts.version}`,
    endpoints: new WeakMap(),
    counters: { requests: 0, connections: 0 },
  };
}
