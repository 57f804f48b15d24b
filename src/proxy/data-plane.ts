import {
  appendField,
  type ConnectionInfo,
  emptyBlock,
  type HeaderBlock,
  hopByHop,
  lastingBlock,
  type UpstreamPools,
} from '../http/index.ts';
import type { PluginServices } from '../pdk/index.ts';
import type { DecisionRings } from '../runtime/decision-rings.ts';
import type { WorkerBalancer } from '../runtime/worker-balancer.ts';
import type { SnapshotHolder } from '../snapshot/holder.ts';
import type { CompiledService } from '../snapshot/snapshot.ts';
import { type AccessLine, accessLine } from './access-line.ts';
import { type AccessLog, timestamps } from './access-log.ts';
import { TrustedPeers } from './client-address.ts';
import type { ConnectionFields } from './forwarded.ts';
import type { WorkerMetrics } from './metrics.ts';
import type { ProxyOptions } from './options.ts';
import { requestIds } from './request-id.ts';
import type { ServiceTargets } from './service-targets.ts';

/** What follows from settings; all of it is replaced at once when they are read again (`applyOptions`). */
export interface OptionParts {
  options: ProxyOptions;
  trustedPeers: TrustedPeers;
  /** One line of the access log, with the newline. */
  accessLine: AccessLine;
  adds: AddedHeaders;
  /** The port by which clients know the one they are connected to (`port_maps`). */
  publishedPort: (connection: ConnectionInfo) => number;
  /** Fields that are the same for most requests of a connection. */
  connectionFields: WeakMap<ConnectionInfo, ConnectionFields>;
}

type Balancer = Pick<WorkerBalancer, 'destination'>;

/** What a worker's request handling shares: everything alive, handed in from outside. */
export interface DataPlane extends OptionParts {
  readonly holder: SnapshotHolder;
  readonly services: PluginServices;
  readonly pools: UpstreamPools;
  readonly rings: DecisionRings;
  /** Undefined while it is off. */
  accessLog: AccessLog | undefined;
  /** Undefined where nobody counts. */
  readonly metrics: WorkerMetrics | undefined;
  readonly nextRequestId: () => string;
  /** `sallyport/x.y.z`, for Server and Via. */
  readonly serverToken: string;
  /** `Via` of a message that came through nobody else, over HTTP/1.1. */
  readonly viaField: HeaderBlock;
  readonly balancer: Balancer;
  /** Where each service's requests can go. */
  readonly targets: WeakMap<CompiledService, ServiceTargets>;
  readonly counters: { requests: number };
}

/** Which headers of its own the gateway adds to answers (`headers`). */
export interface AddedHeaders {
  readonly server: boolean;
  readonly via: boolean;
  readonly upstreamLatency: boolean;
  readonly proxyLatency: boolean;
  readonly responseLatency: boolean;
  readonly upstreamStatus: boolean;
  readonly requestId: boolean;
  /** Lower-case names of the upstream's fields that are not simply passed on: those of one connection, and these. */
  readonly notCopied: ReadonlySet<string>;
}

export function createDataPlane(parts: {
  holder: SnapshotHolder;
  services: PluginServices;
  pools: UpstreamPools;
  rings: DecisionRings;
  balancer: Balancer;
  options: ProxyOptions;
  accessLog: AccessLog | undefined;
  metrics?: WorkerMetrics | undefined;
  version: string;
}): DataPlane {
  const serverToken = `sallyport/${parts.version}`;
  return {
    ...optionParts(parts.options),
    holder: parts.holder,
    services: parts.services,
    pools: parts.pools,
    rings: parts.rings,
    accessLog: parts.accessLog,
    metrics: parts.metrics,
    nextRequestId: requestIds(),
    serverToken,
    viaField: lastingBlock(appendField(emptyBlock, 'Via', `1.1 ${serverToken}`)),
    balancer: parts.balancer,
    targets: new WeakMap(),
    counters: { requests: 0 },
  };
}

/** Takes new settings into use: requests that come from now on follow them, on open connections too. */
export function applyOptions(plane: DataPlane, options: ProxyOptions): void {
  Object.assign(plane, optionParts(options));
}

function optionParts(options: ProxyOptions): OptionParts {
  const published = new Map(options.portMaps);
  return {
    options,
    trustedPeers: new TrustedPeers(options),
    accessLine: accessLine(options.accessLogFields, timestamps()),
    adds: addedHeaders(options.responseHeaders),
    publishedPort: ({ localPort }) => published.get(localPort) ?? localPort,
    connectionFields: new WeakMap(),
  };
}

function addedHeaders(list: readonly string[]): AddedHeaders {
  const listed = new Set(list);
  // `Server` and X-Kong-Response-Latency belong to answers of the gateway's own making.
  const names = list.filter((name) => name !== 'server' && name !== 'x-kong-response-latency');
  return {
    server: listed.has('server'),
    via: listed.has('via'),
    upstreamLatency: listed.has('x-kong-upstream-latency'),
    proxyLatency: listed.has('x-kong-proxy-latency'),
    responseLatency: listed.has('x-kong-response-latency'),
    upstreamStatus: listed.has('x-kong-upstream-status'),
    requestId: listed.has('x-kong-request-id'),
    notCopied: new Set([...hopByHop, 'trailer', ...names]),
  };
}
