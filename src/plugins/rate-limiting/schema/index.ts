import { headerName } from '../../../pdk/index.ts';
import { boolean, type InferRecord, number, record, string } from '../../../schema/index.ts';
import { redisField, redisShorthands } from './redis.ts';

export type RateLimitingConfig = InferRecord<typeof rateLimitingConfig>;

const perWindow = { gt: 0 } as const;

export const rateLimitingConfig = record(
  {
    second: number({ ...perWindow, description: 'Requests in a second.' }),
    minute: number({ ...perWindow, description: 'Requests in a minute.' }),
    hour: number({ ...perWindow, description: 'Requests in an hour.' }),
    day: number({ ...perWindow, description: 'Requests in a day (UTC).' }),
    month: number({ ...perWindow, description: 'Requests in a calendar month (UTC).' }),
    year: number({ ...perWindow, description: 'Requests in a calendar year (UTC).' }),
    limit_by: string({
      default: 'consumer',
      one_of: ['consumer', 'credential', 'ip', 'service', 'header', 'path'],
      description:
        'Whose requests are counted together. A request without it (no consumer, no such header, another path) is ' +
        "counted for the client's address.",
    }),
    header_name: string({ ...headerName, description: 'The header, with `limit_by=header`.' }),
    path: string({ starts_with: '/', description: 'The path, with `limit_by=path`.' }),
    policy: string({
      default: 'local',
      one_of: ['local', 'cluster', 'redis'],
      unsupported: { values: ['cluster', 'redis'] },
      description: '`local`: the workers of this node count together, nodes each for themselves.',
    }),
    fault_tolerant: boolean({
      required: true,
      default: true,
      description:
        'When there is no room for a new counter: true forgets the one that has counted least, false refuses with 500.',
    }),
    redis: redisField,
    hide_client_headers: boolean({
      required: true,
      default: false,
      description: 'Leave out RateLimit-*, X-RateLimit-* and Retry-After.',
    }),
    error_code: number({
      default: 429,
      gt: 0,
      since: '3.1',
      validate: statusFault,
      description: 'Status of a refusal.',
    }),
    error_message: string({
      default: 'API rate limit exceeded',
      since: '3.1',
      description: 'Message of a refusal.',
    }),
    sync_rate: number({
      required: true,
      default: -1,
      since: '3.4',
      unsupported: true,
      description: 'Seconds between two exchanges with Redis; -1 is every request.',
    }),
  },
  { required: true, shorthands: redisShorthands },
);

function statusFault(value: number): string | undefined {
  return Number.isInteger(value) && value >= 200 && value <= 599 ? undefined : 'value should be between 200 and 599';
}
