import { atLeastOneOf, type InferRecord, record, string } from '../schema/index.ts';
import { createdAtField, idField, tagsField, updatedAtField } from './common.ts';
import type { EntityDefinition } from './definition.ts';

/** The local record of a caller. */
export type Consumer = InferRecord<typeof consumerRecord>;

export const consumerRecord = record(
  {
    id: idField,
    created_at: createdAtField,
    updated_at: updatedAtField,
    username: string({ unique: true, description: 'Name, unique; usable in place of the id in paths.' }),
    custom_id: string({ unique: true, description: 'Id of the caller in another system, unique.' }),
    tags: tagsField,
  },
  { required: true, checks: [atLeastOneOf(['custom_id', 'username'])] },
);

export const consumerDefinition: EntityDefinition<'consumers'> = {
  kind: 'consumers',
  key: 'username',
  record: consumerRecord,
  unique: [['username'], ['custom_id']],
  foreign: [],
  tags: true,
  paths: { collection: 'consumers', child: 'consumers' },
};
