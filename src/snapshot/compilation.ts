import { isDeepStrictEqual } from 'node:util';
import type { ShardedMapDraft } from '../base/sharded-map.ts';
import type { PluginEntity, Route, Service } from '../entities/index.ts';
import { compilePlugin, httpProtocols } from './compile-plugin.ts';
import { routeIndexing } from './compile-route.ts';
import type { CompileEnvironment, CompileFault } from './compile-types.ts';
import { type CompiledPlugin, CompiledRoute, type CompiledService } from './compiled.ts';
import type { RouterDraft } from './router/router.ts';
import type { Snapshot } from './snapshot.ts';

type PluginList = readonly CompiledPlugin[];

const noPlugins: PluginList = Object.freeze([]);
const noCertificates: readonly string[] = Object.freeze([]);

/**
 * One change on its way into a snapshot. First every entity of the change is taken in, in any order; then
 * `build` makes the parts that depend on others: a service holds its plugins, a route its plugins and its
 * service, so a changed part renews those that hold it and no others.
 */
export class Compilation {
  readonly faults: CompileFault[] = [];

  readonly #previous: Snapshot;
  readonly #env: CompileEnvironment;
  readonly #services: ShardedMapDraft<CompiledService>;
  readonly #routes: ShardedMapDraft<CompiledRoute>;
  readonly #plugins: ShardedMapDraft<CompiledPlugin>;
  readonly #byRoute: ShardedMapDraft<PluginList>;
  readonly #byService: ShardedMapDraft<PluginList>;
  readonly #router: RouterDraft;
  #globals: PluginList;
  /** New entities, and entities to build again because a part of them changed. */
  readonly #serviceEntities = new Map<string, Service>();
  readonly #routeEntities = new Map<string, Route>();
  readonly #staleServices = new Set<string>();
  readonly #staleRoutes = new Set<string>();

  constructor(previous: Snapshot, env: CompileEnvironment) {
    this.#previous = previous;
    this.#env = env;
    this.#services = previous.services.edit();
    this.#routes = previous.routes.edit();
    this.#plugins = previous.plugins.edit();
    this.#byRoute = previous.scopes.byRoute.edit();
    this.#byService = previous.scopes.byService.edit();
    this.#router = previous.router.edit();
    this.#globals = previous.globalPlugins;
  }

