import { entityRoutes } from './entity-routes.ts';
import type { AdminParts } from './parts.ts';
import type { AdminRoute } from './router.ts';
import { configRoute } from './special/config.ts';
import { decisionRoutes } from './special/decisions.ts';
import { endpointsRoute } from './special/endpoints.ts';
import { metricsRoute } from './special/metrics.ts';
import { pluginsEnabledRoute } from './special/plugins-enabled.ts';
import { robotsRoute } from './special/robots.ts';
import { rootRoute } from './special/root.ts';
import { schemaRoutes } from './special/schemas.ts';
import { liveRoute, readyRoute, statusRoute } from './special/status.ts';
import { tagRoutes } from './special/tags.ts';
import { targetRoutes } from './special/targets.ts';
import { upstreamHealthRoutes } from './special/upstream-health.ts';

/** Every path of the Admin API. */
export function adminRoutes(parts: AdminParts): AdminRoute[] {
  const routes = [
    rootRoute(parts),
    statusRoute(parts),
    readyRoute(parts),
    liveRoute,
    metricsRoute(parts),
    ...schemaRoutes(parts),
    pluginsEnabledRoute(parts),
    ...tagRoutes(parts),
    configRoute(parts),
    ...decisionRoutes(parts),
    robotsRoute,
    ...entityRoutes(parts),
    ...targetRoutes(parts),
    ...upstreamHealthRoutes(parts),
  ];
  return [...routes, endpointsRoute(routes)];
}
