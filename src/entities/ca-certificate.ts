import { type InferRecord, type PlainObject, record, string } from '../schema/index.ts';
import { createdAtField, idField, tagsField, updatedAtField } from './common.ts';
import type { EntityDefinition } from './definition.ts';
import { caFault, certificateDigest } from './x509.ts';

/** The certificate of an authority that services and plugins may trust. */
export type CaCertificate = InferRecord<typeof caCertificateRecord>;

export const caCertificateRecord = record(
  {
    id: idField,
    created_at: createdAtField,
    updated_at: updatedAtField,
    cert: string({
      required: true,
      validate: (pem: string) => caFault(pem, Date.now()),
      description: 'One certificate in PEM with the basic constraint CA, not expired.',
    }),
    cert_digest: string({ unique: true, description: 'SHA-256 of the certificate in hex, filled in on every write.' }),
    tags: tagsField,
  },
  { required: true },
);

export const caCertificateDefinition: EntityDefinition<'ca_certificates'> = {
  kind: 'ca_certificates',
  key: undefined,
  record: caCertificateRecord,
  unique: [['cert_digest']],
  foreign: [],
  tags: true,
  paths: { collection: 'ca_certificates', child: 'ca_certificates' },
  prepare: withDigest,
  keep: withDigest,
};

/** Whatever digest was sent: one that does not fit would let a certificate occur twice. */
function withDigest(value: PlainObject): PlainObject {
  const digest = typeof value['cert'] === 'string' ? certificateDigest(value['cert']) : undefined;
  return digest === undefined ? value : { ...value, cert_digest: digest };
}
