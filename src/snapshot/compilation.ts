import { isDeepStrictEqual } from 'node:util';
import type { ShardedMapDraft } from '../base/sharded-map.ts';
import type { Deletion, PluginEntity, Route, Service, Upsert, Upstream } from '../entities/index.ts';
import { ClientCertificateNames } from './client-certificate-names.ts';
import { compilePlugin, httpProtocols } from './compile-plugin.ts';
import { routeIndexing } from './compile-route.ts';
import type { CompileEnvironment, CompileFault } from './compile-types.ts';
import { type CompiledPlugin, CompiledRoute, type CompiledService, type ServiceTls } from './compiled.ts';
import { PluginScopesDraft, type Touched } from './plugin-scopes.ts';
import type { RouterDraft } from './router/router.ts';
import { comparableServerName } from './router/server-name.ts';
import { type ScopedPlugins, wantsClientCertificate } from './scoped-plugins.ts';
import type { Snapshot } from './snapshot.ts';
import { TlsCompilation } from './tls-compilation.ts';
import type { UpstreamTableDraft } from './upstream-table.ts';

/**
 * One change on its way into a snapshot. First every entity of the change is taken in, in any order; then
 * `build` makes the parts that depend on others: a service holds its plugins and certificates, a route its
 * plugins and its service, so a changed part renews those that hold it and no others.
 */
export class Compilation {
  readonly faults: CompileFault[] = [];

  readonly #previous: Snapshot;
  readonly #env: CompileEnvironment;
  readonly #services: ShardedMapDraft<CompiledService>;
  readonly #routes: ShardedMapDraft<CompiledRoute>;
  readonly #plugins: ShardedMapDraft<CompiledPlugin>;
  readonly #scopes: PluginScopesDraft;
  readonly #tls: TlsCompilation;
  readonly #upstreams: UpstreamTableDraft;
  readonly #router: RouterDraft;
  #names: ClientCertificateNames;
  /** New entities, and entities to build again because a part of them changed. */
  readonly #serviceEntities = new Map<string, Service>();
  readonly #routeEntities = new Map<string, Route>();
  readonly #upstreamEntities = new Map<string, Upstream>();
  readonly #staleServices = new Set<string>();
  readonly #staleRoutes = new Set<string>();

  constructor(previous: Snapshot, env: CompileEnvironment) {
    this.#previous = previous;
    this.#env = env;
    this.#services = previous.services.edit();
    this.#routes = previous.routes.edit();
    this.#plugins = previous.plugins.edit();
    this.#scopes = new PluginScopesDraft(previous);
    this.#tls = new TlsCompilation(previous.tlsParts, previous.certificates, this.faults);
    this.#upstreams = previous.upstreams.edit();
    this.#router = previous.router.edit();
    this.#names = previous.clientCertificateNames;
  }

