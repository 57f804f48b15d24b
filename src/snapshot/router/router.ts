import { ShardedMap, type ShardedMapDraft } from '../../base/sharded-map.ts';
import type { CompiledRoute } from '../compiled.ts';
import { type Candidate, makeCandidate } from './candidate.ts';
import { DecisionCache } from './decision-cache.ts';
import { HostTable, type HostTableDraft } from './host-table.ts';
import { Search } from './search.ts';
import type { MatchRequest, RouteMatch } from './types.ts';

interface IndexedRoute {
  readonly route: CompiledRoute;
  readonly candidates: readonly Candidate[];
}

/** The index of one snapshot. Apart from its bounded memory of decisions it never changes. */
export class Router {
  static readonly empty = new Router(HostTable.empty, ShardedMap.empty());

  readonly #hosts: HostTable;
  readonly #indexed: ShardedMap<IndexedRoute>;
  readonly #decisions: DecisionCache;

  constructor(hosts: HostTable, indexed: ShardedMap<IndexedRoute>) {
    this.#hosts = hosts;
    this.#indexed = indexed;
    this.#decisions = new DecisionCache(hosts);
  }

  /** How many routes can match. */
  get size(): number {
    return this.#indexed.size;
  }

  /** Hosts and decisions held in memory. */
  get remembered(): number {
    return this.#decisions.size;
  }

  match(request: MatchRequest): RouteMatch | undefined {
    const host = this.#decisions.host(request.host, request.secure);
    const known = this.#decisions.decision(host, request.method, request.path);
    if (known !== undefined) return known;
    const search = new Search(request);
    for (const tree of host.trees) search.walk(tree);
    const match = search.result();
    // Otherwise the outcome is a function of method, host, path and scheme.
    if (match !== undefined && !search.sawMore && this.#decisions.isSeenAgain(request.path)) {
      this.#decisions.remember(host, request.method, request.path, match);
    }
    return match;
  }

  /** Steps of a search for this request, which remembered decisions do without. */
  searchSteps(request: MatchRequest): number {
    const search = new Search(request);
    for (const tree of this.#decisions.host(request.host, request.secure).trees) search.walk(tree);
    return search.steps;
  }

  edit(): RouterDraft {
    return new RouterDraft(this, this.#hosts.edit(), this.#indexed.edit());
  }
}

/** Changes to a router. */
export class RouterDraft {
  readonly #source: Router;
  readonly #hosts: HostTableDraft;
  readonly #indexed: ShardedMapDraft<IndexedRoute>;
  #changed = false;

  constructor(source: Router, hosts: HostTableDraft, indexed: ShardedMapDraft<IndexedRoute>) {
    this.#source = source;
    this.#hosts = hosts;
    this.#indexed = indexed;
  }

  /** Puts a route in, in place of what was known under its id. */
  set(route: CompiledRoute): void {
    this.delete(route.id);
    const { hosts, criteria } = route.indexing;
    if (criteria.length === 0) return;
    this.#changed = true;
    const candidates = criteria.map((of) => makeCandidate(of, route));
    this.#indexed.set(route.id, { route, candidates });
    for (const host of hosts ?? [undefined]) {
      for (const candidate of candidates) this.#hosts.add(host, candidate);
    }
  }

  delete(routeId: string): void {
    const known = this.#indexed.get(routeId);
    if (known === undefined) return;
    this.#changed = true;
    this.#indexed.delete(routeId);
    for (const host of known.route.indexing.hosts ?? [undefined]) {
      for (const candidate of known.candidates) this.#hosts.remove(host, candidate);
    }
  }

  /** The router; the source itself, with its remembered decisions, when nothing changed. The draft ends with it. */
  done(): Router {
    return this.#changed ? new Router(this.#hosts.done(), this.#indexed.done()) : this.#source;
  }
}
