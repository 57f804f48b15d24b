import type { ShardedMap } from '../base/sharded-map.ts';
import { type AnyPlugin, identityHeaders } from '../pdk/index.ts';
import type { ChainLink, CompiledPlugin, CompiledRoute, PluginChain } from './compiled.ts';
import { noScopedPlugins, type ScopedPlugins } from './scoped-plugins.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * The plugins that may run for a matched route, in descending priority, ties by name descending (proxying.md 11.1).
 * Which configuration of each applies is the link's to say. The same object as long as neither the route's own parts
 * nor the entries bound to no route or service changed.
 */
export function chainFor(snapshot: Snapshot, route: CompiledRoute): PluginChain {
  return route.chain(snapshot.globals, buildChain);
}

/** The chain of a request that reached no route, and of the rewrite phase: entries bound to nothing at all. */
export function globalChain(snapshot: Snapshot): PluginChain {
  const { globals } = snapshot;
  let chain = globalChains.get(globals);
  if (chain === undefined) {
    chain = chainOf({ ...nowhere, globals: { anyone: globals.anyone, consumers: noScopedPlugins.consumers } });
    globalChains.set(globals, chain);
  }
  return chain;
}

const globalChains = new WeakMap<ScopedPlugins, PluginChain>();

/** Where entries that concern one route may be bound. */
interface Places {
  readonly routeAndService: ScopedPlugins;
  readonly route: ScopedPlugins;
  readonly service: ScopedPlugins;
  readonly globals: ScopedPlugins;
}

const nowhere: Places = {
  routeAndService: noScopedPlugins,
  route: noScopedPlugins,
  service: noScopedPlugins,
  globals: noScopedPlugins,
};

function buildChain(route: CompiledRoute, globals: ScopedPlugins): PluginChain {
  return chainOf({
    routeAndService: route.pluginsWithService,
    route: route.plugins,
    service: route.service?.plugins ?? noScopedPlugins,
    globals,
  });
}

/** One for every route without plugins, of which there may be thousands. */
const noPlugins: PluginChain = Object.freeze({
  links: Object.freeze([]),
  ownedRequestHeaders: new Set(identityHeaders),
});

function chainOf(places: Places): PluginChain {
  const names = new Set<string>();
  for (const place of Object.values(places)) {
    for (const entry of place.anyone) names.add(entry.name);
    for (const name of place.consumers.keys()) names.add(name);
  }
  const owned = new Set<string>(identityHeaders);
  const links: Link[] = [];
  for (const name of names) {
    const link = linkOf(name, places, owned);
    if (link !== undefined) links.push(link);
  }
  if (links.length === 0) return noPlugins;
  links.sort(
    (left, right) => right.plugin.priority - left.plugin.priority || compareText(right.plugin.name, left.plugin.name),
  );
  return Object.freeze({ links: Object.freeze(links), ownedRequestHeaders: owned });
}

/**
 * The eight steps of proxying.md 11.2: 1 route+service+consumer, 2 route+consumer, 3 service+consumer,
 * 4 route+service, 5 consumer, 6 route, 7 service, 8 global.
 */
function linkOf(name: string, places: Places, owned: Set<string>): Link | undefined {
  const both = entryFor(name, places.routeAndService);
  const anyone =
    both ?? entryFor(name, places.route) ?? entryFor(name, places.service) ?? entryFor(name, places.globals);
  const layers = [places.routeAndService, places.route, places.service]
    // An entry for route and service comes before one for the consumer alone.
    .concat(both === undefined ? places.globals : [])
    .map((place) => place.consumers.get(name))
    .filter((layer) => layer !== undefined);
  const definition = anyone?.definition ?? layers[0]?.definition;
  if (definition === undefined) return undefined;
  for (const header of anyone?.ownedRequestHeaders ?? []) owned.add(header);
  for (const layer of layers) for (const header of layer.owned.keys()) owned.add(header);
  return new Link(
    definition,
    anyone,
    layers.map((layer) => layer.byConsumer),
  );
}

/** Among equally specific entries of one name, which the store does not allow, the first by id counts. */
function entryFor(name: string, place: ScopedPlugins): CompiledPlugin | undefined {
  return place.anyone.find((entry) => entry.name === name);
}

class Link implements ChainLink {
  readonly plugin: AnyPlugin;
  /** What applies to a caller none of the layers knows. */
  readonly #anyone: CompiledPlugin | undefined;
  /** By consumer, the most specific first; undefined when no entry is bound to a consumer. */
  readonly #layers: readonly ShardedMap<CompiledPlugin>[] | undefined;

  constructor(plugin: AnyPlugin, anyone: CompiledPlugin | undefined, layers: readonly ShardedMap<CompiledPlugin>[]) {
    this.plugin = plugin;
    this.#anyone = anyone;
    this.#layers = layers.length === 0 ? undefined : layers;
  }

  choose(consumerId: string | undefined): CompiledPlugin | undefined {
    if (this.#layers === undefined || consumerId === undefined) return this.#anyone;
    for (const layer of this.#layers) {
      const found = layer.get(consumerId);
      if (found !== undefined) return found;
    }
    return this.#anyone;
  }
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

export type { ChainLink, PluginChain } from './compiled.ts';
