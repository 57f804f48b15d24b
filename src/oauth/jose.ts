import type { KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, compactVerify } from 'jose';

/**
 * The only file that imports `jose`. It gives the JWK thumbprint, and a second opinion on signatures
 * for tests that compare it with our own check.
 */

/** SHA-256 thumbprint of a public JWK in base64url (RFC 7638); undefined for an incomplete key. */
export async function jwkThumbprint(jwk: Readonly<Record<string, string>>): Promise<string | undefined> {
  try {
    return await calculateJwkThumbprint(jwk, 'sha256');
  } catch {
    return undefined;
  }
}

/** Whether `jose` accepts this compact JWS with that key and one of those algorithms. */
export async function joseAccepts(token: string, key: KeyObject, algorithms: readonly string[]): Promise<boolean> {
  try {
    await compactVerify(token, key, { algorithms: [...algorithms] });
    return true;
  } catch {
    return false;
  }
}
