import { type KnownSetting, setting } from '../setting.ts';

/** Where the gateway listens, and its certificates. */
export const listenerSettings: readonly KnownSetting[] = [
  setting(
    'proxy_listen',
    'listeners',
    '0.0.0.0:8000 reuseport backlog=16384, 0.0.0.0:8443 ssl reuseport backlog=16384',
    'Addresses of the proxy; off for none',
    { honoured: true },
  ),
  setting('stream_listen', 'listeners', 'off', 'Addresses of the TCP, UDP and TLS proxy'),
  setting(
    'admin_listen',
    'listeners',
    '127.0.0.1:8001 reuseport backlog=16384, 127.0.0.1:8444 ssl reuseport backlog=16384',
    'Addresses of the Admin API; off for none',
    { honoured: true },
  ),
  setting('status_listen', 'listeners', 'off', 'Addresses of the status API; off for none', { honoured: true }),
  setting('admin_gui_listen', 'listeners', '0.0.0.0:8002, 0.0.0.0:8445 ssl', 'Addresses of the manager', {
    harmless: ['off'],
  }),
  setting(
    'admin_gui_url',
    'list',
    undefined,
    'Public URLs of the manager: the origins whose pages may call the Admin API',
    { honoured: true },
  ),
  setting('admin_gui_path', 'text', '/', 'Base path of the manager'),
  setting('admin_gui_api_url', 'text', undefined, 'Admin API address given to the browser'),
  setting('admin_gui_ssl_cert', 'certificate', undefined, 'Certificate of the manager'),
  setting('admin_gui_ssl_cert_key', 'certificate', undefined, 'Key of that certificate', { secret: true }),
  setting('admin_gui_access_log', 'log', 'logs/admin_gui_access.log', 'Access log of the manager', {
    harmless: ['off'],
  }),
  setting('admin_gui_error_log', 'log', 'logs/admin_gui_error.log', 'Error log of the manager', {
    harmless: ['/dev/stderr'],
  }),
  setting(
    'ssl_cert',
    'certificate',
    undefined,
    "Certificate of the proxy's ssl listeners: path, PEM text or base64 of PEM; self-signed when unset",
    { honoured: true, live: true },
  ),
  setting('ssl_cert_key', 'certificate', undefined, 'Key of ssl_cert, in the same forms', {
    honoured: true,
    live: true,
    secret: true,
  }),
  setting(
    'ssl_cipher_suite',
    'choice',
    'intermediate',
    'Named set of TLS versions and ciphers; custom takes ssl_ciphers',
    { honoured: true, choices: ['modern', 'intermediate', 'old', 'custom'] },
  ),
  setting('ssl_ciphers', 'text', undefined, 'OpenSSL cipher list; only with ssl_cipher_suite=custom', {
    honoured: true,
  }),
  setting(
    'ssl_protocols',
    'text',
    'TLSv1.2 TLSv1.3',
    'TLS versions offered to clients, without gaps; those of the named suite where unset',
    { honoured: true },
  ),
  setting('ssl_prefer_server_ciphers', 'boolean', 'on', "The server's cipher order wins (custom suite only)", {
    honoured: true,
  }),
  setting('ssl_dhparam', 'text', undefined, 'Diffie-Hellman parameters: named group, path or text'),
  setting('ssl_session_tickets', 'boolean', 'on', 'TLS session tickets', { honoured: true }),
  setting('ssl_session_timeout', 'time', '1d', 'Life of a TLS session', {
    honoured: true,
    min: 1000,
    max: 604_800_000,
  }),
  setting('ssl_session_cache_size', 'text', '10m', 'Size of the TLS session cache; sessions live in tickets', {
    withoutMeaning: true,
  }),
  setting('client_ssl', 'boolean', 'off', 'Show client_ssl_cert to upstreams that ask for a certificate', {
    honoured: true,
  }),
  setting('client_ssl_cert', 'certificate', undefined, 'Client certificate shown to upstreams', { honoured: true }),
  setting('client_ssl_cert_key', 'certificate', undefined, 'Key of client_ssl_cert', { honoured: true, secret: true }),
  setting(
    'admin_ssl_cert',
    'certificate',
    undefined,
    "Certificate of the Admin API's ssl listeners; self-signed when unset",
    { honoured: true, live: true },
  ),
  setting('admin_ssl_cert_key', 'certificate', undefined, 'Key of admin_ssl_cert', {
    honoured: true,
    live: true,
    secret: true,
  }),
  setting(
    'status_ssl_cert',
    'certificate',
    undefined,
    "Certificate of the status API's ssl listeners; self-signed when unset",
    { honoured: true, live: true },
  ),
  setting('status_ssl_cert_key', 'certificate', undefined, 'Key of status_ssl_cert', {
    honoured: true,
    live: true,
    secret: true,
  }),
  setting('debug_ssl_cert', 'certificate', undefined, 'Certificate of the debug listener'),
  setting('debug_ssl_cert_key', 'certificate', undefined, 'Key of debug_ssl_cert', { secret: true }),
];
