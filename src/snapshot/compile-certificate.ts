import { createPrivateKey } from 'node:crypto';
import { type Certificate, parseCertificates } from '../entities/index.ts';
import type { TlsIdentity } from './compiled.ts';

export type CertificateOutcome =
  | { readonly kind: 'ok'; readonly identity: TlsIdentity }
  | { readonly kind: 'fault'; readonly message: string };

/** What listeners and upstream connections use of a certificate entity. Never throws; no message holds a key. */
export function compileCertificate(entity: Certificate): CertificateOutcome {
  const { cert, key, cert_alt, key_alt } = entity;
  const fault = pairFault(cert, key);
  if (fault !== undefined) return { kind: 'fault', message: fault };
  if (!isText(cert_alt) || !isText(key_alt)) return { kind: 'ok', identity: Object.freeze({ cert, key }) };
  const otherFault = pairFault(cert_alt, key_alt);
  if (otherFault !== undefined) return { kind: 'fault', message: `cert_alt: ${otherFault}` };
  const alternative = Object.freeze({ cert: cert_alt, key: key_alt });
  return { kind: 'ok', identity: Object.freeze({ cert, key, alternative }) };
}

/** What keeps a PEM text from being an authority's certificate. */
export function authorityFault(pem: string): string | undefined {
  const parsed = parseCertificates(pem);
  return typeof parsed === 'string' ? `invalid certificate: ${parsed}` : undefined;
}

function isText(value: string | null | undefined): value is string {
  return value !== null && value !== undefined;
}

function pairFault(cert: string, key: string): string | undefined {
  const certificates = parseCertificates(cert);
  if (typeof certificates === 'string') return `invalid certificate: ${certificates}`;
  try {
    const fits = certificates[0]?.checkPrivateKey(createPrivateKey(key));
    return fits === true ? undefined : 'certificate does not match key';
  } catch {
    return 'invalid key';
  }
}
