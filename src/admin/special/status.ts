import { type AdminAnswer, type AdminRequest, message, ok } from '../answer.ts';
import type { AdminParts } from '../parts.ts';
import type { AdminRoute } from '../router.ts';
import { nodeStatus } from './node-status.ts';

export type StatusParts = Pick<AdminParts, 'ask' | 'node' | 'settings' | 'store' | 'metrics'>;

/** `GET /status` (admin-api 9): sums over the workers, and whether the database answers. */
export function statusRoute(parts: StatusParts): AdminRoute {
  return { path: '/status', methods: { GET: (request) => answerStatus(parts, request) } };
}

/** `GET /status/live`: 200 as long as the process answers at all; a probe that fails it should restart the node. */
export const liveRoute: AdminRoute = {
  path: '/status/live',
  methods: { GET: () => message(200, 'alive') },
};

/** `GET /status/ready`: 200 while this node should get traffic, else 503 with the reason. */
export function readyRoute(parts: StatusParts): AdminRoute {
  return {
    path: '/status/ready',
    methods: {
      GET: async () => {
        const { ready, draining } = parts.node();
        if (draining) return message(503, 'draining: this node is shutting down');
        if (!ready) return message(503, 'no configuration available (the workers are still starting)');
        if (!(await parts.store.reachable())) return message(503, 'failed to connect to database');
        return message(200, 'ready');
      },
    },
  };
}

async function answerStatus(parts: StatusParts, { query }: AdminRequest): Promise<AdminAnswer> {
  const unit = parseUnit(query.has('unit') ? query.one('unit') : 'm');
  if (unit === undefined) return message(400, 'invalid unit, expected one of: b, k, m, g');
  const scale = query.has('scale') ? Number(query.one('scale') || 'none') : 2;
  if (!Number.isInteger(scale) || scale < 0 || scale > 20) return message(400, 'scale must be an integer from 0 to 20');
  const { workers, connections, totalRequests, databaseReachable } = await nodeStatus(parts);
  const source =
    parts.settings.database === 'off'
      ? { configuration_hash: parts.settings.configurationHash ?? '0'.repeat(32) }
      : { database: { reachable: databaseReachable } };
  return ok({
    memory: {
      lua_shared_dicts: {},
      workers_lua_vms: workers.map(({ heapUsedBytes }) => ({
        http_allocated_gc: sizeText(heapUsedBytes, unit, scale),
        // Workers are threads of one process.
        pid: process.pid,
      })),
    },
    server: {
      connections_accepted: connections.accepted,
      connections_active: connections.active,
      connections_handled: connections.handled,
      connections_reading: connections.reading,
      connections_waiting: connections.waiting,
      connections_writing: connections.writing,
      total_requests: totalRequests,
    },
    ...source,
  });
}

const units = {
  b: { bytes: 1, name: '' },
  k: { bytes: 1024, name: 'KiB' },
  m: { bytes: 1024 ** 2, name: 'MiB' },
  g: { bytes: 1024 ** 3, name: 'GiB' },
} as const;

type Unit = keyof typeof units;

function parseUnit(text: string | undefined): Unit | undefined {
  const unit = text?.toLowerCase();
  return unit === 'b' || unit === 'k' || unit === 'm' || unit === 'g' ? unit : undefined;
}

/** Kong prints bytes as a number and the rest as text with the unit. */
function sizeText(bytes: number, unit: Unit, scale: number): number | string {
  return unit === 'b' ? bytes : `${(bytes / units[unit].bytes).toFixed(scale)} ${units[unit].name}`;
}
