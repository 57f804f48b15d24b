import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';

/** Certificate and private key, both PEM. */
export interface GeneratedCertificate {
  readonly cert: string;
  readonly key: string;
}

const dayMs = 24 * 60 * 60 * 1000;
const validityDays = 3650;
const renewalDays = 30;

/**
 * Makes a self-signed server certificate (P-256, SHA-256, ten years) for `commonName` and the given
 * names and IP addresses. For listeners without a configured certificate: it encrypts, it proves nothing.
 */
export async function selfSignedCertificate(options: {
  commonName: string;
  altNames: readonly string[];
  now?: Date;
}): Promise<GeneratedCertificate> {
  // Loaded only here: most starts have their certificate already.
  const { generate } = await import('selfsigned');
  const notBeforeDate = options.now ?? new Date();
  const generated = await generate([{ name: 'commonName', value: options.commonName }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate,
    notAfterDate: new Date(notBeforeDate.getTime() + validityDays * dayMs),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: options.altNames.map((name) =>
          isIP(name) === 0 ? { type: 2 as const, value: name } : { type: 7 as const, ip: name },
        ),
      },
    ],
  });
  return { cert: generated.cert, key: generated.private };
}

/**
 * The generated certificate of that name in `dir`, made on first use and kept across restarts
 * (`NAME.crt`, and `NAME.key` with mode 0600). An unreadable or soon expiring one is replaced.
 * Throws when the folder cannot be written.
 */
export async function ensureCertificate(dir: string, name: string, now = new Date()): Promise<GeneratedCertificate> {
  const files = { cert: join(dir, `${name}.crt`), key: join(dir, `${name}.key`) };
  const kept = readKept(files, now);
  if (kept !== undefined) return kept;
  const made = await selfSignedCertificate({
    commonName: 'localhost',
    altNames: ['localhost', '127.0.0.1', '::1'],
    now,
  });
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeWhole(files.key, made.key, 0o600);
  writeWhole(files.cert, made.cert, 0o644);
  return made;
}

function readKept(files: { cert: string; key: string }, now: Date): GeneratedCertificate | undefined {
  try {
    const kept = { cert: readFileSync(files.cert, 'utf8'), key: readFileSync(files.key, 'utf8') };
    const certificate = new X509Certificate(kept.cert);
    const expiresAt = Date.parse(certificate.validTo);
    const fits = certificate.checkPrivateKey(createPrivateKey(kept.key));
    return fits && expiresAt - now.getTime() > renewalDays * dayMs ? kept : undefined;
  } catch {
    // Absent, cut off or not a pair: all three are answered by making a new one.
    return undefined;
  }
}

function writeWhole(path: string, text: string, mode: number): void {
  const temporary = `${path}.${process.pid}.new`;
  writeFileSync(temporary, text, { mode });
  chmodSync(temporary, mode);
  renameSync(temporary, path);
}
