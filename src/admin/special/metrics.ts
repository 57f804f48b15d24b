import type { UpstreamHealth } from '../../base/balancing.ts';
import type { AdminAnswer } from '../answer.ts';
import { countedFamilies, counter, gauge } from '../metrics/families.ts';
import type { AdminParts } from '../parts.ts';
import { type MetricLine, type MetricView, metricsContentType, renderMetrics } from '../prometheus.ts';
import type { AdminRoute } from '../router.ts';
import { type NodeStatus, nodeStatus } from './node-status.ts';

export type MetricsParts = Pick<AdminParts, 'ask' | 'node' | 'settings' | 'store' | 'metrics' | 'health'>;

/** `GET /metrics`: what all threads counted, in the text form of Prometheus. */
export function metricsRoute(parts: MetricsParts): AdminRoute {
  return { path: '/metrics', methods: { GET: () => answerMetrics(parts) } };
}

async function answerMetrics(parts: MetricsParts): Promise<AdminAnswer> {
  const [status, upstreams, stored] = await Promise.all([
    nodeStatus(parts),
    parts.health.ofAll(),
    // A store that cannot answer is what one of the families tells; it must not hide the others.
    parts.store.revision().catch(() => Number.NaN),
  ]);
  const text = await renderMetrics([
    ...countedFamilies(parts.metrics, parts.settings.nodeId),
    ...nodeFamilies(parts, status, stored),
    targetHealth(upstreams),
  ]);
  return { status: 200, text, headers: { 'Content-Type': metricsContentType() } };
}

function nodeFamilies({ settings }: MetricsParts, status: NodeStatus, stored: number): MetricView[] {
  const { nodeId, version } = settings;
  const { connections } = status;
  const node = { node_id: nodeId, subsystem: 'http' };
  const states = { ...connections, total: status.totalRequests };
  const revisions = status.workers.map(({ revision }) => revision);
  const memory = process.memoryUsage();
  const cpu = process.cpuUsage();
  return [
    gauge('kong_node_info', 'The node and its version', [{ labels: { node_id: nodeId, version }, value: 1 }]),
    gauge('kong_datastore_reachable', 'Whether the store answers', [
      { labels: {}, value: status.databaseReachable ? 1 : 0 },
    ]),
    gauge('kong_nginx_connections_total', 'Client connections by state', [
      ...Object.entries(states).map(([state, value]): MetricLine => ({ labels: { ...node, state }, value })),
    ]),
    gauge('kong_memory_workers_lua_vms_bytes', 'Heap in use by each worker', [
      ...status.workers.map(
        ({ worker, heapUsedBytes }): MetricLine => ({
          labels: { node_id: nodeId, pid: String(process.pid), worker: String(worker), kong_subsystem: 'http' },
          value: heapUsedBytes,
        }),
      ),
    ]),
    gauge('sallyport_workers', 'Workers that answer', [{ labels: {}, value: status.workers.length }]),
    gauge('sallyport_config_revision', 'Revision of the configuration, as stored and as in force in every worker', [
      { labels: { where: 'store' }, value: stored },
      ...(revisions.length > 0 ? [{ labels: { where: 'workers' }, value: Math.min(...revisions) }] : []),
    ]),
    gauge('process_resident_memory_bytes', 'Resident memory of the process', [{ labels: {}, value: memory.rss }]),
    counter('process_cpu_seconds_total', 'CPU time of the process', [
      { labels: {}, value: (cpu.user + cpu.system) / 1_000_000 },
    ]),
    gauge('process_start_time_seconds', 'When the process started, Unix time', [
      { labels: {}, value: Math.round(Date.now() / 1000 - process.uptime()) },
    ]),
  ];
}

const stateOf = {
  HEALTHY: 'healthy',
  UNHEALTHY: 'unhealthy',
  HEALTHCHECKS_OFF: 'healthchecks_off',
  DNS_ERROR: 'dns_error',
} as const;
const states = Object.values(stateOf);

/** One line per state of each address, as Kong has it: 1 for the state it is in. */
function targetHealth(upstreams: readonly UpstreamHealth[]): MetricView {
  const lines = upstreams.flatMap(({ name: upstream, targets }) =>
    targets.flatMap(({ host, port, health, addresses }) => {
      const target = `${host}:${port}`;
      const places =
        addresses.length === 0
          ? [{ address: '', state: stateOf[health] }]
          : addresses.map((at) => ({ address: `${at.ip}:${at.port}`, state: stateOf[at.health] }));
      return places.flatMap(({ address, state: current }) =>
        states.map(
          (state): MetricLine => ({
            labels: { upstream, target, address, state, subsystem: 'http' },
            value: state === current ? 1 : 0,
          }),
        ),
      );
    }),
  );
  return gauge('kong_upstream_target_health', 'Health of the targets of upstreams', lines);
}
