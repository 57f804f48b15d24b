import type { AnyPlugin } from '../pdk/index.ts';
import { identityHeaders } from '../pdk/index.ts';
import type { ChainLink, CompiledPlugin, CompiledRoute, PluginChain } from './compiled.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * The plugins of a matched route in descending priority, ties by name descending, each with the most
 * specific enabled configuration: route and service, route, service, global (proxying.md 11.1, 11.2).
 * Configurations bound to a consumer are not part of it. The same object as long as neither the route's
 * own parts nor the global entries changed.
 */
export function chainFor(snapshot: Snapshot, route: CompiledRoute): PluginChain {
  return route.chain(snapshot.globalPlugins, buildChain);
}

function buildChain(route: CompiledRoute | undefined, globals: readonly CompiledPlugin[]): PluginChain {
  const chosen = new Map<string, CompiledPlugin>();
  // Least specific first, so that a more specific one replaces it.
  choose(chosen, globals);
  if (route !== undefined) {
    choose(chosen, route.service?.plugins ?? []);
    choose(
      chosen,
      route.plugins.filter((plugin) => plugin.serviceId === null),
    );
    choose(
      chosen,
      route.plugins.filter((plugin) => plugin.serviceId !== null && plugin.serviceId === route.serviceId),
    );
  }
  const links = [...chosen.values()]
    .map((instance) => new Link(instance))
    .sort(
      (left, right) => right.plugin.priority - left.plugin.priority || compareText(right.plugin.name, left.plugin.name),
    );
  const owned = new Set<string>(identityHeaders);
  for (const instance of chosen.values()) for (const name of instance.ownedRequestHeaders) owned.add(name);
  return Object.freeze({ links: Object.freeze(links), ownedRequestHeaders: owned });
}

class Link implements ChainLink {
  readonly plugin: AnyPlugin;
  readonly #anyone: CompiledPlugin;

  constructor(anyone: CompiledPlugin) {
    this.plugin = anyone.definition;
    this.#anyone = anyone;
  }

  choose(_consumerId: string | undefined): CompiledPlugin | undefined {
    return this.#anyone;
  }
}

const globalChains = new WeakMap<readonly CompiledPlugin[], PluginChain>();

/** The chain of a request that reached no route, and of the rewrite phase: global configurations alone. */
export function globalChain(snapshot: Snapshot): PluginChain {
  const globals = snapshot.globalPlugins;
  let chain = globalChains.get(globals);
  if (chain === undefined) {
    chain = buildChain(undefined, globals);
    globalChains.set(globals, chain);
  }
  return chain;
}

/** Among equally specific entries of one name, which the store does not allow, the first by id counts. */
function choose(chosen: Map<string, CompiledPlugin>, entries: readonly CompiledPlugin[]): void {
  const seen = new Set<string>();
  for (const entry of entries) {
    if (!(entry.protocols.http || entry.protocols.https) || seen.has(entry.name)) continue;
    seen.add(entry.name);
    chosen.set(entry.name, entry);
  }
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

export type { ChainLink, PluginChain } from './compiled.ts';
