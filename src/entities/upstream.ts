import {
  boolean,
  type CheckFault,
  distinct,
  type EntityCheck,
  foreign,
  type InferRecord,
  integer,
  isSet,
  type PlainObject,
  record,
  string,
} from '../schema/index.ts';
import { createdAtField, idField, tagsField, updatedAtField } from './common.ts';
import type { EntityDefinition } from './definition.ts';
import { headerNameFault, healthchecksRecord } from './healthchecks.ts';
import { hostWithPortFault, upstreamNameFault } from './host.ts';
import { servicePathFault } from './path.ts';

/** A virtual host name whose requests are spread over targets. */
export type Upstream = InferRecord<typeof upstreamRecord>;

const hashInputs = ['none', 'consumer', 'ip', 'header', 'cookie', 'path', 'query_arg', 'uri_capture'] as const;

export const upstreamRecord = record(
  {
    id: idField,
    created_at: createdAtField,
    name: string({
      required: true,
      unique: true,
      validate: upstreamNameFault,
      description: 'The host by which services name it, unique; usable in place of the id in paths.',
    }),
    updated_at: updatedAtField,
    algorithm: string({
      default: 'round-robin',
      one_of: ['consistent-hashing', 'least-connections', 'round-robin', 'latency'],
      description: 'How a target is chosen. A `hash_on` other than none means consistent-hashing.',
    }),
    hash_on: string({ default: 'none', one_of: hashInputs, description: 'What requests are hashed by.' }),
    hash_fallback: string({
      default: 'none',
      one_of: hashInputs,
      description: 'What requests are hashed by that lack the first.',
    }),
    hash_on_header: string({ validate: headerNameFault, description: 'The header of hash_on=header.' }),
    hash_fallback_header: string({ validate: headerNameFault, description: 'The header of hash_fallback=header.' }),
    hash_on_cookie: string({
      validate: cookieNameFault,
      description: 'The cookie of hash_on=cookie and hash_fallback=cookie; set where a request lacks it.',
    }),
    hash_on_cookie_path: string({
      default: '/',
      validate: cookiePathFault,
      description: 'Path of the cookie that is set.',
    }),
    hash_on_query_arg: string({ len_min: 1, description: 'The query argument of hash_on=query_arg.' }),
    hash_fallback_query_arg: string({ len_min: 1, description: 'The query argument of hash_fallback=query_arg.' }),
    hash_on_uri_capture: string({ len_min: 1, description: "The capture of the route's path of hash_on=uri_capture." }),
    hash_fallback_uri_capture: string({ len_min: 1, description: 'The capture of hash_fallback=uri_capture.' }),
    slots: integer({
      default: 10000,
      between: [10, 65536],
      description: 'Size of the ring of consistent-hashing.',
    }),
    healthchecks: healthchecksRecord(),
    tags: tagsField,
    host_header: string({
      validate: hostWithPortFault,
      description: 'Host sent upstream instead of the name of the target.',
    }),
    client_certificate: foreign('certificates', { description: 'Certificate shown to the targets.' }),
    use_srv_name: boolean({ default: false, description: 'Send the name in the SRV record as Host.' }),
  },
  { required: true, checks: hashChecks() },
);

export const upstreamDefinition: EntityDefinition<'upstreams'> = {
  kind: 'upstreams',
  key: 'name',
  record: upstreamRecord,
  unique: [['name']],
  foreign: [{ field: 'client_certificate', to: 'certificates', onDelete: 'restrict' }],
  tags: true,
  paths: { collection: 'upstreams', child: 'upstreams' },
  prepare: withAlgorithm,
};

/** Kong's sugar: an input to hash by asks for hashing, unless an algorithm was sent that cannot hash. */
function withAlgorithm(sent: PlainObject): PlainObject {
  const { algorithm, hash_on } = sent;
  if (algorithm === 'least-connections' || algorithm === 'latency') return { ...sent, hash_on: 'none' };
  if (typeof hash_on === 'string' && hash_on !== 'none') return { ...sent, algorithm: 'consistent-hashing' };
  return sent;
}

function hashChecks(): EntityCheck[] {
  const pairs = [
    ['hash_on_header', 'hash_fallback_header'],
    ['hash_on_query_arg', 'hash_fallback_query_arg'],
    ['hash_on_uri_capture', 'hash_fallback_uri_capture'],
  ];
  return [
    requiredWhen('hash_on', 'header', 'hash_on_header'),
    requiredWhen('hash_fallback', 'header', 'hash_fallback_header'),
    requiredWhen('hash_on', 'cookie', 'hash_on_cookie'),
    requiredWhen('hash_fallback', 'cookie', 'hash_on_cookie'),
    requiredWhen('hash_on', 'query_arg', 'hash_on_query_arg'),
    requiredWhen('hash_fallback', 'query_arg', 'hash_fallback_query_arg'),
    requiredWhen('hash_on', 'uri_capture', 'hash_on_uri_capture'),
    requiredWhen('hash_fallback', 'uri_capture', 'hash_fallback_uri_capture'),
    // Every request can be hashed by a cookie, since one is set; nothing is left to fall back to.
    ...['none', 'cookie'].map((input) => fallbackAmong(input, ['none'])),
    ...['consumer', 'ip', 'path'].map((input) =>
      fallbackAmong(
        input,
        hashInputs.filter((other) => other !== input),
      ),
    ),
    ...pairs.map((pair) => distinct(pair)),
  ];
}

function requiredWhen(choice: string, value: string, field: string): EntityCheck {
  return conditional(choice, value, field, { required: true }, (set) =>
    isSet(set) ? undefined : 'required field missing',
  );
}

function fallbackAmong(input: string, allowed: readonly string[]): EntityCheck {
  return conditional('hash_on', input, 'hash_fallback', { one_of: allowed }, (set) =>
    set === undefined || set === null || allowed.some((one) => one === set)
      ? undefined
      : `expected one of: ${allowed.join(', ')}`,
  );
}

/** Kong's `conditional`: `field` must pass while `choice` has the value; an absent choice has its default. */
function conditional(
  choice: string,
  value: string,
  field: string,
  match: PlainObject,
  judge: (set: unknown) => string | undefined,
): EntityCheck {
  return {
    fields: [choice, field],
    kong: {
      conditional: { if_field: choice, if_match: { match: `^${value}$` }, then_field: field, then_match: match },
    },
    run: (upstream): readonly CheckFault[] => {
      if ((upstream[choice] ?? 'none') !== value) return [];
      const message = judge(upstream[field]);
      if (message === undefined) return [];
      return [{ message: `failed conditional validation given value of field '${choice}'` }, { field, message }];
    },
  };
}

function cookieNameFault(name: string): string | undefined {
  if (/^[A-Za-z0-9_-]+$/.test(name)) return undefined;
  return `bad cookie name '${name}', allowed characters are A-Z, a-z, 0-9, '_', and '-'`;
}

/** The path stands in a Set-Cookie, where a semicolon would end it (RFC 6265 §4.1.1). */
function cookiePathFault(path: string): string | undefined {
  return (
    servicePathFault(path) ?? (path.includes(';') ? `invalid path: '${path}' (a cookie's path has no ;)` : undefined)
  );
}
