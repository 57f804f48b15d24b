import type { CompiledRoute } from '../compiled.ts';
import type { Criteria } from './criteria.ts';
import type { RouteMatch } from './types.ts';

/** One path of one route, as the index holds it (proxying.md 3.1: a route with several paths is several candidates). */
export interface Candidate {
  readonly criteria: Criteria;
  /** Nothing is asked beyond host and prefix, which led here. */
  readonly unconditional: boolean;
  readonly route: CompiledRoute;
  /** The answer for everything but patterns, whose matched text depends on the request. */
  readonly match: RouteMatch;
}

export function makeCandidate(criteria: Criteria, route: CompiledRoute): Candidate {
  const matchedPrefix = criteria.pattern === undefined ? criteria.prefix : '';
  const { methods, pattern, headers } = criteria;
  const unconditional = methods === undefined && pattern === undefined && headers.length === 0;
  return { criteria, unconditional, route, match: Object.freeze({ route, matchedPrefix, captures: undefined }) };
}
