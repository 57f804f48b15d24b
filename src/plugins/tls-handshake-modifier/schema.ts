import { type InferRecord, record, string } from '../../schema/index.ts';

export type TlsHandshakeModifierConfig = InferRecord<typeof tlsHandshakeModifierConfig>;

export const tlsHandshakeModifierConfig = record(
  {
    tls_client_certificate: string({
      default: 'REQUEST',
      one_of: ['REQUEST'],
      description: '`REQUEST`: clients are asked for a certificate in the handshake, and may go on without one.',
    }),
  },
  { required: true },
);
