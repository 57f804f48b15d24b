import { foreign, type InferRecord, record, string } from '../schema/index.ts';
import { createdAtField, idField, tagsField } from './common.ts';
import type { EntityDefinition } from './definition.ts';

/** A consumer's membership of a group, for the acl plugin. */
export type Acl = InferRecord<typeof aclRecord>;

export const aclRecord = record(
  {
    id: idField,
    created_at: createdAtField,
    consumer: foreign('consumers', { required: true, description: 'The member.' }),
    group: string({ required: true, description: 'Name of the group; once per consumer.' }),
    tags: tagsField,
  },
  { required: true },
);

export const aclDefinition: EntityDefinition<'acls'> = {
  kind: 'acls',
  key: undefined,
  keyWithin: { field: 'group', within: 'consumer' },
  record: aclRecord,
  unique: [['consumer', 'group']],
  foreign: [{ field: 'consumer', to: 'consumers', onDelete: 'cascade' }],
  tags: true,
  paths: { collection: 'acls', child: 'acls' },
};
