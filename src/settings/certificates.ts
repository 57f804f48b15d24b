import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CertificatePair } from './settings.ts';
import type { Assignment } from './sources.ts';

/**
 * Loads the certificate and key of one kind of listener, each a path, PEM text or base64 of PEM.
 * Both or neither must be set, and the key must belong to the certificate. Messages never quote a key.
 */
export function loadCertificatePair(
  cert: Assignment | undefined,
  key: Assignment | undefined,
  names: { cert: string; key: string; cwd: string },
): { pair: CertificatePair | undefined; faults: string[]; warnings: string[] } {
  const faults: string[] = [];
  const warnings: string[] = [];
  if (cert === undefined && key === undefined) return { pair: undefined, faults, warnings };
  if (cert === undefined || key === undefined) {
    const [set, missing] = cert === undefined ? [names.key, names.cert] : [names.cert, names.key];
    faults.push(`${set}: set without ${missing}; a certificate and its key belong together`);
    return { pair: undefined, faults, warnings };
  }
  const certPem = readPem(cert, names.cwd, { faults, warnings });
  const keyPem = readPem(key, names.cwd, { faults, warnings });
  if (certPem === undefined || keyPem === undefined) return { pair: undefined, faults, warnings };
  const fault = pairFault(certPem, keyPem, cert, key);
  if (fault !== undefined) faults.push(fault);
  return { pair: fault === undefined ? { cert: certPem, key: keyPem } : undefined, faults, warnings };
}

function readPem(
  assignment: Assignment,
  cwd: string,
  { faults, warnings }: { faults: string[]; warnings: string[] },
): string | undefined {
  const { setting, source } = assignment;
  let text = assignment.text;
  if (text.includes('-----BEGIN')) return text;
  const parts = text.split(',').map((part) => part.trim());
  if (parts.length > 1) {
    warnings.push(`${setting.name} (${source}): only the first of ${parts.length} is used; several come later`);
    text = parts[0] ?? '';
  }
  const path = resolve(cwd, text);
  if (existsSync(path)) {
    try {
      text = readFileSync(path, 'utf8');
    } catch {
      faults.push(`${setting.name} (${source}): the file cannot be read`);
      return undefined;
    }
    if (text.includes('-----BEGIN')) return text;
    faults.push(`${setting.name} (${source}): the file is not PEM text`);
    return undefined;
  }
  const decoded = /^[A-Za-z0-9+/=\s]+$/.test(text) ? Buffer.from(text, 'base64').toString('latin1') : '';
  if (decoded.includes('-----BEGIN')) return decoded;
  faults.push(`${setting.name} (${source}): neither an existing file, nor PEM text, nor base64 of PEM text`);
  return undefined;
}

function pairFault(certPem: string, keyPem: string, cert: Assignment, key: Assignment): string | undefined {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(certPem);
  } catch {
    return `${cert.setting.name} (${cert.source}): not a certificate`;
  }
  let matches: boolean;
  try {
    matches = certificate.checkPrivateKey(createPrivateKey(keyPem));
  } catch {
    return `${key.setting.name} (${key.source}): not a private key without pass phrase`;
  }
  return matches ? undefined : `${key.setting.name} (${key.source}): not the key of ${cert.setting.name}`;
}
