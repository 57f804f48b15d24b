import { LruCache } from '../base/lru-cache.ts';
import type { Consumer } from '../entities/index.ts';
import { dottedPath, type Infer, type PlainObject, processInsert, type RecordField } from '../schema/index.ts';
import type { AccessContext, BodyView, PluginServices, ResponseContext, ResponseHeaders } from './contexts.ts';
import { DecisionDraft } from './decision.ts';
import type { PluginDefinition } from './define-plugin.ts';
import type { Identity } from './identity.ts';

/** What a test says about a request; everything else is usual. */
export interface TestRequest {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
  readonly identity?: Identity | null;
  readonly clientAddress?: string;
  readonly services?: Partial<PluginServices>;
}

/** A request as a plugin meets it, and what the plugin did to it. */
export interface TestContext extends AccessContext {
  /** name, value … by the last call. */
  told: readonly string[] | undefined;
  readonly set: Map<string, string>;
  readonly removed: string[];
  query: string | undefined | null;
  body: string | undefined;
  kept: unknown;
}

export function testConsumer(username: string): Consumer {
  return { id: `id of ${username}`, created_at: 1, updated_at: 1, username, custom_id: null, tags: null };
}

export function testIdentity(username: string, more: Partial<Identity> = {}): Identity {
  return {
    consumer: testConsumer(username),
    credential: { id: `credential of ${username}` },
    authenticatedGroups: null,
    anonymous: false,
    ...more,
  };
}

/** Services without a provider, a consumer or a credential, unless the test brings some. */
export function testServices(more: Partial<PluginServices> = {}): PluginServices {
  const caches = new Map<string, LruCache<unknown>>();
  const nothing = () => undefined;
  return {
    now: () => 0,
    provider: { exchange: () => Promise.reject(new Error('no provider in this test')), keep: nothing } as never,
    consumers: { byId: nothing, byUsername: nothing, byUsernameIgnoringCase: nothing, byCustomId: nothing },
    credentials: { keyAuth: nothing, groupsOf: () => [] },
    counters: testCounters(),
    cache: <V>(name: string) => {
      const cache = caches.get(name) ?? new LruCache<unknown>(100);
      caches.set(name, cache);
      return cache as LruCache<V>;
    },
    log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
    ...more,
  };
}

/** Counters of one thread, with room for so many. */
export function testCounters(room: number = Number.POSITIVE_INFINITY): PluginServices['counters'] {
  const counts = new Map<string, number>();
  const add = (key: string, windowStartMs: number, windowMs: number, amount: number, displace: boolean) => {
    const id = JSON.stringify([key, windowStartMs, windowMs]);
    const old = counts.get(id);
    if (old === undefined && amount <= 0) return 0;
    if (old === undefined && counts.size >= room && !displace) return undefined;
    counts.set(id, (old ?? 0) + amount);
    return counts.get(id);
  };
  return {
    add: (key, start, length, amount) => add(key, start, length, amount, false),
    addDisplacing: (key, start, length, amount) => add(key, start, length, amount, true),
  };
}

export function testContext(request: TestRequest = {}): TestContext {
  const fields = request.headers ?? [];
  const lowers = fields.map(([name]) => name.toLowerCase());
  const all = (lower: string) => fields.filter(([name]) => name.toLowerCase() === lower).map(([, value]) => value);
  const context: TestContext = {
    requestId: 'request',
    request: {
      method: request.method ?? 'GET',
      path: request.path ?? '/',
      query: request.query,
      host: 'gateway.test',
      headers: { lowers, get: (lower) => all(lower)[0], all, count: (lower) => all(lower).length },
      body: bodyOf(request.body, (bytes) => {
        context.body = bytes.toString();
      }),
    },
    scheme: 'http',
    clientAddress: request.clientAddress ?? '192.0.2.1',
    connection: { peerAddress: '192.0.2.1', peerPort: 50_000, localAddress: '192.0.2.2', localPort: 8000 },
    services: testServices(request.services),
    route: { id: 'route', name: 'a route' },
    captures: undefined,
    service: { id: 'service', name: 'a service' },
    decision: new DecisionDraft(),
    identity: request.identity ?? null,
    clientCertificate: () => undefined,
    keep(value) {
      context.kept = value;
    },
    edits: {
      setHeader: (name, value) => void context.set.set(name, value),
      appendOwned: () => undefined,
      setIdentity(pairs) {
        context.told = pairs;
      },
      removeHeader: (name) => void context.removed.push(name),
      setQuery(query) {
        context.query = query;
      },
      setResponseHeader: () => undefined,
      appendResponse: () => undefined,
    },
    told: undefined,
    set: new Map(),
    removed: [],
    query: null,
    body: undefined,
    kept: undefined,
  };
  return context;
}

function bodyOf(text: string | undefined, replaced: (bytes: Buffer) => void): BodyView {
  const bytes = Buffer.from(text ?? '');
  return {
    kind: text === undefined ? 'none' : 'length',
    length: bytes.length,
    peek: async (bytesMax) => (bytes.length > bytesMax ? { kind: 'too_large' } : { kind: 'whole', bytes }),
    replace: replaced,
  };
}

/** Fields of an answer that a plugin may change; lower-case names to values. */
export function testAnswer(
  context: TestContext,
  fields: readonly (readonly [string, string])[] = [],
): ResponseContext & { readonly fields: () => Record<string, string> } {
  let now: [string, string][] = fields.map(([name, value]) => [name, value]);
  const is =
    (lower: string) =>
    ([name]: [string, string]) =>
      name.toLowerCase() === lower;
  const headers: ResponseHeaders = {
    get: (lower) => now.find(is(lower))?.[1],
    set(name, value) {
      now = [...now.filter((field) => !is(name.toLowerCase())(field)), [name, value]];
    },
    add: (name, value) => void now.push([name, value]),
    remove(name) {
      now = now.filter((field) => !is(name.toLowerCase())(field));
    },
  };
  return {
    ...context,
    status: 200,
    source: 'upstream',
    headers,
    state: context.kept,
    fields: () => Object.fromEntries(now.map(([name, value]) => [name.toLowerCase(), value])),
  };
}

/** What `prepare` makes of a configuration as somebody would send it. */
export function prepared<C extends RecordField, P>(plugin: PluginDefinition<C, P>, config: PlainObject): P {
  const { value, faults } = judged(plugin, config);
  if (value === undefined || faults.length > 0) throw new Error(faults.join('; '));
  return plugin.prepare(value, { id: 'instance', name: plugin.name });
}

/** `path: text` of every fault of a configuration. */
export function faultsOf<C extends RecordField, P>(plugin: PluginDefinition<C, P>, config: PlainObject): string[] {
  return judged(plugin, config).faults;
}

function judged<C extends RecordField, P>(
  plugin: PluginDefinition<C, P>,
  config: PlainObject,
): { readonly value: Infer<C> | undefined; readonly faults: string[] } {
  const processed = processInsert(plugin.config, config, 'insert', {
    uuid: () => '00000000-0000-4000-8000-000000000000',
    secret: () => 'secret',
    now: () => 0,
  });
  if (processed.kind === 'invalid') return { value: undefined, faults: processed.faults.map(faultText) };
  const value = processed.value as Infer<C>;
  return { value, faults: (plugin.check?.(value) ?? []).map(faultText) };
}

function faultText(fault: Parameters<typeof dottedPath>[0]): string {
  return `${dottedPath(fault)}: ${fault.message}`;
}
