import { headerName } from '../../pdk/index.ts';
import { array, boolean, type InferRecord, record, string } from '../../schema/index.ts';

export type KeyAuthConfig = InferRecord<typeof keyAuthConfig>;

export const keyAuthConfig = record(
  {
    key_names: array(string(headerName), {
      required: true,
      default: ['apikey'],
      description: 'Names of the header, query argument or body member that holds the key, in the order of the search.',
    }),
    hide_credentials: boolean({
      required: true,
      default: false,
      description: 'Remove the key from the request before it goes upstream.',
    }),
    anonymous: string({
      description: 'Id or username of the consumer that stands in for callers without a good key; unset refuses them.',
    }),
    key_in_header: boolean({ required: true, default: true, description: 'Look for the key in headers.' }),
    key_in_query: boolean({ required: true, default: true, description: 'Look for the key in the query.' }),
    key_in_body: boolean({
      required: true,
      default: false,
      description: 'Look for the key in form and JSON bodies up to 1 MiB, when headers and query hold none.',
    }),
    run_on_preflight: boolean({ required: true, default: true, description: 'Ask OPTIONS requests for a key too.' }),
    realm: string({ since: '3.7', description: 'Realm in WWW-Authenticate.' }),
  },
  { required: true },
);
