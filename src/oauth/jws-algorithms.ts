import { constants } from 'node:crypto';

/** Signature algorithms this gateway can check (RFC 7518 section 3.1, RFC 8037); `none` is not one. */
export type JwsAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'HS256'
  | 'HS384'
  | 'HS512';

export interface AlgorithmFacts {
  readonly family: 'rsa' | 'rsa-pss' | 'ecdsa' | 'eddsa' | 'hmac';
  /** Digest for node:crypto; null where the algorithm fixes its own. */
  readonly digest: 'sha256' | 'sha384' | 'sha512' | null;
  /** PSS: the salt is as long as the digest (RFC 7518 section 3.5). */
  readonly saltBytes: number;
  readonly padding: number | undefined;
}

const rsa = constants.RSA_PKCS1_PADDING;
const pss = constants.RSA_PKCS1_PSS_PADDING;

const facts: ReadonlyMap<string, AlgorithmFacts> = new Map<JwsAlgorithm, AlgorithmFacts>([
  ['RS256', { family: 'rsa', digest: 'sha256', saltBytes: 0, padding: rsa }],
  ['RS384', { family: 'rsa', digest: 'sha384', saltBytes: 0, padding: rsa }],
  ['RS512', { family: 'rsa', digest: 'sha512', saltBytes: 0, padding: rsa }],
  ['PS256', { family: 'rsa-pss', digest: 'sha256', saltBytes: 32, padding: pss }],
  ['PS384', { family: 'rsa-pss', digest: 'sha384', saltBytes: 48, padding: pss }],
  ['PS512', { family: 'rsa-pss', digest: 'sha512', saltBytes: 64, padding: pss }],
  ['ES256', { family: 'ecdsa', digest: 'sha256', saltBytes: 0, padding: undefined }],
  ['ES384', { family: 'ecdsa', digest: 'sha384', saltBytes: 0, padding: undefined }],
  ['ES512', { family: 'ecdsa', digest: 'sha512', saltBytes: 0, padding: undefined }],
  ['EdDSA', { family: 'eddsa', digest: null, saltBytes: 0, padding: undefined }],
  ['HS256', { family: 'hmac', digest: 'sha256', saltBytes: 0, padding: undefined }],
  ['HS384', { family: 'hmac', digest: 'sha384', saltBytes: 0, padding: undefined }],
  ['HS512', { family: 'hmac', digest: 'sha512', saltBytes: 0, padding: undefined }],
]);

/** Facts of an algorithm by its exact, case-sensitive name; undefined for every other. */
export function algorithmFacts(alg: string): AlgorithmFacts | undefined {
  return facts.get(alg);
}

/** Whether the name is one of the algorithms above. */
export function isJwsAlgorithm(alg: string): alg is JwsAlgorithm {
  return facts.has(alg);
}

const rsaAlgorithms: readonly JwsAlgorithm[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];

/** The algorithms a public key can serve: by kty and, for curves, by crv (RFC 7518 section 3.4, RFC 8037 section 3.1). */
export function algorithmsOfKey(kty: string, crv: string | undefined): readonly JwsAlgorithm[] {
  if (kty === 'RSA') return rsaAlgorithms;
  if (kty === 'EC') {
    if (crv === 'P-256') return ['ES256'];
    if (crv === 'P-384') return ['ES384'];
    if (crv === 'P-521') return ['ES512'];
  }
  if (kty === 'OKP' && (crv === 'Ed25519' || crv === 'Ed448')) return ['EdDSA'];
  return [];
}
