import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type JsonWebKey,
  randomBytes,
  sign as signBytes,
} from 'node:crypto';
import { promisify } from 'node:util';

/** A private RSA key in JWK form, with `kid`, `alg` RS256 and `use` sig. */
export type SigningKey = JsonWebKey & { readonly kid: string };

/** How `mintToken` signs; all but the first two must be refused by whoever verifies well. */
export const mintingKeys = ['current', 'previous', 'unknown', 'embedded-jwk', 'public-key-as-secret', 'none'] as const;
export type MintingKey = (typeof mintingKeys)[number];

/** RSA with 2,048 bits, as Auth0 uses. */
export async function generateSigningKey(): Promise<SigningKey> {
  const pair = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return {
    ...pair.privateKey.export({ format: 'jwk' }),
    kid: randomBytes(16).toString('base64url'),
    alg: 'RS256',
    use: 'sig',
  };
}

/** RFC 7515 §3.1 compact form of `claims`, signed with `key` in the way `minting` names. */
export function mintToken(input: {
  claims: Record<string, unknown>;
  header: Record<string, unknown>;
  key: SigningKey;
  minting: MintingKey;
}): string {
  const header = {
    alg: 'RS256',
    typ: 'JWT',
    kid: input.key.kid,
    ...modeHeader(input.minting, input.key),
    ...input.header,
  };
  const signingInput = `${encode(withoutNulls(header))}.${encode(withoutNulls(input.claims))}`;
  return `${signingInput}.${signature(signingInput, input.minting, input.key, header.alg)}`;
}

function modeHeader(minting: MintingKey, key: SigningKey): Record<string, unknown> {
  if (minting === 'none') return { alg: 'none' };
  if (minting === 'public-key-as-secret') return { alg: 'HS256' };
  if (minting === 'embedded-jwk') return { jwk: { kty: key.kty, n: key.n, e: key.e, kid: key.kid } };
  return {};
}

function signature(signingInput: string, minting: MintingKey, key: SigningKey, alg: string): string {
  if (minting === 'none') return '';
  if (minting === 'public-key-as-secret') {
    const pem = createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    return createHmac('sha256', pem).update(signingInput).digest('base64url');
  }
  const privateKey = createPrivateKey({ key, format: 'jwk' });
  const bits = /(256|384|512)$/.exec(alg)?.[1] ?? '256';
  const padding = alg.startsWith('PS')
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: Number(bits) / 8 }
    : { padding: constants.RSA_PKCS1_PADDING };
  return signBytes(`sha${bits}`, Buffer.from(signingInput), { key: privateKey, ...padding }).toString('base64url');
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** `null` in a test's claims means "leave this one out". */
function withoutNulls(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null));
}
