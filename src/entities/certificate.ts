import {
  allOrNone,
  array,
  type EntityCheck,
  type InferRecord,
  isSet,
  type PlainObject,
  record,
  string,
} from '../schema/index.ts';
import { createdAtField, idField, tagsField, updatedAtField } from './common.ts';
import type { EntityDefinition } from './definition.ts';
import { wildcardServerNameFault } from './host.ts';
import { certificateFault, certificateKeyType, pairFault, privateKeyFault } from './x509.ts';

/** A certificate with its key, and a second pair of another key type. Its names are entities of their own. */
export type Certificate = Omit<InferRecord<typeof certificateRecord>, 'snis'>;

export const certificateRecord = record(
  {
    id: idField,
    created_at: createdAtField,
    updated_at: updatedAtField,
    cert: string({
      required: true,
      referenceable: true,
      validate: certificateFault,
      description: 'Certificate in PEM, followed by its chain.',
    }),
    key: string({
      required: true,
      referenceable: true,
      encrypted: true,
      validate: privateKeyFault,
      description: 'Private key of the certificate in PEM, without a passphrase.',
    }),
    cert_alt: string({
      referenceable: true,
      validate: certificateFault,
      description: 'A second certificate whose key is of another type (RSA and ECDSA).',
    }),
    key_alt: string({
      referenceable: true,
      encrypted: true,
      validate: privateKeyFault,
      description: 'Private key of the second certificate.',
    }),
    tags: tagsField,
    snis: array(string({ validate: wildcardServerNameFault }), {
      description: 'Server names the certificate is shown for; written as entities of snis.',
    }),
  },
  {
    required: true,
    checks: [
      allOrNone(['cert_alt', 'key_alt']),
      matchingPair('cert', 'key'),
      matchingPair('cert_alt', 'key_alt'),
      otherKeyType(),
    ],
  },
);

export const certificateDefinition: EntityDefinition<'certificates'> = {
  kind: 'certificates',
  key: undefined,
  record: certificateRecord,
  unique: [],
  foreign: [],
  tags: true,
  paths: { collection: 'certificates', child: 'certificates' },
  written: ['snis'],
  keep: ({ snis: _, ...kept }) => kept,
};

function matchingPair(cert: string, key: string): EntityCheck {
  return {
    fields: [cert, key],
    run: (value) => {
      const [certPem, keyPem] = textsOf(value, cert, key);
      if (certPem === undefined || keyPem === undefined) return [];
      const message = pairFault(certPem, keyPem);
      return message === undefined ? [] : [{ message }];
    },
  };
}

/** Two pairs of one type would leave it to chance which a client sees. */
function otherKeyType(): EntityCheck {
  return {
    fields: ['cert', 'cert_alt'],
    run: (value) => {
      const [cert, other] = textsOf(value, 'cert', 'cert_alt');
      if (cert === undefined || other === undefined) return [];
      const type = certificateKeyType(cert);
      if (type === undefined || type !== certificateKeyType(other)) return [];
      return [{ message: `the keys of cert and cert_alt must be of different types, both are ${type}` }];
    },
  };
}

function textsOf(value: PlainObject, ...names: readonly string[]): (string | undefined)[] {
  return names.map((name) => {
    const text = value[name];
    return isSet(text) && typeof text === 'string' ? text : undefined;
  });
}
