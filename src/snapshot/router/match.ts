import type { Snapshot } from '../snapshot.ts';
import type { MatchRequest, RouteMatch } from './types.ts';

/**
 * The route for a request in the traditional order (proxying.md 3.1), undefined without one. Costs do not
 * grow with the number of routes beyond the branching of the index; only regex paths with the same literal
 * beginning, and routes that differ in method or header pattern alone, are tried one after the other.
 */
export function matchRoute(snapshot: Snapshot, request: MatchRequest): RouteMatch | undefined {
  return snapshot.router.match(request);
}

export type { MatchRequest, RouteCaptures, RouteMatch } from './types.ts';
