import { array, boolean, integer, record, type Shorthand, string } from '../../../schema/index.ts';

const port = integer({ default: 6379, between: [0, 65535], description: 'Port.' });

/** Milliseconds. */
const timeoutRange = [0, 2147483646] as const;

const sharedFields = {
  host: string({ default: '127.0.0.1', referenceable: true, description: 'Redis host.' }),
  port: integer({ default: 6379, between: [0, 65535], referenceable: true, description: 'Redis port.' }),
  connect_timeout: integer({ default: 2000, between: timeoutRange, description: 'Connect timeout in milliseconds.' }),
  send_timeout: integer({ default: 2000, between: timeoutRange, description: 'Send timeout in milliseconds.' }),
  read_timeout: integer({ default: 2000, between: timeoutRange, description: 'Read timeout in milliseconds.' }),
  username: string({ referenceable: true, description: 'ACL user (Redis 6 and later); unset sends no user.' }),
  password: string({ referenceable: true, encrypted: true, description: 'Password; unset sends no AUTH.' }),
  sentinel_username: string({ referenceable: true, description: 'ACL user for the sentinels.' }),
  sentinel_password: string({ referenceable: true, encrypted: true, description: 'Password for the sentinels.' }),
  database: integer({ default: 0, description: 'Database number.' }),
  keepalive_pool_size: integer({
    default: 256,
    between: [1, 2147483646],
    description: 'Connections kept alive per server and worker.',
  }),
  keepalive_backlog: integer({
    between: [0, 2147483646],
    description: 'Length of the connection queue once the pool is full.',
  }),
  sentinel_master: string({ description: 'Master name; presence switches to Sentinel.' }),
  sentinel_role: string({
    one_of: ['master', 'slave', 'any'],
    description: 'Which role to connect to through Sentinel.',
  }),
  sentinel_nodes: array(
    record({ host: string({ default: '127.0.0.1', description: 'Sentinel host.' }), port }, { required: true }),
    { len_min: 1, description: 'Sentinel nodes.' },
  ),
  cluster_nodes: array(
    record({ ip: string({ default: '127.0.0.1', description: 'Node host or address.' }), port }, { required: true }),
    { len_min: 1, description: 'Seed nodes; presence switches to Redis Cluster.' },
  ),
  ssl: boolean({ default: false, description: 'Use TLS.' }),
  ssl_verify: boolean({ default: true, description: 'Verify the certificate of the server.' }),
  server_name: string({ referenceable: true, description: 'SNI name for TLS.' }),
  cluster_max_redirections: integer({ default: 5, description: 'Redirects followed in cluster mode.' }),
  connection_is_proxied: boolean({
    default: false,
    description: 'Redis is reached through a proxy; excludes cluster, sentinel and a database other than 0.',
  }),
};

const cloudSecret = { referenceable: true, encrypted: true } as const;

const cloudAuthentication = {
  cloud_authentication: record(
    {
      auth_provider: string({
        one_of: ['aws', 'azure', 'gcp'],
        referenceable: true,
        description: 'Cloud whose IAM authenticates the connection.',
      }),
      aws_access_key_id: string({ ...cloudSecret, description: 'AWS access key id.' }),
      aws_assume_role_arn: string({ ...cloudSecret, description: 'AWS role to assume for the IAM token.' }),
      aws_cache_name: string({ referenceable: true, description: 'ElastiCache cluster name.' }),
      aws_is_serverless: boolean({ default: true, description: 'Whether the ElastiCache cluster is serverless.' }),
      aws_region: string({ referenceable: true, description: 'AWS region.' }),
      aws_role_session_name: string({ ...cloudSecret, description: 'Session name when assuming the role.' }),
      aws_secret_access_key: string({ ...cloudSecret, description: 'AWS secret key.' }),
      azure_client_id: string({ ...cloudSecret, description: 'Azure client id.' }),
      azure_client_secret: string({ ...cloudSecret, description: 'Azure client secret.' }),
      azure_tenant_id: string({ ...cloudSecret, description: 'Azure tenant id.' }),
      gcp_service_account_json: string({ ...cloudSecret, description: 'GCP service account JSON.' }),
    },
    { since: '3.13', description: 'Cloud IAM login to a managed Redis.' },
  ),
};

const shorthands: readonly Shorthand[] = [
  {
    kind: 'renamed',
    name: 'timeout',
    field: integer({ between: timeoutRange }),
    to: [['connect_timeout'], ['send_timeout'], ['read_timeout']],
  },
  {
    kind: 'renamed',
    name: 'sentinel_addresses',
    field: array(string(), { len_min: 1 }),
    to: [['sentinel_nodes']],
    convert: (addresses: readonly string[]) => addresses.map((address) => nodeOf('host', address)),
  },
  {
    kind: 'renamed',
    name: 'cluster_addresses',
    field: array(string(), { len_min: 1 }),
    to: [['cluster_nodes']],
    convert: (addresses: readonly string[]) => addresses.map((address) => nodeOf('ip', address)),
  },
];

/** `host:port` of the old address lists; a port that is no number is left for validation to name. */
function nodeOf(name: 'host' | 'ip', address: string): { readonly [member: string]: unknown } {
  const colon = address.lastIndexOf(':');
  if (colon < 0) return { [name]: address };
  const text = address.slice(colon + 1);
  return { [name]: address.slice(0, colon), port: /^\d+$/.test(text) ? Number(text) : text };
}

/** Connections to Redis, for sessions and for the cluster cache. */
export const redisFields = {
  redis: record(
    {
      ...sharedFields,
      prefix: string({ description: 'Key prefix of stored sessions.' }),
      socket: string({ description: 'Unix socket path; wins over host and port.' }),
      ...cloudAuthentication,
    },
    {
      shorthands,
      unsupported: true,
      since: '3.8',
      description: 'Redis connection used when session_storage is redis.',
    },
  ),
  cluster_cache_redis: record(
    { ...sharedFields, ...cloudAuthentication },
    {
      shorthands,
      unsupported: true,
      since: '3.8',
      description: 'Redis connection used when cluster_cache_strategy is redis.',
    },
  ),
};
