import {
  array,
  boolean,
  foreign,
  type InferRecord,
  integer,
  nullWhen,
  record,
  type Shorthand,
  string,
} from '../schema/index.ts';
import { createdAtField, idField, tagsField, uniqueName, updatedAtField } from './common.ts';
import type { EntityDefinition } from './definition.ts';
import { hostFault } from './host.ts';
import { servicePathFault } from './path.ts';
import { protocols, unsupportedProtocols } from './protocols.ts';

/** An API behind the gateway: where and how requests are forwarded. */
export type Service = InferRecord<typeof serviceRecord>;

const timeoutMsMax = 2147483646;

const pathless = ['tcp', 'tls', 'udp', 'grpc', 'grpcs'];

const tlsOnly = ['client_certificate', 'tls_verify', 'tls_verify_depth', 'ca_certificates'] as const;

const url: Shorthand = {
  kind: 'expanded',
  name: 'url',
  field: string({ validate: urlFault }),
  description: 'Sets protocol, host, port and path together.',
  expand: expandUrl,
};

export const serviceRecord = record(
  {
    id: idField,
    created_at: createdAtField,
    updated_at: updatedAtField,
    name: uniqueName('Name, unique; usable in place of the id in paths.'),
    retries: integer({ default: 5, between: [0, 32767], description: 'Further tries after a failed connection.' }),
    protocol: string({
      required: true,
      default: 'http',
      one_of: protocols,
      unsupported: unsupportedProtocols,
      description: 'Protocol towards the service.',
    }),
    host: string({ required: true, validate: hostFault, description: 'Host name or address, without a port.' }),
    port: integer({ required: true, default: 80, between: [0, 65535], description: 'Port of the service.' }),
    path: string({ validate: servicePathFault, description: 'Put before the path of every request.' }),
    connect_timeout: integer({
      default: 60000,
      between: [1, timeoutMsMax],
      description: 'Milliseconds to establish a connection.',
    }),
    write_timeout: integer({
      default: 60000,
      between: [1, timeoutMsMax],
      description: 'Milliseconds between two writes to the service.',
    }),
    read_timeout: integer({
      default: 60000,
      between: [1, timeoutMsMax],
      description: 'Milliseconds between two reads from the service.',
    }),
    tags: tagsField,
    client_certificate: foreign('certificates', {
      description: 'Certificate shown to the service.',
    }),
    tls_verify: boolean({ description: 'Verify the certificate of the service; null follows the node-wide setting.' }),
    tls_verify_depth: integer({
      default: null,
      between: [0, 64],
      description: 'Longest accepted certificate chain.',
    }),
    ca_certificates: array(string({ uuid: true }), {
      description: 'Ids of the CA certificates to trust.',
    }),
    enabled: boolean({ required: true, default: true, description: 'False takes its routes out of the router.' }),
  },
  {
    required: true,
    shorthands: [url],
    checks: [
      nullWhen({
        field: 'protocol',
        holds: (protocol) => pathless.some((name) => name === protocol),
        kong: { one_of: pathless },
        target: 'path',
      }),
      ...tlsOnly.map((field) =>
        nullWhen({
          field: 'protocol',
          holds: (protocol) => protocol !== 'https' && protocol !== 'tls',
          kong: { not_one_of: ['https', 'tls'] },
          target: field,
        }),
      ),
    ],
  },
);

export const serviceDefinition: EntityDefinition<'services'> = {
  kind: 'services',
  key: 'name',
  record: serviceRecord,
  unique: [['name']],
  foreign: [
    { field: 'client_certificate', to: 'certificates', onDelete: 'restrict' },
    { field: 'ca_certificates', to: 'ca_certificates', onDelete: 'restrict', list: true },
  ],
  tags: true,
  paths: { collection: 'services', child: 'services' },
};

/** Kong's default ports; every protocol but the two TLS ones it knows from URLs means 80. */
function expandUrl(value: string): { readonly [name: string]: unknown } {
  const { protocol, host, port, path } = splitUrl(value);
  return { protocol, host, port: port === '' ? (protocol === 'https' ? 443 : 80) : Number(port), path: path || null };
}

/** Read by hand: a URL parser would normalise the path and accept user names, both of which must be refused by name. */
function splitUrl(value: string) {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(\[[^\]/]*\]|[^/?#:]*)(?::(\d*))?([/?#].*)?$/s.exec(value);
  return {
    protocol: match?.[1]?.toLowerCase(),
    host: match?.[2] ?? '',
    port: match?.[3] ?? '',
    path: match?.[4] ?? '',
  };
}

function urlFault(value: string): string | undefined {
  const { protocol, host } = splitUrl(value);
  if (protocol === undefined || host === '') return 'expected an absolute URL such as http://host:port/path';
  return undefined;
}
