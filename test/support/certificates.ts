import { generate, type SelfsignedOptions } from 'selfsigned';

/** Certificate and private key, both PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface TestCertificateOptions {
  readonly commonName?: string;
  /** DNS names. */
  readonly names?: readonly string[];
  readonly keyType?: 'ec' | 'rsa';
  /** With the basic constraint CA. */
  readonly authority?: boolean;
  /** Signs it; itself without one. */
  readonly issuer?: TestCertificate;
  readonly notAfter?: Date;
}

const dayMs = 86_400_000;

/** A certificate for a test: P-256 and valid for a day unless told otherwise. */
export async function testCertificate(options: TestCertificateOptions = {}): Promise<TestCertificate> {
  const { commonName = 'test.example', names = [commonName], keyType = 'ec', authority = false, issuer } = options;
  const notAfterDate = options.notAfter ?? new Date(Date.now() + dayMs);
  const settings: SelfsignedOptions = {
    keyType,
    algorithm: 'sha256',
    ...(keyType === 'ec' ? { curve: 'P-256' } : { keySize: 2048 }),
    notBeforeDate: new Date(Math.min(Date.now(), notAfterDate.getTime()) - dayMs),
    notAfterDate,
    ...(issuer !== undefined && { ca: { key: issuer.key, cert: issuer.cert } }),
    extensions: [
      { name: 'basicConstraints', cA: authority, critical: true },
      ...(authority
        ? [{ name: 'keyUsage' as const, keyCertSign: true, cRLSign: true, critical: true }]
        : [
            { name: 'keyUsage' as const, digitalSignature: true, keyEncipherment: keyType === 'rsa', critical: true },
            { name: 'extKeyUsage' as const, serverAuth: true, clientAuth: true },
          ]),
      { name: 'subjectAltName', altNames: names.map((value) => ({ type: 2 as const, value })) },
    ],
  };
  const made = await generate([{ name: 'commonName', value: commonName }], settings);
  return { cert: made.cert, key: made.private };
}
