import type { KeyObject } from 'node:crypto';
import { limits } from '../base/limits.ts';

/**
 * Whether signatures under this RSA public key prove anything: a modulus within the bounds, an
 * exponent that is odd and above 1 (with 1 anybody can sign), and not of the ROCA family.
 */
export function isStrongRsa(key: KeyObject, modulusBase64url: string): boolean {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  const exponent = key.asymmetricKeyDetails?.publicExponent ?? 0n;
  if (bits < limits.rsaModulusBitsMin || bits > limits.rsaModulusBitsMax) return false;
  if (exponent <= 1n || (exponent & 1n) === 0n) return false;
  return !isRoca(BigInt(`0x${Buffer.from(modulusBase64url, 'base64url').toString('hex')}`));
}

/** Small odd primes; the modulus of a ROCA key is a power of 65537 modulo every one of them. */
const primes: readonly number[] = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
  127, 131, 137, 139, 149, 151, 157, 163, 167,
];
const generator = 65537;

/**
 * Recognises moduli made by the flawed key generator of CVE-2017-15361, whose private keys can be
 * computed. An ordinary modulus leaves at one of the first primes.
 */
function isRoca(modulus: bigint): boolean {
  for (const prime of primes) {
    const remainder = Number(modulus % BigInt(prime));
    let power = 1;
    do power = (power * generator) % prime;
    while (power !== remainder && power !== 1);
    if (power !== remainder) return false;
  }
  return true;
}
