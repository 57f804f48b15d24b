import {
  type AnyField,
  array,
  boolean,
  integer,
  number,
  record,
  type Shorthand,
  string,
} from '../../../schema/index.ts';

type Convert = (value: never) => unknown;

/**
 * Names of 3.0 to 3.13 that later versions renamed or dropped; accepted on writes. `oldDefault` is what an export of
 * an old version spells out for a field nobody set.
 */
export const legacyNames: readonly Shorthand[] = [
  renamed('authorization_cookie_lifetime', number(), 'authorization_rolling_timeout', 600),
  renamed('authorization_cookie_samesite', sameSiteOf30(), 'authorization_cookie_same_site', 'off', offToDefault),
  renamed('authorization_cookie_httponly', boolean(), 'authorization_cookie_http_only', true),

  renamed('session_cookie_lifetime', number(), 'session_rolling_timeout', 3600),
  renamed('session_cookie_idletime', number(), 'session_idling_timeout', null),
  dropped('session_cookie_renew', number()),
  renamed('session_cookie_samesite', sameSiteOf30(), 'session_cookie_same_site', 'Lax', offToDefault),
  renamed('session_cookie_httponly', boolean(), 'session_cookie_http_only', true),
  dropped('session_cookie_maxsize', integer()),
  dropped('session_strategy', string({ one_of: ['default', 'regenerate'] })),
  dropped('session_compressor', string({ one_of: ['none', 'zlib'] })),

  renamed('session_memcache_prefix', string(), 'session_memcached_prefix', 'sessions'),
  renamed('session_memcache_socket', string(), 'session_memcached_socket', null),
  renamed('session_memcache_host', string(), 'session_memcached_host', '127.0.0.1'),
  renamed('session_memcache_port', integer({ between: [0, 65535] }), 'session_memcached_port', 11211),

  renamed('session_redis_prefix', string(), 'redis.prefix', 'sessions'),
  renamed('session_redis_socket', string(), 'redis.socket', null),
  renamed('session_redis_host', string(), 'redis.host', '127.0.0.1'),
  renamed('session_redis_port', integer({ between: [0, 65535] }), 'redis.port', 6379),
  renamed('session_redis_username', string({ referenceable: true }), 'redis.username', null),
  renamed('session_redis_password', string({ referenceable: true, encrypted: true }), 'redis.password', null),
  renamed('session_redis_connect_timeout', integer(), 'redis.connect_timeout', null),
  renamed('session_redis_read_timeout', integer(), 'redis.read_timeout', null),
  renamed('session_redis_send_timeout', integer(), 'redis.send_timeout', null),
  renamed('session_redis_ssl', boolean(), 'redis.ssl', false),
  renamed('session_redis_ssl_verify', boolean(), 'redis.ssl_verify', false),
  renamed('session_redis_server_name', string(), 'redis.server_name', null),
  renamed('session_redis_cluster_nodes', array(clusterNode()), 'redis.cluster_nodes', null),
  renamed('session_redis_cluster_maxredirections', integer(), 'redis.cluster_max_redirections', null),
  renamed('session_redis_cluster_max_redirections', integer(), 'redis.cluster_max_redirections', null),

  renamed('consumer_claim', array(string(), { len_min: 1 }), 'consumer_claims', null, (path: readonly string[]) => [
    path,
  ]),
];

function renamed(name: string, field: AnyField, to: string, oldDefault: unknown, convert?: Convert): Shorthand {
  return { kind: 'renamed', name, field, to: [to.split('.')], oldDefault, ...(convert !== undefined && { convert }) };
}

function dropped(name: string, field: AnyField): Shorthand {
  return { kind: 'removed', name, field };
}

function sameSiteOf30(): AnyField {
  return string({ one_of: ['Strict', 'Lax', 'None', 'off'] });
}

/** 3.2 renamed the value that leaves the attribute out. */
function offToDefault(value: string): string {
  return value === 'off' ? 'Default' : value;
}

function clusterNode(): AnyField {
  return record({
    ip: string({ required: true, default: '127.0.0.1' }),
    port: integer({ default: 6379, between: [0, 65535] }),
  });
}
