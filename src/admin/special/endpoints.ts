import { ok } from '../answer.ts';
import type { AdminRoute } from '../router.ts';

/** `GET /endpoints`: every path of the API, parameters as `{name}`. */
export function endpointsRoute(routes: readonly AdminRoute[]): AdminRoute {
  const path = '/endpoints';
  const data = [...routes.map((route) => route.path), path].sort();
  return { path, methods: { GET: () => ok({ data }) } };
}
