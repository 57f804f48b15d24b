import { type AnyField, boolean, integer, record, type Shorthand, string } from '../../../schema/index.ts';

/** Milliseconds. */
const timeoutRange = [0, 2147483646] as const;

/** The connection of `policy=redis`, declared so that it is refused by name. */
export const redisField = record(
  {
    host: string({ description: 'Server.' }),
    port: integer({ default: 6379, between: [0, 65535], description: 'Port.' }),
    timeout: integer({ default: 2000, between: timeoutRange, description: 'Milliseconds for each step.' }),
    username: string({ referenceable: true, description: 'ACL user.' }),
    password: string({ referenceable: true, encrypted: true, description: 'Password.' }),
    database: integer({ default: 0, description: 'Database number.' }),
    ssl: boolean({ default: false, description: 'Use TLS.' }),
    ssl_verify: boolean({ default: false, description: 'Verify the certificate of the server.' }),
    server_name: string({ description: 'SNI name for TLS.' }),
  },
  { required: true, unsupported: true, since: '3.6', description: 'Redis connection of `policy=redis`.' },
);

/** Names of 3.0 to 3.5. */
export const redisShorthands: readonly Shorthand[] = [
  renamed('redis_host', string(), 'host', null),
  renamed('redis_port', integer({ between: [0, 65535] }), 'port', 6379),
  renamed('redis_password', string(), 'password', null),
  renamed('redis_username', string(), 'username', null),
  renamed('redis_ssl', boolean(), 'ssl', false),
  renamed('redis_ssl_verify', boolean(), 'ssl_verify', false),
  renamed('redis_server_name', string(), 'server_name', null),
  renamed('redis_timeout', integer({ between: timeoutRange }), 'timeout', 2000),
  renamed('redis_database', integer(), 'database', 0),
];

function renamed(name: string, field: AnyField, to: string, oldDefault: unknown): Shorthand {
  return { kind: 'renamed', name, field, to: [['redis', to]], oldDefault };
}
