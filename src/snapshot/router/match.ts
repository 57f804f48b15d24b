import type { Snapshot } from '../snapshot.ts';
import type { MatchRequest, RouteMatch } from './types.ts';

/**
 * The route for a request in the traditional order (proxying.md 3.1), undefined without one. Costs do not grow with the
 * number of routes beyond the branching of the index. Tried one after the other are only patterns whose literal parts
 * do not tell them apart, and routes that differ in a header's pattern alone.
 *
 * On a plain connection `snis` count as met, and still as a criterion: such a route comes before one that asks for
 * less. So a request never misses a route that all its criteria lead to.
 */
export function matchRoute(snapshot: Snapshot, request: MatchRequest): RouteMatch | undefined {
  return snapshot.router.match(request);
}

export type { MatchRequest, RouteMatch } from './types.ts';
