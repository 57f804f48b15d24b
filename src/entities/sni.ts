import { foreign, type InferRecord, record, string } from '../schema/index.ts';
import { createdAtField, idField, tagsField, updatedAtField } from './common.ts';
import type { EntityDefinition } from './definition.ts';
import { wildcardServerNameFault } from './host.ts';

/** A TLS server name and the certificate that is shown for it. */
export type Sni = InferRecord<typeof sniRecord>;

export const sniRecord = record(
  {
    id: idField,
    name: string({
      required: true,
      unique: true,
      validate: wildcardServerNameFault,
      description: 'Server name, unique; one * may stand at an end.',
    }),
    created_at: createdAtField,
    updated_at: updatedAtField,
    tags: tagsField,
    certificate: foreign('certificates', { required: true, description: 'The certificate shown for the name.' }),
  },
  { required: true },
);

export const sniDefinition: EntityDefinition<'snis'> = {
  kind: 'snis',
  key: 'name',
  record: sniRecord,
  unique: [['name']],
  // Kong deletes the names with their certificate, although its schema says restrict.
  foreign: [{ field: 'certificate', to: 'certificates', onDelete: 'cascade', withoutPath: true }],
  tags: true,
  paths: { collection: 'snis', child: 'snis' },
};
