import { isUtf8 } from 'node:buffer';
import { limits } from '../base/limits.ts';
import { valueOfScheme } from './authorization-field.ts';
import type { CredentialProblem } from './problem.ts';
import { credentialProblem } from './problem.ts';

export type BasicCredentials =
  /** No header, or another scheme. */
  | { readonly kind: 'none' }
  | { readonly kind: 'bad'; readonly problem: CredentialProblem }
  | { readonly kind: 'basic'; readonly id: string; readonly secret: string };

/**
 * Reads an `Authorization: Basic` field (RFC 7617 section 2), given as the latin1 code units of the
 * wire. Both base64 (padding may be missing) and the un-encoded `user:pass` are understood; a colon
 * cannot occur in base64, so each value has one reading. Split at the first colon, UTF-8, taken as is
 * and never form-decoded. Refused: an empty id, control characters, bytes that are not UTF-8.
 */
export function parseBasic(authorization: string | undefined): BasicCredentials {
  const value = authorization === undefined ? undefined : valueOfScheme(authorization, 'basic');
  if (authorization === undefined || value === undefined) return none;
  if (authorization.length > limits.basicCredentialsCharsMax) return bad('basic.too_large');
  const bytes = value.includes(':') ? Buffer.from(value, 'latin1') : fromBase64(value);
  if (bytes === undefined || !isUtf8(bytes)) return bad('basic.malformed');
  const pair = bytes.toString('utf8');
  const colon = pair.indexOf(':');
  if (colon <= 0 || control.test(pair)) return bad('basic.malformed');
  return { kind: 'basic', id: pair.slice(0, colon), secret: pair.slice(colon + 1) };
}

const none: BasicCredentials = { kind: 'none' };
const control = /[\x00-\x1f\x7f]/;

function bad(code: 'basic.malformed' | 'basic.too_large'): BasicCredentials {
  return { kind: 'bad', problem: credentialProblem(code) };
}

/** Standard alphabet, canonical last bits; padding complete or absent. */
function fromBase64(value: string): Buffer | undefined {
  const bytes = Buffer.from(value, 'base64');
  const canonical = bytes.toString('base64');
  return canonical === value || canonical.replace(/=+$/, '') === value ? bytes : undefined;
}