  /** Takes out an entity; kinds that are no part of a snapshot are ignored. */
  remove({ kind, id }: Deletion): void {
    if (kind === 'plugins') this.#dropPlugin(id);
    else if (kind === 'routes') {
      this.#routes.delete(id);
      this.#router.delete(id);
    } else if (kind === 'services') {
      if (this.#services.delete(id)) this.#staleServices.add(id);
    } else if (kind === 'upstreams') this.#upstreams.delete(id);
    else if (kind === 'certificates' || kind === 'snis' || kind === 'ca_certificates') this.#tls.remove(kind, id);
  }

  /** Takes in an entity that is new or not as it was; the same about other kinds. */
  set(upsert: Upsert): void {
    switch (upsert.kind) {
      case 'plugins':
        this.#setPlugin(upsert.entity);
        break;
      case 'services':
        if (isNews(this.#services.get(upsert.entity.id), upsert.entity)) {
          this.#serviceEntities.set(upsert.entity.id, upsert.entity);
        }
        break;
      case 'routes':
        if (isNews(this.#routes.get(upsert.entity.id), upsert.entity)) {
          this.#routeEntities.set(upsert.entity.id, upsert.entity);
        }
        break;
      case 'upstreams':
        if (isNews(this.#upstreams.get(upsert.entity.id), upsert.entity)) {
          this.#upstreamEntities.set(upsert.entity.id, upsert.entity);
        }
        break;
      case 'certificates':
        this.#tls.setCertificate(upsert.entity);
        break;
      case 'snis':
        this.#tls.setName(upsert.entity);
        break;
      case 'ca_certificates':
        this.#tls.setAuthority(upsert.entity);
        break;
    }
  }

  /** Builds what depends on other parts, one part for each step. */
  *build(): Generator<void> {
    yield* this.#tls.build();
    if (this.#tls.changed) yield* this.#markUsersOfCertificates();
    for (const entity of this.#upstreamEntities.values()) {
      this.#upstreams.set(this.#tls.ofUpstream(entity));
      yield;
    }
    yield* this.#buildServices();
    yield* this.#buildRoutes();
    yield* this.#collectCertificateNames();
  }

  /** The result; only after `build` ran to its end without faults. */
  snapshot(revision: number): Snapshot {
    const scopes = this.#scopes.done();
    return Object.freeze({
      revision,
      services: this.#services.done(),
      routes: this.#routes.done(),
      plugins: this.#plugins.done(),
      globals: this.#scopes.globals,
      scopes,
      upstreams: this.#upstreams.done(),
      ...this.#tls.done(),
      clientCertificateNames: this.#names,
      router: this.#router.done(),
      counts: Object.freeze({
        services: this.#services.size,
        routes: this.#routes.size,
        plugins: this.#plugins.size,
      }),
    });
  }

  *#markUsersOfCertificates(): Generator<void> {
    let looked = 0;
    for (const { id, entity } of this.#previous.services.values()) {
      if (this.#tls.concernsService(entity)) this.#staleServices.add(id);
      looked += 1;
      if (looked % 64 === 0) yield;
    }
    for (const { id, entity } of this.#previous.upstreams.values()) {
      const stays = this.#upstreams.get(id) !== undefined && !this.#upstreamEntities.has(id);
      if (stays && this.#tls.concernsUpstream(entity)) this.#upstreamEntities.set(id, entity);
      looked += 1;
      if (looked % 64 === 0) yield;
    }
  }

  *#buildServices(): Generator<void> {
    for (const id of this.#staleServices) {
      const entity = this.#services.get(id)?.entity;
      if (entity !== undefined && !this.#serviceEntities.has(id)) this.#serviceEntities.set(id, entity);
      yield;
    }
    for (const [id, entity] of this.#serviceEntities) {
      const tls = this.#tls.ofService(entity, this.#env);
      this.#services.set(id, buildService(entity, this.#scopes.ofService(id), tls));
      this.#staleServices.add(id);
      yield;
    }
  }

  *#buildRoutes(): Generator<void> {
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

  /** Looks at the routes only while some plugin entry wants certificates. */
  *#collectCertificateNames(): Generator<void> {
    if (this.#scopes.wantingCertificates === 0) {
      this.#names = ClientCertificateNames.none;
      return;
    }
    const everywhere = wantsClientCertificate(this.#scopes.globals);
    const names = new Set<string>();
    let every = false;
    let looked = 0;
    for (const route of this.#routes.done().values()) {
      looked += 1;
      if (looked % 64 === 0) yield;
      if (route.service?.enabled === false || !(everywhere || route.wantsClientCertificate)) continue;
      const { snis } = route.entity;
      if (snis === null || snis.length === 0) every = true;
      else for (const sni of snis) names.add(comparableServerName(sni));
    }
    this.#names = new ClientCertificateNames(every, names);
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
      plugins: this.#scopes.ofRoute(entity.id),
      pluginsWithService: this.#scopes.ofRouteAndService(entity.id, serviceId),
      indexing: outcome.indexing,
      entity,
    });
    this.#routes.set(route.id, route);
    if (service === undefined || service.enabled) this.#router.set(route);
    else this.#router.delete(route.id);
  }

  #setPlugin(entity: PluginEntity): void {
    if (!isNews(this.#plugins.get(entity.id), entity)) return;
    const outcome = compilePlugin(entity, this.#env.plugins.get(entity.name));
    if (outcome.kind === 'fault') {
      this.faults.push({ kind: 'plugins', id: entity.id, name: entity.name, message: outcome.message });
      return;
    }
    this.#dropPlugin(entity.id);
    this.#plugins.set(entity.id, outcome.plugin);
    this.#touch(this.#scopes.add(outcome.plugin));
  }

  #dropPlugin(id: string): void {
    const known = this.#plugins.get(id);
    if (known === undefined) return;
    this.#plugins.delete(id);
    this.#touch(this.#scopes.remove(known));
  }

  #touch({ routeId, serviceId }: Touched): void {
    if (routeId !== undefined) this.#staleRoutes.add(routeId);
    if (serviceId !== undefined) this.#staleServices.add(serviceId);
  }
}

function isNews(known: { readonly entity: object } | undefined, entity: object): boolean {
  return known === undefined || !isDeepStrictEqual(known.entity, entity);
}

function buildService(entity: Service, plugins: ScopedPlugins, tls: ServiceTls): CompiledService {
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
    tls,
    enabled: entity.enabled,
    plugins,
    entity,
  });
}
