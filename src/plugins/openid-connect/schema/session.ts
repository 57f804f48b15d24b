import { array, boolean, integer, number, set, string } from '../../../schema/index.ts';
import { authMethods, cookiePath, sameSite, sessionHeaders } from './shared.ts';

/** Sessions of browsers. */
export const sessionFields = {
  session_secret: string({
    referenceable: true,
    encrypted: true,
    unsupported: true,
    description:
      'Key material for session and code-flow cookies; unset means generated and stored with the discovery object (per worker in DB-less).',
  }),
  session_cookie_name: string({ default: 'session', unsupported: true, description: 'Session cookie name.' }),
  session_cookie_path: string({
    default: '/',
    ...cookiePath,
    unsupported: true,
    description: 'Session cookie Path; must start with / and contain no empty segment.',
  }),
  session_cookie_domain: string({ unsupported: true, description: 'Session cookie Domain.' }),
  session_cookie_secure: boolean({
    unsupported: true,
    description: 'Session cookie Secure; unset follows the request scheme.',
  }),
  session_storage: string({
    default: 'cookie',
    one_of: ['cookie', 'memcache', 'memcached', 'redis'],
    unsupported: true,
    description: 'Where session data lives: inside the cookie, memcached or redis (memcache is an alias of memcached).',
  }),
  reverify: boolean({
    default: false,
    unsupported: true,
    description:
      'Re-check signature and claims of the stored tokens on every session request instead of trusting the session.',
  }),
  disable_session: array(string({ one_of: authMethods }), {
    unsupported: true,
    description: 'Grants after which no session cookie is issued (session here means: do not renew).',
  }),
  session_audience: string({
    default: 'default',
    unsupported: true,
    since: '3.2',
    description: 'Audience slot inside the session cookie, so several applications can share one cookie.',
  }),
  session_remember: boolean({
    default: false,
    unsupported: true,
    since: '3.2',
    description: 'Also issue a persistent remember-me cookie.',
  }),
  session_remember_cookie_name: string({
    default: 'remember',
    unsupported: true,
    since: '3.2',
    description: 'Name of the persistent cookie.',
  }),
  session_remember_rolling_timeout: number({
    default: 604800,
    unsupported: true,
    since: '3.2',
    description: 'Seconds a persistent session stays valid without renewal; 0 disables.',
  }),
  session_remember_absolute_timeout: number({
    default: 2592000,
    unsupported: true,
    since: '3.2',
    description: 'Seconds after which a persistent session can no longer be renewed; 0 disables.',
  }),
  session_idling_timeout: number({
    default: 900,
    unsupported: true,
    since: '3.2',
    description: 'Seconds without use after which the session is invalid; 0 disables the check and touching.',
  }),
  session_rolling_timeout: number({
    default: 3600,
    unsupported: true,
    since: '3.2',
    description: 'Seconds a session may be used before it must be renewed; 0 disables.',
  }),
  session_absolute_timeout: number({
    default: 86400,
    unsupported: true,
    since: '3.2',
    description: 'Seconds after which renewal stops and the user must authenticate again; 0 disables.',
  }),
  session_cookie_same_site: string({
    default: 'Lax',
    one_of: sameSite,
    unsupported: true,
    since: '3.2',
    description: 'Session cookie SameSite; Default omits it.',
  }),
  session_cookie_http_only: boolean({
    default: true,
    unsupported: true,
    since: '3.2',
    description: 'Session cookie HttpOnly.',
  }),
  session_request_headers: set(string({ one_of: sessionHeaders }), {
    unsupported: true,
    since: '3.2',
    description: 'Session properties sent upstream as Session-* request headers.',
  }),
  session_response_headers: set(string({ one_of: sessionHeaders }), {
    unsupported: true,
    since: '3.2',
    description: 'Session properties sent to the client as Session-* response headers.',
  }),
  session_store_metadata: boolean({
    default: false,
    unsupported: true,
    since: '3.2',
    description: 'Keep an index of the live sessions per audience and subject in the storage.',
  }),
  session_enforce_same_subject: boolean({
    default: false,
    unsupported: true,
    since: '3.2',
    description: 'All audiences in one cookie must belong to one subject; others are dropped on save.',
  }),
  session_hash_subject: boolean({
    default: false,
    unsupported: true,
    since: '3.2',
    description: 'Hash the subject in stored metadata.',
  }),
  session_hash_storage_key: boolean({
    default: false,
    unsupported: true,
    since: '3.2',
    description: 'Hash the storage key, so stored data cannot be decrypted without the cookie.',
  }),
  session_memcached_prefix: string({ unsupported: true, since: '3.2', description: 'Memcached key prefix.' }),
  session_memcached_socket: string({
    unsupported: true,
    since: '3.2',
    description: 'Memcached unix socket path (wins over host/port).',
  }),
  session_memcached_host: string({
    default: '127.0.0.1',
    unsupported: true,
    since: '3.2',
    description: 'Memcached host.',
  }),
  session_memcached_port: integer({
    default: 11211,
    between: [0, 65535],
    unsupported: true,
    since: '3.2',
    description: 'Memcached port.',
  }),
  session_bind: set(string({ one_of: ['ip', 'scheme', 'user-agent'] }), {
    unsupported: true,
    since: '3.12',
    description: 'Request properties mixed into the session MAC, so the cookie fails when they change.',
  }),
  session_memcached_ssl: boolean({ unsupported: true, since: '3.13', description: 'Use TLS to memcached.' }),
  session_memcached_ssl_verify: boolean({
    default: true,
    unsupported: true,
    since: '3.13',
    description: 'Verify the memcached server certificate.',
  }),
};
