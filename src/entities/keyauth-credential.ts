import { foreign, type InferRecord, integer, type PlainObject, record, string } from '../schema/index.ts';
import { createdAtField, idField, tagsField } from './common.ts';
import type { EntityDefinition } from './definition.ts';

/** A key that identifies a consumer to the key-auth plugin, as it is kept. */
export type KeyauthCredential = Omit<InferRecord<typeof keyauthCredentialRecord>, 'ttl'> & {
  /** Unix time in seconds from which on the key is none; absent where it never ends. */
  readonly expires_at?: number;
};

export const keyauthCredentialRecord = record(
  {
    id: idField,
    created_at: createdAtField,
    consumer: foreign('consumers', { required: true, description: 'The consumer it identifies.' }),
    key: string({ unique: true, auto: true, description: 'The key, unique; 32 random characters unless given.' }),
    tags: tagsField,
    ttl: integer({
      between: [0, 100000000],
      description: 'Seconds until the key ends; never with null or 0. Answers show the seconds that are left.',
    }),
  },
  { required: true },
);

export const keyauthCredentialDefinition: EntityDefinition<'keyauth_credentials'> = {
  kind: 'keyauth_credentials',
  key: 'key',
  record: keyauthCredentialRecord,
  unique: [['key']],
  foreign: [{ field: 'consumer', to: 'consumers', onDelete: 'cascade' }],
  tags: true,
  paths: { collection: 'key-auths', child: 'key-auth' },
  expires: true,
  keep: withEnd,
  show: withTimeLeft,
};

function withEnd({ ttl, ...kept }: PlainObject, nowSeconds: number): PlainObject {
  return typeof ttl === 'number' && ttl > 0 ? { ...kept, expires_at: nowSeconds + ttl } : kept;
}

function withTimeLeft({ expires_at, ...shown }: PlainObject, nowSeconds: number): PlainObject {
  return { ...shown, ttl: typeof expires_at === 'number' ? Math.max(expires_at - nowSeconds, 0) : null };
}
