import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { selfSignedCertificate } from '../src/base/certificate.ts';

/** Files of the one certificate that every measured server shows, so that handshakes and records cost the same. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

export async function writeCertificate(folder: string): Promise<TlsFiles> {
  const made = await selfSignedCertificate({ commonName: 'localhost', altNames: ['localhost', '127.0.0.1'] });
  const files = { cert: join(folder, 'bench.crt'), key: join(folder, 'bench.key') };
  writeFileSync(files.cert, made.cert);
  writeFileSync(files.key, made.key, { mode: 0o600 });
  return files;
}
