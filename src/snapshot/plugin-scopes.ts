import type { ShardedMapDraft } from '../base/sharded-map.ts';
import type { CompiledPlugin } from './compiled.ts';
import { isEmptyScope, noScopedPlugins, type ScopedPlugins, withoutPlugin, withPlugin } from './scoped-plugins.ts';
import type { PluginScopes, Snapshot } from './snapshot.ts';

/** What a changed plugin entry is part of, so that it is built again; neither for entries of everything. */
export interface Touched {
  readonly routeId: string | undefined;
  readonly serviceId: string | undefined;
}

type Edit = (scope: ScopedPlugins, plugin: CompiledPlugin) => ScopedPlugins;

/** Changes to which plugin entries are bound where. */
export class PluginScopesDraft {
  readonly #previous: PluginScopes;
  readonly #byRoute: ShardedMapDraft<ScopedPlugins>;
  readonly #byRouteAndService: ShardedMapDraft<ReadonlyMap<string, ScopedPlugins>>;
  readonly #byService: ShardedMapDraft<ScopedPlugins>;
  #globals: ScopedPlugins;
  #wantingCertificates: number;

  constructor(previous: Snapshot) {
    const { scopes } = previous;
    this.#previous = scopes;
    this.#byRoute = scopes.byRoute.edit();
    this.#byRouteAndService = scopes.byRouteAndService.edit();
    this.#byService = scopes.byService.edit();
    this.#globals = previous.globals;
    this.#wantingCertificates = scopes.wantingCertificates;
  }

  /** Entries bound to neither route nor service. */
  get globals(): ScopedPlugins {
    return this.#globals;
  }

  /** How many entries want a certificate from clients. */
  get wantingCertificates(): number {
    return this.#wantingCertificates;
  }

  add(plugin: CompiledPlugin): Touched {
    return this.#change(plugin, withPlugin, 1);
  }

  remove(plugin: CompiledPlugin): Touched {
    return this.#change(plugin, withoutPlugin, -1);
  }

  ofRoute(routeId: string): ScopedPlugins {
    return this.#byRoute.get(routeId) ?? noScopedPlugins;
  }

  ofRouteAndService(routeId: string, serviceId: string | null): ScopedPlugins {
    if (serviceId === null) return noScopedPlugins;
    return this.#byRouteAndService.get(routeId)?.get(serviceId) ?? noScopedPlugins;
  }

  ofService(serviceId: string): ScopedPlugins {
    return this.#byService.get(serviceId) ?? noScopedPlugins;
  }

  done(): PluginScopes {
    const byRoute = this.#byRoute.done();
    const byRouteAndService = this.#byRouteAndService.done();
    const byService = this.#byService.done();
    const { wantingCertificates } = this;
    const was = this.#previous;
    const same = byRoute === was.byRoute && byRouteAndService === was.byRouteAndService && byService === was.byService;
    if (same && wantingCertificates === was.wantingCertificates) return was;
    return Object.freeze({ byRoute, byRouteAndService, byService, wantingCertificates });
  }

  #change(plugin: CompiledPlugin, edit: Edit, step: 1 | -1): Touched {
    const { routeId, serviceId, protocols } = plugin;
    // A disabled entry and one for other protocols leave their place to the next less specific one.
    if (!plugin.enabled || !(protocols.http || protocols.https)) return nothing;
    if (plugin.definition.requestsClientCertificate === true) this.#wantingCertificates += step;
    if (routeId === null && serviceId === null) {
      this.#globals = edit(this.#globals, plugin);
      return nothing;
    }
    if (routeId === null) {
      if (serviceId !== null) setOrDelete(this.#byService, serviceId, edit(this.ofService(serviceId), plugin));
      return { routeId: undefined, serviceId: serviceId ?? undefined };
    }
    if (serviceId === null) setOrDelete(this.#byRoute, routeId, edit(this.ofRoute(routeId), plugin));
    else {
      const services = new Map(this.#byRouteAndService.get(routeId));
      const scope = edit(this.ofRouteAndService(routeId, serviceId), plugin);
      if (isEmptyScope(scope)) services.delete(serviceId);
      else services.set(serviceId, scope);
      if (services.size === 0) this.#byRouteAndService.delete(routeId);
      else this.#byRouteAndService.set(routeId, services);
    }
    return { routeId, serviceId: undefined };
  }
}

const nothing: Touched = Object.freeze({ routeId: undefined, serviceId: undefined });

function setOrDelete(map: ShardedMapDraft<ScopedPlugins>, key: string, scope: ScopedPlugins): void {
  if (isEmptyScope(scope)) map.delete(key);
  else map.set(key, scope);
}
