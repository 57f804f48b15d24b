import {
  any,
  boolean,
  foreign,
  type InferRecord,
  kongSchema,
  type PlainObject,
  type RecordField,
  record,
  set,
  string,
} from '../schema/index.ts';
import { createdAtField, idField, optionalReference, tagsField, updatedAtField } from './common.ts';
import type { EntityDefinition } from './definition.ts';
import { protocols } from './protocols.ts';

/** A plugin entry: which plugin, where it applies, and its configuration, whose type only the plugin knows. */
export type PluginEntity = Omit<InferRecord<ReturnType<typeof pluginRecord>>, 'config'> & {
  readonly config: PlainObject;
};

/** The part of a plugin that shapes its entries. */
export interface PluginShape {
  readonly name: string;
  readonly config: RecordField;
  /** Whether an entry may be bound to one consumer. */
  readonly consumerScope: boolean;
}

/** Kong's default, taken as is although only http and https are proxied. */
const defaultProtocols = ['grpc', 'grpcs', 'http', 'https'] as const;

const streamOnly = { values: ['tcp', 'tls', 'tls_passthrough', 'udp'] } as const;

/**
 * The record of the entries of one plugin; without a shape the configuration stays unread, for names nobody knows and
 * for places that only keep entries.
 */
export function pluginRecord(shape?: PluginShape) {
  return record(
    {
      id: idField,
      name: string({ required: true, description: 'Name of the plugin.' }),
      instance_name: string({ unique: true, description: 'Name of this entry, unique; usable in place of the id.' }),
      created_at: createdAtField,
      updated_at: updatedAtField,
      route: optionalReference('routes', 'Only requests of this route.'),
      service: optionalReference('services', 'Only requests to this service.'),
      consumer: foreign('consumers', {
        default: null,
        ...(shape?.consumerScope === false && { eq_null: true }),
        description: 'Only requests of this consumer.',
      }),
      config: configField(shape),
      protocols: set(string({ one_of: protocols, unsupported: streamOnly }), {
        required: true,
        default: defaultProtocols,
        description: 'Protocols of the requests it applies to.',
      }),
      enabled: boolean({ required: true, default: true, description: 'False keeps the entry without effect.' }),
      tags: tagsField,
    },
    { required: true },
  );
}

export const pluginDefinition: EntityDefinition<'plugins'> = {
  kind: 'plugins',
  key: 'instance_name',
  record: pluginRecord(),
  unique: [['instance_name'], ['name', 'route', 'service', 'consumer']],
  foreign: [
    { field: 'route', to: 'routes', onDelete: 'cascade' },
    { field: 'service', to: 'services', onDelete: 'cascade' },
    { field: 'consumer', to: 'consumers', onDelete: 'cascade' },
  ],
  tags: true,
  paths: { collection: 'plugins', child: 'plugins' },
};

/** Kong's fault for a plugin that is not there, at the field `name`. */
export function unknownPluginText(name: string): string {
  return `plugin '${name}' not enabled; add it to the 'plugins' configuration property`;
}

/** `/schemas/plugins/{name}`: the consumer field where it is pinned to null, protocols, config. */
export function pluginSchemaDocument(shape: PluginShape): PlainObject {
  const whole = pluginRecord(shape).fields;
  const pinned = shape.consumerScope ? {} : { consumer: whole.consumer };
  return { ...kongSchema(record({ ...pinned, protocols: whole.protocols, config: whole.config })) };
}

/**
 * Kong's rule about an entry bound to a route, or to a service that has routes: they must share a protocol. Returns
 * the fault text of the field `protocols`.
 */
export function pluginProtocolsFault(
  entry: readonly string[],
  bound:
    | { readonly to: 'route'; readonly protocols: readonly string[] }
    | { readonly to: 'service'; readonly routes: readonly (readonly string[])[] },
): string | undefined {
  const shares = (other: readonly string[]) => other.some((protocol) => entry.includes(protocol));
  if (bound.to === 'route') {
    return shares(bound.protocols) ? undefined : "must match the associated route's protocols";
  }
  if (bound.routes.length === 0 || bound.routes.some(shares)) return undefined;
  return "must match the protocols of at least one route pointing to this Plugin's service";
}

/** The configuration is always present: an absent one is filled from the defaults inside it. */
function configField(shape: PluginShape | undefined): RecordField | ReturnType<typeof any> {
  if (shape === undefined) return any();
  return { ...shape.config, attributes: { ...shape.config.attributes, required: true } };
}
