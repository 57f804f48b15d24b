import { foreign, type InferRecord, integer, number, type PlainObject, record, string } from '../schema/index.ts';
import { idField, tagsField } from './common.ts';
import type { EntityDefinition } from './definition.ts';
import { targetFault, targetText } from './host.ts';

/** One address of an upstream, with its share of the traffic. */
export type Target = InferRecord<typeof targetRecord>;

export const targetRecord = record(
  {
    id: idField,
    created_at: number({ timestamp: true, auto: true, description: 'Unix time in seconds, to the millisecond.' }),
    updated_at: number({
      timestamp: true,
      auto: true,
      refreshed: true,
      description: 'Unix time in seconds of the last write, to the millisecond.',
    }),
    upstream: foreign('upstreams', { required: true, description: 'The upstream it belongs to.' }),
    target: string({
      required: true,
      validate: targetFault,
      description: 'Host name or address with a port; 8000 where none is given. Once per upstream.',
    }),
    weight: integer({
      default: 100,
      between: [0, 65535],
      description: 'Share of the traffic against the other targets; 0 takes none.',
    }),
    tags: tagsField,
  },
  { required: true },
);

export const targetDefinition: EntityDefinition<'targets'> = {
  kind: 'targets',
  key: undefined,
  keyWithin: { field: 'target', within: 'upstream' },
  record: targetRecord,
  unique: [['upstream', 'target']],
  foreign: [{ field: 'upstream', to: 'upstreams', onDelete: 'cascade' }],
  tags: true,
  paths: { collection: undefined, child: 'targets' },
  prepare: withPort,
};

/** The stored form always names a port, so that one address cannot occur in two spellings. */
function withPort(value: PlainObject): PlainObject {
  const { target } = value;
  return typeof target === 'string' && targetFault(target) === undefined
    ? { ...value, target: targetText(target) }
    : value;
}
