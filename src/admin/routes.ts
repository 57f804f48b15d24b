import { entityRoutes } from './entity-routes.ts';
import type { AdminParts } from './parts.ts';
import type { AdminRoute } from './router.ts';

/** Every path of the Admin API. */
export function adminRoutes(parts: AdminParts): AdminRoute[] {
  return [...entityRoutes(parts)];
}
