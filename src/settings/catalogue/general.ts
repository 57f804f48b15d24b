import { type KnownSetting, setting } from '../setting.ts';

/** What concerns the whole process: folders, logs, plugins, tracing. */
export const generalSettings: readonly KnownSetting[] = [
  setting('prefix', 'path', undefined, 'Folder for the database, logs and generated certificates', { honoured: true }),
  setting(
    'log_level',
    'choice',
    'notice',
    'Least level that is logged; notice counts as info, crit and above as fatal',
    { honoured: true, live: true, choices: ['debug', 'info', 'notice', 'warn', 'error', 'crit', 'alert', 'emerg'] },
  ),
  setting('proxy_access_log', 'log', 'logs/access.log', 'Access log of the proxy: a path (relative to prefix) or off', {
    honoured: true,
    live: true,
  }),
  setting(
    'proxy_error_log',
    'path',
    '/dev/stderr',
    'Where the process log goes: a path (relative to prefix), /dev/stderr or /dev/stdout',
    { honoured: true },
  ),
  setting('proxy_stream_access_log', 'log', 'logs/access.log basic', 'Stream access log', { harmless: ['off'] }),
  setting('proxy_stream_error_log', 'log', 'logs/error.log', 'Stream error log', { harmless: ['/dev/stderr'] }),
  setting('admin_access_log', 'log', 'logs/admin_access.log', 'Admin API access log', { harmless: ['off'] }),
  setting('admin_error_log', 'log', 'logs/error.log', 'Admin API error log', { harmless: ['/dev/stderr'] }),
  setting('status_access_log', 'log', 'off', 'Status API access log'),
  setting('status_error_log', 'log', 'logs/status_error.log', 'Status API error log', { harmless: ['/dev/stderr'] }),
  setting('plugins', 'list', 'bundled', 'Plugins that may be configured: bundled, names, or both; off for none', {
    honoured: true,
  }),
  setting('vaults', 'list', 'bundled', 'Secret vault backends', { harmless: ['off'] }),
  setting('vault_env_prefix', 'text', undefined, 'Prefix that the env vault puts before variable names'),
  setting('pluginserver_names', 'list', undefined, 'External plugin server processes'),
  setting(
    'port_maps',
    'list',
    undefined,
    'Published:local port pairs; the published port is what routes and forwarded headers see',
    { honoured: true, live: true },
  ),
  setting(
    'anonymous_reports',
    'boolean',
    'off',
    'Telemetry; accepted and always off, Sallyport reports nothing to anyone',
    { honoured: true },
  ),
  setting('node_id', 'text', undefined, 'Fixed UUID of the node; else one is made and kept under prefix', {
    honoured: true,
  }),
  setting(
    'error_template_html',
    'path',
    undefined,
    'File replacing the HTML error body, with %s for message and request id',
    { honoured: true, live: true },
  ),
  setting(
    'error_template_json',
    'path',
    undefined,
    'File replacing the JSON error body, with %s for message and request id',
    { honoured: true, live: true },
  ),
  setting(
    'error_template_xml',
    'path',
    undefined,
    'File replacing the XML error body, with %s for message and request id',
    { honoured: true, live: true },
  ),
  setting(
    'error_template_plain',
    'path',
    undefined,
    'File replacing the plain text error body, with %s for message and request id',
    { honoured: true, live: true },
  ),
  setting('tracing_instrumentations', 'list', 'off', 'What is traced: off, request, all, or a list of areas'),
  setting('tracing_sampling_rate', 'number', '0.01', 'Share of requests traced, 0 to 1'),
  setting('opentelemetry_tracing', 'list', 'off', 'Old name of tracing_instrumentations'),
  setting('opentelemetry_tracing_sampling_rate', 'number', '1.0', 'Old name of tracing_sampling_rate'),
  setting('proxy_server', 'text', undefined, 'Forward proxy URL for components told to use one', { secret: true }),
  setting('proxy_server_ssl_verify', 'boolean', 'off', 'Verify the certificate of proxy_server'),
  setting('dedicated_config_processing', 'boolean', 'on', 'Separate worker for configuration processing', {
    harmless: ['off'],
  }),
  setting('request_debug', 'boolean', 'on', 'Per-request timing answers for X-Kong-Request-Debug', {
    harmless: ['off'],
  }),
  setting('request_debug_token', 'text', undefined, 'Token that opens the per-request timing answers', {
    secret: true,
  }),
];
