import { ShardedMap } from '../base/sharded-map.ts';
import type { AnyPlugin } from '../pdk/index.ts';
import type { CompiledPlugin } from './compiled.ts';

/**
 * Enabled plugin entries bound to one place (everything, a service, a route, a route with its service). It never
 * changes; what an edit did not touch is shared.
 */
export interface ScopedPlugins {
  /** For whoever calls, by id. */
  readonly anyone: readonly CompiledPlugin[];
  /** For one consumer each, by name of the plugin. */
  readonly consumers: ReadonlyMap<string, ConsumerPlugins>;
}

/** The entries of one plugin that are for one consumer each: there may be as many as consumers. */
export interface ConsumerPlugins {
  readonly definition: AnyPlugin;
  readonly byConsumer: ShardedMap<CompiledPlugin>;
  /** Headers they own, with how many entries own each. */
  readonly owned: ReadonlyMap<string, number>;
}

export const noScopedPlugins: ScopedPlugins = Object.freeze({
  anyone: Object.freeze([]),
  consumers: new Map<string, ConsumerPlugins>(),
});

export function isEmptyScope(scope: ScopedPlugins): boolean {
  return scope.anyone.length === 0 && scope.consumers.size === 0;
}

/** Whether one of the entries wants a certificate from clients, whoever it is for. */
export function wantsClientCertificate(scope: ScopedPlugins): boolean {
  for (const { definition } of scope.anyone) if (definition.requestsClientCertificate === true) return true;
  for (const { definition } of scope.consumers.values()) {
    if (definition.requestsClientCertificate === true) return true;
  }
  return false;
}

/** The scope with one more entry. */
export function withPlugin(scope: ScopedPlugins, plugin: CompiledPlugin): ScopedPlugins {
  const { consumerId } = plugin;
  if (consumerId === null) {
    const anyone = [...scope.anyone, plugin].sort((left, right) => (left.id < right.id ? -1 : 1));
    return Object.freeze({ anyone: Object.freeze(anyone), consumers: scope.consumers });
  }
  const known = scope.consumers.get(plugin.name);
  const byConsumer = (known?.byConsumer ?? ShardedMap.empty<CompiledPlugin>()).edit();
  const replaced = byConsumer.get(consumerId);
  byConsumer.set(consumerId, plugin);
  const owned = new Map(known?.owned);
  count(owned, plugin, 1);
  if (replaced !== undefined) count(owned, replaced, -1);
  const consumers = new Map(scope.consumers);
  consumers.set(plugin.name, { definition: plugin.definition, byConsumer: byConsumer.done(), owned });
  return Object.freeze({ anyone: scope.anyone, consumers });
}

/** The scope without this entry; one that took its place stays. */
export function withoutPlugin(scope: ScopedPlugins, plugin: CompiledPlugin): ScopedPlugins {
  const { consumerId } = plugin;
  if (consumerId === null) {
    const anyone = scope.anyone.filter((other) => other.id !== plugin.id);
    return Object.freeze({ anyone: Object.freeze(anyone), consumers: scope.consumers });
  }
  const known = scope.consumers.get(plugin.name);
  if (known === undefined || known.byConsumer.get(consumerId)?.id !== plugin.id) return scope;
  const edited = known.byConsumer.edit();
  edited.delete(consumerId);
  const byConsumer = edited.done();
  const owned = new Map(known.owned);
  count(owned, plugin, -1);
  const consumers = new Map(scope.consumers);
  if (byConsumer.size === 0) consumers.delete(plugin.name);
  else consumers.set(plugin.name, { definition: known.definition, byConsumer, owned });
  return Object.freeze({ anyone: scope.anyone, consumers });
}

function count(owned: Map<string, number>, plugin: CompiledPlugin, step: 1 | -1): void {
  for (const name of plugin.ownedRequestHeaders) {
    const now = (owned.get(name) ?? 0) + step;
    if (now === 0) owned.delete(name);
    else owned.set(name, now);
  }
}
