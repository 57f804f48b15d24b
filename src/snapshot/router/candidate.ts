import type { CompiledRoute } from '../compiled.ts';
import type { Facet } from './bucket.ts';
import type { Criteria } from './criteria.ts';
import type { RouteMatch } from './types.ts';

/** One path of one route, as the index holds it (proxying.md 3.1: a route with several paths is several candidates). */
export interface Candidate {
  readonly criteria: Criteria;
  /** Nothing is asked beyond host and prefix, which led here. */
  readonly unconditional: boolean;
  /** What leads to it beyond host and prefix. */
  readonly facets: readonly Facet[];
  readonly route: CompiledRoute;
  /** The answer for everything but patterns, whose matched text depends on the request. */
  readonly match: RouteMatch;
}

export function makeCandidate(criteria: Criteria, route: CompiledRoute): Candidate {
  const { prefix, methods, pattern, headers, snis } = criteria;
  return {
    criteria,
    unconditional: methods === undefined && pattern === undefined && headers.length === 0 && snis === undefined,
    facets: facetsOf(criteria),
    route,
    match: Object.freeze({ route, matchedPrefix: prefix, captures: undefined }),
  };
}

const noFacets: readonly Facet[] = Object.freeze([]);

/** A candidate stands behind every combination of its values, so no further facet is used beyond this many. */
const combinationsMax = 64;

/** Headers by name, then server names, then methods; what is left out is still asked when the candidate is tried. */
function facetsOf(criteria: Criteria): readonly Facet[] {
  const { methods, headers, snis } = criteria;
  if (methods === undefined && headers.length === 0 && snis === undefined) return noFacets;
  const all: Facet[] = [];
  for (const { name, values, pattern } of headers) {
    if (pattern === undefined) all.push({ kind: 'header', name, values: [...values] });
  }
  if (snis !== undefined) all.push({ kind: 'sni', name: '', values: [...snis] });
  if (methods !== undefined) all.push({ kind: 'method', name: '', values: [...methods] });
  const facets: Facet[] = [];
  let combinations = 1;
  for (const facet of all) {
    combinations *= facet.kind === 'sni' ? facet.values.length + 1 : facet.values.length;
    if (facets.length > 0 && combinations > combinationsMax) break;
    facets.push(facet);
  }
  return facets;
}
