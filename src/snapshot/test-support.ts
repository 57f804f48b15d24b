import assert from 'node:assert/strict';
import {
  type ConfigChange,
  type Consumer,
  type Deletion,
  type PluginEntity,
  type Route,
  type Service,
  type Upsert,
  type Upstream,
  upstreamRecord,
} from '../entities/index.ts';
import type { AnyPlugin } from '../pdk/index.ts';
import { processInsert, record } from '../schema/index.ts';
import { compileSnapshot } from './compile.ts';
import type { MatchRequest, RouteMatch } from './router/match.ts';
import { matchRoute } from './router/match.ts';
import { emptySnapshot, type Snapshot } from './snapshot.ts';

/** Entities as the store would give them, with what a test states in place of the defaults. */

export function aService(fields: Partial<Service> & { readonly id: string }): Service {
  return {
    created_at: 1,
    updated_at: 1,
    name: null,
    retries: 5,
    protocol: 'http',
    host: 'upstream.test',
    port: 80,
    path: null,
    connect_timeout: 60000,
    write_timeout: 60000,
    read_timeout: 60000,
    tags: null,
    client_certificate: null,
    tls_verify: null,
    tls_verify_depth: null,
    ca_certificates: null,
    enabled: true,
    ...fields,
  };
}

export function aRoute(fields: Partial<Route> & { readonly id: string }): Route {
  return {
    created_at: 1,
    updated_at: 1,
    name: null,
    protocols: ['http', 'https'],
    https_redirect_status_code: 426,
    strip_path: true,
    preserve_host: false,
    request_buffering: true,
    response_buffering: true,
    tags: null,
    service: null,
    snis: null,
    sources: null,
    destinations: null,
    methods: null,
    hosts: null,
    paths: null,
    headers: null,
    regex_priority: 0,
    path_handling: 'v0',
    ...fields,
  };
}

export function aPlugin(fields: Partial<PluginEntity> & { readonly id: string; readonly name: string }): PluginEntity {
  return {
    instance_name: null,
    created_at: 1,
    updated_at: 1,
    route: null,
    service: null,
    consumer: null,
    config: {},
    protocols: ['grpc', 'grpcs', 'http', 'https'],
    enabled: true,
    tags: null,
    ...fields,
  };
}

export function aConsumer(fields: Partial<Consumer> & { readonly id: string }): Consumer {
  return { created_at: 1, updated_at: 1, username: null, custom_id: null, tags: null, ...fields };
}

export function anUpstream(fields: Partial<Upstream> & { readonly id: string; readonly name: string }): Upstream {
  const generators = {
    uuid: () => '11111111-1111-4111-8111-111111111111',
    now: () => 1,
    nowMs: () => 1000,
    secret: () => 'secret',
  };
  const done = processInsert(upstreamRecord, { name: fields.name }, 'insert', generators);
  assert.ok(done.kind === 'valid');
  return { ...(done.value as Upstream), ...fields };
}

/** A plugin whose prepared configuration is a copy of the configuration, unless the test says otherwise. */
export function aDefinition(fields: Partial<AnyPlugin> & { readonly name: string }): AnyPlugin {
  return {
    version: '1.0.0',
    priority: 1000,
    consumerScope: true,
    config: record({}, { required: true }),
    checks: [],
    prepare: (config: unknown) => ({ ...(config as object) }),
    ...fields,
  };
}

export function upsertRoutes(...routes: readonly Route[]): Upsert[] {
  return routes.map((entity) => ({ kind: 'routes', entity }));
}

export function upsertServices(...services: readonly Service[]): Upsert[] {
  return services.map((entity) => ({ kind: 'services', entity }));
}

export function upsertPlugins(...plugins: readonly PluginEntity[]): Upsert[] {
  return plugins.map((entity) => ({ kind: 'plugins', entity }));
}

export function aChange(upserts: readonly Upsert[], deletes: readonly Deletion[] = [], revision = 1): ConfigChange {
  return { revision, upserts, deletes };
}

/** Compiles what must be free of faults. */
export async function compiled(
  change: ConfigChange,
  previous: Snapshot = emptySnapshot,
  plugins: readonly AnyPlugin[] = [],
): Promise<Snapshot> {
  const env = { plugins: new Map(plugins.map((plugin) => [plugin.name, plugin])) };
  const outcome = await compileSnapshot(previous, change, env);
  assert.equal(outcome.kind, 'ok', JSON.stringify(outcome));
  return outcome.kind === 'ok' ? outcome.snapshot : previous;
}

/** Compiles routes alone. */
export function routed(...routes: readonly Route[]): Promise<Snapshot> {
  return compiled(aChange(upsertRoutes(...routes)));
}

export interface TestRequest {
  readonly method?: string;
  readonly host?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly secure?: boolean;
  readonly serverName?: string;
}

export function aRequest(request: TestRequest): MatchRequest {
  const lines = new Map(Object.entries(request.headers ?? {}).map(([name, value]) => [name, [value].flat()]));
  return {
    method: request.method ?? 'GET',
    host: request.host ?? 'gateway.test',
    path: request.path ?? '/',
    headers: { get: (lower) => lines.get(lower)?.[0], all: (lower) => lines.get(lower) ?? [] },
    secure: request.secure ?? request.serverName !== undefined,
    serverName: request.serverName,
  };
}

export function matched(snapshot: Snapshot, request: TestRequest): RouteMatch | undefined {
  return matchRoute(snapshot, aRequest(request));
}

/** Id of the route a request reaches, asked three times since the third answer may be a remembered one. */
export function winner(snapshot: Snapshot, request: TestRequest): string | undefined {
  const first = matched(snapshot, request)?.route.id;
  assert.equal(matched(snapshot, request)?.route.id, first);
  assert.equal(matched(snapshot, request)?.route.id, first);
  return first;
}

/** Picks among choices. */
export type Random = <T>(choices: readonly T[]) => T;

/** The same choices for the same seed. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return (choices) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    const choice = choices[Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * choices.length)];
    assert.ok(choice !== undefined || choices.length > 0);
    return choice as (typeof choices)[number];
  };
}
