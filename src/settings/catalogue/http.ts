import { type KnownSetting, setting } from '../setting.ts';

/** How requests are read, answered and routed. */
export const httpSettings: readonly KnownSetting[] = [
  setting(
    'headers',
    'list',
    'server_tokens, latency_tokens, X-Kong-Request-Id',
    'Response headers that the gateway adds: server_tokens (Server, Via), latency_tokens, single names, or off',
    { honoured: true, live: true },
  ),
  setting(
    'headers_upstream',
    'list',
    'X-Kong-Request-Id',
    'Request headers that the gateway adds: X-Kong-Request-Id or off',
    { honoured: true, live: true },
  ),
  setting('trusted_ips', 'addresses', undefined, 'Addresses (IP or CIDR) whose X-Forwarded-* headers are believed', {
    honoured: true,
    live: true,
  }),
  setting('real_ip_header', 'text', 'X-Real-IP', 'Header in which a trusted peer tells the address of the client', {
    honoured: true,
    live: true,
  }),
  setting('real_ip_recursive', 'boolean', 'off', 'Skip trusted addresses from the right', {
    honoured: true,
    live: true,
  }),
  setting(
    'error_default_type',
    'choice',
    'text/plain',
    "Type of the gateway's own error bodies when the client names none",
    { honoured: true, live: true, choices: ['text/plain', 'text/html', 'application/json', 'application/xml'] },
  ),
  setting('allow_debug_header', 'boolean', 'off', 'Answer requests that carry Kong-Debug: 1 with route and service', {
    honoured: true,
    live: true,
  }),
  setting(
    'upstream_keepalive_pool_size',
    'integer',
    '512',
    'Unused upstream connections kept per pool and worker, 0 = none',
    { honoured: true, live: true, max: 100_000 },
  ),
  setting('upstream_keepalive_max_requests', 'integer', '10000', 'Requests per upstream connection, 0 = no limit', {
    honoured: true,
    live: true,
  }),
  setting(
    'upstream_keepalive_idle_timeout',
    'number',
    '60',
    'Seconds an unused upstream connection is kept, 0 = forever',
    { honoured: true, live: true, max: 1_000_000 },
  ),
  setting('router_flavor', 'choice', 'traditional_compatible', 'Order in which routes are tried', {
    choices: ['traditional_compatible', 'traditional', 'expressions'],
    harmless: ['traditional'],
  }),
  setting(
    'worker_consistency',
    'choice',
    'eventual',
    'Whether an answer to the Admin API waits for the workers (here it always does)',
    { choices: ['eventual', 'strict'], harmless: ['strict'] },
  ),
  setting('worker_state_update_frequency', 'number', '5', 'Seconds between checks for a rebuild'),
  setting('lua_max_req_headers', 'integer', '100', 'Most header fields of a request; more are answered with 431', {
    honoured: true,
    live: true,
    min: 1,
    max: 1000,
  }),
  setting('lua_max_resp_headers', 'integer', '100', 'Response headers parsed, 1 to 1000'),
  setting('lua_max_uri_args', 'integer', '100', 'Query arguments parsed, 1 to 1000'),
  setting('lua_max_post_args', 'integer', '100', 'Body arguments parsed, 1 to 1000'),
  setting('nginx_http_client_max_body_size', 'size', '0', 'Largest request body, 0 = no limit; larger ones get 413', {
    honoured: true,
    live: true,
  }),
  setting('nginx_http_client_body_buffer_size', 'text', '8k', 'Memory before spooling to disk; bodies are streamed', {
    withoutMeaning: true,
  }),
  setting('nginx_http_client_header_buffer_size', 'text', '1k', 'First buffer of a request head; one size serves all', {
    withoutMeaning: true,
  }),
  setting(
    'nginx_http_large_client_header_buffers',
    'text',
    '4 8k',
    'Number and size: a request line up to that size (414), a head up to number times size (431)',
    { honoured: true, live: true },
  ),
  setting('nginx_http_client_header_timeout', 'time', '10s', 'Time from the first byte of a request head to its last', {
    honoured: true,
    live: true,
    min: 100,
    max: 3_600_000,
  }),
  setting('nginx_http_client_body_timeout', 'time', '60s', 'Time between two reads of a request body', {
    honoured: true,
    live: true,
    min: 100,
    max: 3_600_000,
  }),
  setting('nginx_http_keepalive_timeout', 'time', '75s', 'Time that a client connection may stay unused', {
    honoured: true,
    live: true,
    min: 100,
    max: 86_400_000,
  }),
  setting('nginx_http_keepalive_requests', 'integer', '10000', 'Requests per client connection', {
    honoured: true,
    live: true,
    min: 1,
  }),
  setting('nginx_proxy_real_ip_header', 'text', undefined, 'The same as real_ip_header, which wins', {
    honoured: true,
    live: true,
  }),
  setting('nginx_proxy_real_ip_recursive', 'boolean', undefined, 'The same as real_ip_recursive, which wins', {
    honoured: true,
    live: true,
  }),
  setting(
    'nginx_proxy_proxy_ssl_verify',
    'boolean',
    'off',
    'Verify certificates of upstreams whose service says nothing about it',
    { honoured: true },
  ),
  setting('nginx_http_charset', 'text', 'UTF-8', 'Charset added to text types'),
  setting('nginx_http_lua_regex_match_limit', 'integer', '100000', 'Steps after which a regular expression gives up'),
  setting('nginx_http_lua_regex_cache_max_entries', 'integer', '8192', 'Compiled regular expressions kept'),
  setting('nginx_admin_client_max_body_size', 'size', '10m', 'Largest body of an Admin API request', {
    honoured: true,
    min: 1024,
    max: 1024 ** 3,
  }),
  setting('nginx_admin_client_body_buffer_size', 'text', '10m', 'Memory for the body of an Admin API request', {
    withoutMeaning: true,
  }),
  setting('nginx_worker_processes', 'workers', 'auto', 'Data plane threads: auto (one per core) or 1 to 64', {
    honoured: true,
    live: true,
  }),
  setting('nginx_daemon', 'boolean', 'on', 'Run in the background; Sallyport always runs in the foreground', {
    harmless: ['off'],
  }),
  setting('nginx_user', 'text', 'kong kong', 'User and group of the workers'),
  setting('nginx_main_worker_rlimit_nofile', 'text', 'auto', 'Open files per worker'),
  setting('nginx_events_worker_connections', 'text', 'auto', 'Connections per worker'),
];