  /** Takes out an entity; other kinds than the three are ignored. */
  remove(kind: string, id: string): void {
    if (kind === 'plugins') this.#dropPlugin(id);
    else if (kind === 'routes') {
      this.#routes.delete(id);
      this.#router.delete(id);
    } else if (kind === 'services' && this.#services.delete(id)) this.#staleServices.add(id);
  }

  setPlugin(entity: PluginEntity): void {
    const known = this.#plugins.get(entity.id);
    if (known !== undefined && isDeepStrictEqual(known.entity, entity)) return;
    const outcome = compilePlugin(entity, this.#env.plugins.get(entity.name));
    if (outcome.kind === 'fault') {
      this.faults.push({ kind: 'plugins', id: entity.id, name: entity.name, message: outcome.message });
      return;
    }
    this.#dropPlugin(entity.id);
    this.#plugins.set(entity.id, outcome.plugin);
    this.#rescope(outcome.plugin, withPlugin);
  }

  setService(entity: Service): void {
    const known = this.#services.get(entity.id);
    if (known === undefined || !isDeepStrictEqual(known.entity, entity)) this.#serviceEntities.set(entity.id, entity);
  }

  setRoute(entity: Route): void {
    const known = this.#routes.get(entity.id);
    if (known === undefined || !isDeepStrictEqual(known.entity, entity)) this.#routeEntities.set(entity.id, entity);
  }

  /** Builds what depends on other parts, one part for each step. */
  *build(): Generator<void> {
    for (const id of this.#staleServices) {
      const entity = this.#services.get(id)?.entity;
      if (entity !== undefined && !this.#serviceEntities.has(id)) this.#serviceEntities.set(id, entity);
      yield;
    }
    for (const [id, entity] of this.#serviceEntities) {
      this.#services.set(id, buildService(entity, this.#byService.get(id) ?? noPlugins, this.#env));
      this.#staleServices.add(id);
      yield;
    }
    if (this.#staleServices.size > 0) {
      let looked = 0;
      for (const { id, serviceId } of this.#previous.routes.values()) {
        if (serviceId !== null && this.#staleServices.has(serviceId)) this.#staleRoutes.add(id);
        looked += 1;
        if (looked % 64 === 0) yield;
      }
    }
    for (const id of this.#staleRoutes) {
      const route = this.#routes.get(id);
      if (route !== undefined && !this.#routeEntities.has(id)) this.#setCompiledRoute(route.entity, route);
      yield;
    }
    for (const entity of this.#routeEntities.values()) {
      this.#setCompiledRoute(entity, undefined);
      yield;
    }
  }

  /** The result; only after `build` ran to its end without faults. */
  snapshot(revision: number): Snapshot {
    return Object.freeze({
      revision,
      services: this.#services.done(),
      routes: this.#routes.done(),
      plugins: this.#plugins.done(),
      globalPlugins: this.#globals,
      scopes: Object.freeze({ byRoute: this.#byRoute.done(), byService: this.#byService.done() }),
      upstreams: this.#previous.upstreams,
      certificates: this.#previous.certificates,
      clientCertificateNames: this.#previous.clientCertificateNames,
      router: this.#router.done(),
      counts: Object.freeze({
        services: this.#services.size,
        routes: this.#routes.size,
        plugins: this.#plugins.size,
      }),
    });
  }

  /** `known` lends its way of being found when the entity is the same. */
  #setCompiledRoute(entity: Route, known: CompiledRoute | undefined): void {
    const outcome = known === undefined ? routeIndexing(entity) : ({ kind: 'ok', indexing: known.indexing } as const);
    if (outcome.kind === 'fault') {
      this.faults.push({ kind: 'routes', id: entity.id, name: entity.name, message: outcome.message });
      return;
    }
    const serviceId = entity.service?.id ?? null;
    const service = serviceId === null ? undefined : this.#services.get(serviceId);
    const route = new CompiledRoute({
      id: entity.id,
      name: entity.name,
      serviceId,
      service,
      stripPath: entity.strip_path,
      pathHandling: entity.path_handling === 'v1' ? 'v1' : 'v0',
      preserveHost: entity.preserve_host,
      protocols: httpProtocols(entity.protocols),
      httpsRedirectStatus: entity.https_redirect_status_code,
      plugins: this.#byRoute.get(entity.id) ?? noPlugins,
      indexing: outcome.indexing,
      entity,
    });
    this.#routes.set(route.id, route);
    if (service === undefined || service.enabled) this.#router.set(route);
    else this.#router.delete(route.id);
  }

  #dropPlugin(id: string): void {
    const known = this.#plugins.get(id);
    if (known === undefined) return;
    this.#plugins.delete(id);
    this.#rescope(known, withoutPlugin);
  }

  /** Changes the list a plugin entry belongs to and marks who holds that list. */
  #rescope(plugin: CompiledPlugin, edit: (list: PluginList, plugin: CompiledPlugin) => PluginList): void {
    const { routeId, serviceId } = plugin;
    // Entries bound to a consumer are chosen by who calls, which is no part of a snapshot.
    if (!plugin.enabled || plugin.consumerId !== null) return;
    if (routeId !== null) {
      setOrDelete(this.#byRoute, routeId, edit(this.#byRoute.get(routeId) ?? noPlugins, plugin));
      this.#staleRoutes.add(routeId);
    } else if (serviceId !== null) {
      setOrDelete(this.#byService, serviceId, edit(this.#byService.get(serviceId) ?? noPlugins, plugin));
      this.#staleServices.add(serviceId);
    } else {
      this.#globals = edit(this.#globals, plugin);
    }
  }
}

function setOrDelete(map: ShardedMapDraft<PluginList>, key: string, list: PluginList): void {
  if (list.length === 0) map.delete(key);
  else map.set(key, list);
}

function withPlugin(list: PluginList, plugin: CompiledPlugin): PluginList {
  return Object.freeze([...list, plugin].sort((left, right) => (left.id < right.id ? -1 : 1)));
}

function withoutPlugin(list: PluginList, plugin: CompiledPlugin): PluginList {
  return Object.freeze(list.filter((other) => other.id !== plugin.id));
}

function buildService(entity: Service, plugins: PluginList, env: CompileEnvironment): CompiledService {
  return Object.freeze({
    id: entity.id,
    name: entity.name,
    protocol: entity.protocol,
    host: entity.host,
    port: entity.port,
    path: entity.path,
    retries: entity.retries,
    connectTimeoutMs: entity.connect_timeout,
    writeTimeoutMs: entity.write_timeout,
    readTimeoutMs: entity.read_timeout,
    tls: Object.freeze({
      verify: entity.tls_verify ?? env.tlsVerifyDefault ?? false,
      verifyDepth: entity.tls_verify_depth ?? undefined,
      ca: noCertificates,
      clientCertificate: undefined,
    }),
    enabled: entity.enabled,
    plugins,
    entity,
  });
}
