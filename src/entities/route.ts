import {
  array,
  boolean,
  type EntityCheck,
  type InferRecord,
  integer,
  map,
  type PlainObject,
  record,
  set,
  string,
} from '../schema/index.ts';
import { createdAtField, idField, optionalReference, tagsField, uniqueName, updatedAtField } from './common.ts';
import type { EntityDefinition } from './definition.ts';
import { headerNameFault } from './healthchecks.ts';
import { routeHostFault, serverNameFault } from './host.ts';
import { type CheckRegex, routePathFault } from './path.ts';
import { protocols, routeProtocolsFault, unsupportedProtocols } from './protocols.ts';

/** What selects requests and ties them to a service. */
export type Route = InferRecord<ReturnType<typeof routeRecord>>;

/** The record of routes; patterns in `paths` and `headers` are compiled by `checkRegex`. */
export function routeRecord(checkRegex: CheckRegex) {
  return record(
    {
      id: idField,
      created_at: createdAtField,
      updated_at: updatedAtField,
      name: uniqueName('Name, unique; usable in place of the id in paths.'),
      protocols: set(string({ one_of: protocols, unsupported: unsupportedProtocols }), {
        required: true,
        default: ['http', 'https'],
        len_min: 1,
        precheck: routeProtocolsFault,
        description: 'Protocols of the requests it takes.',
      }),
      https_redirect_status_code: integer({
        required: true,
        default: 426,
        one_of: [426, 301, 302, 307, 308],
        description: 'Answer to a plain request when only https is allowed.',
      }),
      strip_path: boolean({ required: true, default: true, description: 'Remove the matched path before forwarding.' }),
      preserve_host: boolean({ required: true, default: false, description: 'Forward the Host of the request.' }),
      request_buffering: boolean({
        required: true,
        default: true,
        description: 'Accepted for compatibility: request bodies are always streamed.',
      }),
      response_buffering: boolean({
        required: true,
        default: true,
        description: 'Accepted for compatibility: response bodies are always streamed.',
      }),
      tags: tagsField,
      service: optionalReference('services', 'The service it forwards to; a plugin must answer without one.'),
      snis: set(string({ validate: serverNameFault }), {
        description: 'Server names of TLS; requests without TLS match whatever is listed.',
      }),
      sources: set(addressRecord(), {
        unsupported: { because: streamOnly('sources') },
        description: 'Client addresses of stream routes.',
      }),
      destinations: set(addressRecord(), {
        unsupported: { because: streamOnly('destinations') },
        description: 'Local addresses of stream routes.',
      }),
      methods: set(string({ match: { pattern: '^%u+$', test: /^[A-Z]+$/ } }), {
        description: 'Request methods, in upper case.',
      }),
      hosts: array(string({ validate: routeHostFault }), {
        description: 'Host names; one * may stand for the leftmost or rightmost label, a port may follow.',
      }),
      paths: array(string({ validate: (path: string) => routePathFault(path, checkRegex) }), {
        description: 'Prefixes beginning with /, or patterns beginning with ~/.',
      }),
      headers: map(
        string({ validate: routeHeaderFault }),
        array(string(), { validate: (values: readonly unknown[]) => headerValuesFault(values, checkRegex) }),
        { description: 'Header names with their accepted values; a single value beginning with ~* is a pattern.' },
      ),
      regex_priority: integer({ default: 0, description: 'Higher is tried earlier among patterns.' }),
      path_handling: string({
        default: 'v0',
        one_of: ['v0', 'v1'],
        description: 'How service path and rest are joined.',
      }),
    },
    { required: true, checks: [needsMatcher, snisNeedTls] },
  );
}

export function routeDefinition(checkRegex: CheckRegex): EntityDefinition<'routes'> {
  return {
    kind: 'routes',
    key: 'name',
    record: routeRecord(checkRegex),
    unique: [['name']],
    foreign: [{ field: 'service', to: 'services', onDelete: 'restrict' }],
    tags: true,
    paths: { collection: 'routes', child: 'routes' },
  };
}

function addressRecord() {
  return record({ ip: string(), port: integer({ between: [0, 65535] }) });
}

const matchersOfHttp = ['methods', 'hosts', 'headers', 'paths'] as const;
const matchersOfHttps = [...matchersOfHttp, 'snis'] as const;

/** A route that nothing selects would take every request, so Kong wants one criterion. */
const needsMatcher: EntityCheck = {
  fields: ['protocols', ...matchersOfHttps],
  kong: {
    conditional_at_least_one_of: {
      if_field: 'protocols',
      if_match: { contains: 'https' },
      then_at_least_one_of: matchersOfHttps,
      then_err: "must set one of %s when 'protocols' is 'https'",
      else_match: { contains: 'http' },
      else_then_at_least_one_of: matchersOfHttp,
      else_then_err: "must set one of %s when 'protocols' is 'http'",
    },
  },
  run(route) {
    const sent = Array.isArray(route['protocols']) ? route['protocols'] : ['http', 'https'];
    const protocol = sent.includes('https') ? 'https' : 'http';
    const matchers = protocol === 'https' ? matchersOfHttps : matchersOfHttp;
    if (matchers.some((matcher) => nonEmpty(route, matcher))) return [];
    const names = matchers.map((matcher) => `'${matcher}'`).join(', ');
    return [{ message: `must set one of ${names} when 'protocols' is '${protocol}'` }];
  },
};

const snisText = "'snis' can only be set when 'protocols' is 'grpcs', 'https', 'tls' or 'tls_passthrough'";

/** Without TLS there is no server name to select by. */
const snisNeedTls: EntityCheck = {
  fields: ['protocols', 'snis'],
  kong: {
    conditional: {
      if_field: 'protocols',
      if_match: { elements: { type: 'string', not_one_of: ['grpcs', 'https', 'tls', 'tls_passthrough'] } },
      then_field: 'snis',
      then_match: { len_eq: 0 },
      then_err: snisText,
    },
  },
  run(route) {
    const sent = Array.isArray(route['protocols']) ? route['protocols'] : ['http', 'https'];
    if (sent.includes('https') || !nonEmpty(route, 'snis')) return [];
    return [{ message: snisText }, { field: 'snis', message: 'length must be 0' }];
  },
};

/** Kong's fault for a field of stream routes on any other. */
function streamOnly(field: string): string {
  return `cannot set '${field}' when 'protocols' is 'http' or 'https'`;
}

/** An empty list or map selects nothing, so it does not count as a criterion. */
function nonEmpty(route: PlainObject, field: string): boolean {
  const value = route[field];
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function routeHeaderFault(name: string): string | undefined {
  if (name.toLowerCase() === 'host')
    return "cannot contain 'host' header, which must be specified in the 'hosts' attribute";
  return headerNameFault(name);
}

function headerValuesFault(values: readonly unknown[], checkRegex: CheckRegex): string | undefined {
  const [value] = values;
  if (values.length !== 1 || typeof value !== 'string' || !value.startsWith('~*')) return undefined;
  const pattern = value.slice(2);
  const reason = checkRegex(pattern);
  return reason === undefined ? undefined : `invalid regex: '${pattern}' (PCRE returned: ${reason})`;
}
