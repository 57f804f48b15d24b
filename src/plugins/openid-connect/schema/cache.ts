import { array, boolean, number, string } from '../../../schema/index.ts';
import { seconds } from './shared.ts';

/** What is kept, and for how long. */
export const cacheFields = {
  cache_ttl: number({
    default: 3600,
    ...seconds,
    description: 'Fallback TTL in seconds when the cached object carries no expiry.',
  }),
  cache_ttl_max: number({ ...seconds, description: 'Upper bound on cache TTLs.' }),
  cache_ttl_min: number({
    ...seconds,
    description: 'Lower bound on cache TTLs; the expiry of a token itself is never passed.',
  }),
  cache_ttl_neg: number({
    ...seconds,
    description: "TTL of cached misses; unset inherits the gateway's negative TTL.",
  }),
  cache_ttl_resurrect: number({
    unsupported: true,
    description:
      "How long a stale entry may be served again after a failed refresh; unset inherits the gateway's value.",
  }),
  cache_tokens: boolean({
    default: true,
    description: 'Cache token endpoint results (password, client credentials, refresh).',
  }),
  cache_tokens_salt: string({
    auto: true,
    description: 'Salt of the token cache key; generated per plugin instance, set equal values to share the cache.',
  }),
  cache_introspection: boolean({ default: true, unsupported: true, description: 'Cache introspection results.' }),
  cache_token_exchange: boolean({
    default: true,
    unsupported: true,
    description: 'Cache results of the legacy token exchange endpoint.',
  }),
  cache_user_info: boolean({ default: true, unsupported: true, description: 'Cache userinfo results.' }),
  token_cache_key_include_scope: boolean({
    default: false,
    since: '3.4',
    description:
      'Add the requested scopes to the token cache key. Here they are always part of it, so that a token never serves other scopes than it was requested with; false changes nothing.',
  }),
  cluster_cache_strategy: string({
    default: 'off',
    one_of: ['off', 'redis'],
    unsupported: true,
    since: '3.8',
    description: 'Share caches between nodes through redis.',
  }),
  cluster_cache_items: array(string({ one_of: ['introspection', 'tokens'] }), {
    default: ['introspection'],
    unsupported: true,
    since: '3.15',
    description:
      'Kinds of entries put in the cluster cache; tokens are stored AES-encrypted; an empty set disables it.',
  }),
};
