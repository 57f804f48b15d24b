import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { limits } from '../base/limits.ts';

/** The certificates of a PEM text, in order; a text says why there are none. Never throws. */
export function parseCertificates(pem: string): readonly X509Certificate[] | string {
  if (pem.length > limits.certificatePemCharsMax) return `longer than ${limits.certificatePemCharsMax} characters`;
  const blocks = certificateBlocks(pem);
  if (blocks.length === 0) return 'expected a PEM text with BEGIN CERTIFICATE and END CERTIFICATE';
  try {
    return blocks.map((text) => new X509Certificate(text));
  } catch (error) {
    return reasonOf(error);
  }
}

const [opening, closing] = ['-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----'];

/** Found by hand: a pattern would look for the end of every beginning anew. */
function certificateBlocks(pem: string): string[] {
  const blocks: string[] = [];
  for (let start = pem.indexOf(opening); start >= 0; ) {
    const end = pem.indexOf(closing, start);
    if (end < 0) return [];
    blocks.push(pem.slice(start, end + closing.length));
    start = pem.indexOf(opening, end);
  }
  return blocks;
}

/** Kong's `invalid certificate: …`, or undefined for a PEM text of one certificate or a chain. */
export function certificateFault(pem: string): string | undefined {
  const parsed = parseCertificates(pem);
  return typeof parsed === 'string' ? `invalid certificate: ${parsed}` : undefined;
}

/** Kong's `invalid key: …`, or undefined for a private key in PEM without a passphrase that TLS can use. */
export function privateKeyFault(pem: string): string | undefined {
  const key = parsePrivateKey(pem);
  return typeof key === 'string' ? `invalid key: ${key}` : undefined;
}

/** The key types that servers and clients of TLS 1.2 and 1.3 sign with. */
const usableKeys = new Set<string | undefined>(['rsa', 'rsa-pss', 'ec', 'ed25519', 'ed448']);

function parsePrivateKey(pem: string): KeyObject | string {
  if (pem.length > limits.certificatePemCharsMax) return `longer than ${limits.certificatePemCharsMax} characters`;
  try {
    const key = createPrivateKey(pem);
    const type = key.asymmetricKeyType;
    return usableKeys.has(type) ? key : `a key of type ${type} cannot be used for TLS`;
  } catch (error) {
    // The reasons of the parser name formats and passphrases, never bytes of the key.
    return reasonOf(error);
  }
}

/**
 * Why a certificate and its key do not serve TLS together, or undefined. Both must have passed their own checks; a
 * pair that the TLS library refuses (too short a key) would otherwise be found by the first caller.
 */
export function pairFault(certPem: string, keyPem: string): string | undefined {
  const certificates = parseCertificates(certPem);
  const key = parsePrivateKey(keyPem);
  if (typeof certificates === 'string' || typeof key === 'string') return undefined;
  const [leaf] = certificates;
  if (leaf === undefined) return undefined;
  if (!leaf.checkPrivateKey(key)) return 'certificate does not match key';
  try {
    createSecureContext({ cert: certPem, key: keyPem });
    return undefined;
  } catch (error) {
    return `certificate and key cannot be used for TLS: ${reasonOf(error)}`;
  }
}

/** The kind of the first certificate's key, such as `rsa` or `ec`; undefined when it cannot be read. */
export function certificateKeyType(pem: string): string | undefined {
  const certificates = parseCertificates(pem);
  return typeof certificates === 'string' ? undefined : certificates[0]?.publicKey.asymmetricKeyType;
}

/** What keeps a PEM text from being a trust anchor at `nowMs`: exactly one certificate, a CA, not expired. */
export function caFault(pem: string, nowMs: number): string | undefined {
  const certificates = parseCertificates(pem);
  if (typeof certificates === 'string') return `invalid certificate: ${certificates}`;
  const [certificate, ...others] = certificates;
  if (certificate === undefined || others.length > 0) return 'expected exactly one certificate';
  if (certificate.validToDate.getTime() <= nowMs) return 'the certificate has expired';
  return certificate.ca ? undefined : 'not the certificate of an authority: it lacks the basic constraint CA';
}

/** Hex SHA-256 of the first certificate's DER form; undefined when it cannot be read. */
export function certificateDigest(pem: string): string | undefined {
  const certificates = parseCertificates(pem);
  if (typeof certificates === 'string') return undefined;
  return certificates[0]?.fingerprint256.replaceAll(':', '').toLowerCase();
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unreadable';
  const text = 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message;
  return text.replace(/^error:[0-9A-Fa-f]+:(?:[^:]*:)*/, '').slice(0, 200);
}
