import type { ProviderExchange } from '../base/exchange.ts';
import { limits } from '../base/limits.ts';
import { LruCache } from '../base/lru-cache.ts';
import type {
  ConsumerDirectory,
  CredentialDirectory,
  PluginLog,
  PluginServices,
  SharedCounters,
} from '../pdk/index.ts';

/** What this worker offers to plugins; lives as long as the worker, whatever the configuration does. */
export class WorkerServices implements PluginServices {
  readonly provider: ProviderExchange;
  readonly consumers: ConsumerDirectory;
  readonly credentials: CredentialDirectory;
  readonly counters: SharedCounters;
  readonly log: PluginLog;
  readonly now: () => number;
  readonly #caches = new Map<string, LruCache<unknown>>();

  constructor(parts: {
    provider: ProviderExchange;
    consumers: ConsumerDirectory;
    credentials: CredentialDirectory;
    counters: SharedCounters;
    log: PluginLog;
    now?: () => number;
  }) {
    this.provider = parts.provider;
    this.consumers = parts.consumers;
    this.credentials = parts.credentials;
    this.counters = parts.counters;
    this.log = parts.log;
    this.now = parts.now ?? Date.now;
  }

  cache<V>(name: string): LruCache<V> {
    let cache = this.#caches.get(name);
    if (cache === undefined) {
      cache = new LruCache<unknown>(limits.workerCacheEntriesMax);
      this.#caches.set(name, cache);
    }
    return cache as LruCache<V>;
  }
}
