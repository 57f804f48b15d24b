import { regexFault } from '../../base/regex.ts';
import { headerNameFault } from '../../pdk/index.ts';
import { array, boolean, type InferRecord, number, record, string } from '../../schema/index.ts';

export type CorsConfig = InferRecord<typeof corsConfig>;

const methods = ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'] as const;

export const corsConfig = record(
  {
    origins: array(string({ validate: originFault }), {
      description:
        'Origins that may call: `*`, an exact origin or host name, or a regex for the whole of one. An entry with `:` is ' +
        'compared with the origin, others with its host name. Unset means `*`.',
    }),
    headers: array(string({ validate: headerFault }), {
      description: 'Access-Control-Allow-Headers; unset repeats what the preflight asked for.',
    }),
    exposed_headers: array(string({ validate: headerFault }), { description: 'Access-Control-Expose-Headers.' }),
    methods: array(string({ one_of: methods }), { default: methods, description: 'Access-Control-Allow-Methods.' }),
    max_age: number({
      validate: secondsFault,
      description: 'Seconds for which browsers may keep the answer to a preflight (Access-Control-Max-Age).',
    }),
    credentials: boolean({
      required: true,
      default: false,
      description: 'Let pages send cookies and other credentials (Access-Control-Allow-Credentials).',
    }),
    private_network: boolean({
      required: true,
      default: false,
      since: '3.5',
      description: 'Answer preflights for private networks (Access-Control-Allow-Private-Network).',
    }),
    preflight_continue: boolean({
      required: true,
      default: false,
      description: 'Leave the answer to preflights to the upstream.',
    }),
  },
  { required: true },
);

function secondsFault(value: number): string | undefined {
  return value >= 0 && Number.isInteger(value) ? undefined : 'expected whole seconds, 0 or more';
}

function originFault(value: string): string | undefined {
  return value === '*' || regexFault(value) === undefined ? undefined : `'${value}' is not a valid regex`;
}

function headerFault(value: string): string | undefined {
  return value === '*' || /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(value) ? undefined : headerNameFault(value);
}
