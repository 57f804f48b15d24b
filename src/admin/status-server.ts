import { createDispatch } from './dispatch.ts';
import { createListeners, type Listeners } from './listeners.ts';
import type { AdminParts } from './parts.ts';
import { createRouter } from './router.ts';
import { type MetricsParts, metricsRoute } from './special/metrics.ts';
import { liveRoute, readyRoute, statusRoute } from './special/status.ts';

/**
 * The status listener: `/status`, `/status/ready`, `/status/live` and `/metrics`, for probes. Any Host is welcome, since probes come by all
 * names and the answers hold no configuration; no page is told that it may read them.
 */
export function createStatusServer(parts: MetricsParts & Pick<AdminParts, 'log'>): Listeners {
  const router = createRouter([statusRoute(parts), readyRoute(parts), liveRoute, metricsRoute(parts)]);
  const guard = () => ({ kind: 'admitted', origin: undefined }) as const;
  const dispatch = createDispatch({ router, prefixes: [], guard, log: parts.log });
  const addsHeader = (lower: string) => parts.settings.addedHeaders?.includes(lower) ?? true;
  return createListeners({ dispatch, serverName: `sallyport/${parts.settings.version}`, addsHeader, log: parts.log });
}
