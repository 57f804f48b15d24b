import type { KeyObject } from 'node:crypto';
import { createPublicKey } from 'node:crypto';
import type { ProviderOutcome, ProviderRequest } from '../base/exchange.ts';
import { limits } from '../base/limits.ts';
import type { JwsAlgorithm } from './jws-algorithms.ts';
import { algorithmsOfKey } from './jws-algorithms.ts';
import type { ProviderProblem } from './problem.ts';
import { providerProblem } from './problem.ts';
import { answeredObject, ownMember } from './provider-answer.ts';
import { isStrongRsa } from './rsa-strength.ts';
import { isRecord } from './strict-json.ts';

/** A public key that may verify signatures, imported once. */
export interface VerificationKey {
  readonly kid: string | undefined;
  /** Certificate thumbprints the set gives for it (RFC 7517 sections 4.8 and 4.9). */
  readonly x5t: string | undefined;
  readonly x5tS256: string | undefined;
  /** What it may verify, after kty, crv, use, key_ops and alg have been looked at. */
  readonly algorithms: readonly JwsAlgorithm[];
  readonly key: KeyObject;
  /** Public members only, as strings: safe to show and to send upstream. */
  readonly jwk: Readonly<Record<string, string>>;
}

export interface KeySet {
  readonly kind: 'ok';
  readonly keys: readonly VerificationKey[];
  readonly byKid: ReadonlyMap<string, readonly VerificationKey[]>;
  readonly byThumbprint: ReadonlyMap<string, readonly VerificationKey[]>;
  readonly byAlgorithm: ReadonlyMap<string, readonly VerificationKey[]>;
  /** Entries passed over: unknown kty or curve, encryption keys, unusable or weak material. */
  readonly skipped: number;
}

export interface JwksRequestOptions {
  readonly url: string;
  readonly timeoutMs: number;
  readonly tlsVerify: boolean;
  readonly keepalive: boolean;
}

/** The request for a JWK Set (RFC 7517 section 5). */
export function jwksRequest(options: JwksRequestOptions): ProviderRequest {
  return {
    purpose: 'jwks',
    method: 'GET',
    url: options.url,
    headers: [['accept', 'application/jwk-set+json, application/json']],
    body: undefined,
    timeoutMs: options.timeoutMs,
    tlsVerify: options.tlsVerify,
    keepalive: options.keepalive,
    responseBytesMax: limits.providerResponseBytesMax,
  };
}

/**
 * Turns a provider's answer into a key set (RFC 7517 section 5: keys that are not understood are
 * ignored). Symmetric keys are never taken from it, private members never kept. An empty set is a
 * set: then no token verifies.
 */
export function processJwks(outcome: ProviderOutcome, nowMs: number = outcome.at): KeySet | ProviderProblem {
  const answer = answeredObject(outcome, nowMs);
  return answer.kind === 'problem' ? answer : keySetOf(answer.value);
}

/** The same from a parsed JWK Set, as found in a discovery object or in configuration. */
export function keySetOf(document: Readonly<Record<string, unknown>>): KeySet | ProviderProblem {
  const entries = ownMember(document, 'keys');
  if (!Array.isArray(entries)) return providerProblem('jwks.malformed', 'unusable', { expected: 'an array of keys' });
  if (entries.length > limits.jwksKeysMax) {
    return providerProblem('jwks.too_many_keys', 'unusable', {
      seen: String(entries.length),
      expected: String(limits.jwksKeysMax),
    });
  }
  const keys: VerificationKey[] = [];
  for (const entry of entries) {
    const key = importVerificationKey(entry);
    if (key !== undefined) keys.push(key);
  }
  return indexKeys(keys, entries.length - keys.length);
}

/** One set from several sources; a key of an earlier source comes first (openid-connect.md (d): jwks_uri, then the extra ones). */
export function mergeKeySets(sets: readonly KeySet[]): KeySet {
  const [only] = sets;
  if (only !== undefined && sets.length === 1) return only;
  let skipped = 0;
  const keys: VerificationKey[] = [];
  for (const set of sets) {
    skipped += set.skipped;
    keys.push(...set.keys);
  }
  return indexKeys(keys, skipped);
}

/** Imports one JWK for signature checks; undefined when it may not or cannot serve. Never throws. */
export function importVerificationKey(jwk: unknown): VerificationKey | undefined {
  if (!isRecord(jwk)) return undefined;
  const members = publicMembers(jwk);
  if (members === undefined) return undefined;
  const algorithms = permittedAlgorithms(jwk, members);
  if (algorithms.length === 0) return undefined;
  let key: KeyObject;
  try {
    key = createPublicKey({ format: 'jwk', key: members });
  } catch {
    return undefined;
  }
  if (members['kty'] === 'RSA' && !isStrongRsa(key, members['n'] ?? '')) return undefined;
  return {
    kid: members['kid'],
    x5t: members['x5t'],
    x5tS256: members['x5t#S256'],
    algorithms,
    key,
    jwk: members,
  };
}

export interface KeyHints {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly x5t: string | undefined;
  readonly x5tS256: string | undefined;
}

export interface FoundKeys {
  /** How they were found; `algorithm` is the fallback for a missing or unknown kid, `none` finds nothing. */
  readonly by: 'kid' | 'thumbprint' | 'algorithm' | 'none';
  readonly keys: readonly VerificationKey[];
}

/**
 * The keys that may have signed a token with this header: by kid (among several of one kid those that
 * serve the algorithm), else by certificate thumbprint, else every key that serves the algorithm
 * (openid-connect.md (d) "Keys"). Every returned key fits `alg`.
 */
export function findKeys(set: KeySet, hints: KeyHints): FoundKeys {
  if (hints.kid !== undefined) {
    const named = set.byKid.get(hints.kid);
    // A kid that is known but serves another algorithm ends the search: falling back would let the
    // header choose a key the provider did not name for it.
    if (named !== undefined) return found('kid', named, hints.alg);
  }
  for (const thumbprint of [hints.x5tS256, hints.x5t]) {
    const named = thumbprint === undefined ? undefined : set.byThumbprint.get(thumbprint);
    if (named !== undefined) return found('thumbprint', named, hints.alg);
  }
  const fitting = set.byAlgorithm.get(hints.alg);
  return fitting === undefined ? nothing : { by: 'algorithm', keys: fitting };
}

const nothing: FoundKeys = { by: 'none', keys: [] };

function found(by: 'kid' | 'thumbprint', named: readonly VerificationKey[], alg: string): FoundKeys {
  const serves = (key: VerificationKey) => (key.algorithms as readonly string[]).includes(alg);
  // Nearly always one key that fits; then the indexed array itself is the answer.
  const keys = named.every(serves) ? named : named.filter(serves);
  return keys.length === 0 ? nothing : { by, keys };
}

function indexKeys(keys: readonly VerificationKey[], skipped: number): KeySet {
  const byKid = new Map<string, VerificationKey[]>();
  const byThumbprint = new Map<string, VerificationKey[]>();
  const byAlgorithm = new Map<string, VerificationKey[]>();
  for (const key of keys) {
    if (key.kid !== undefined) add(byKid, key.kid, key);
    if (key.x5t !== undefined) add(byThumbprint, key.x5t, key);
    if (key.x5tS256 !== undefined) add(byThumbprint, key.x5tS256, key);
    for (const alg of key.algorithms) add(byAlgorithm, alg, key);
  }
  return { kind: 'ok', keys, byKid, byThumbprint, byAlgorithm, skipped };
}

function add(index: Map<string, VerificationKey[]>, name: string, key: VerificationKey): void {
  const list = index.get(name);
  if (list === undefined) index.set(name, [key]);
  else list.push(key);
}

/** Everything of a public key, nothing of a private one (RFC 7518 section 6, RFC 8037 section 2). */
const keptMembers = ['kty', 'kid', 'use', 'alg', 'x5t', 'x5t#S256', 'crv', 'n', 'e', 'x', 'y'];
const materialCharsMax = 4096;

/** The kept members, all strings of bounded size; undefined when one has another type. */
function publicMembers(jwk: Record<string, unknown>): Record<string, string> | undefined {
  const members: Record<string, string> = {};
  for (const name of keptMembers) {
    const value = ownMember(jwk, name);
    if (value === undefined) continue;
    if (typeof value !== 'string') return undefined;
    if (value.length > (name === 'kid' ? limits.keyIdCharsMax : materialCharsMax)) return undefined;
    members[name] = value;
  }
  return members;
}

/** What kty and crv allow, narrowed by `use`, `key_ops` and `alg` (RFC 7517 sections 4.2 to 4.4). */
function permittedAlgorithms(jwk: Record<string, unknown>, members: Record<string, string>): readonly JwsAlgorithm[] {
  if (members['use'] !== undefined && members['use'] !== 'sig') return [];
  const operations = ownMember(jwk, 'key_ops');
  if (operations !== undefined) {
    if (!Array.isArray(operations) || !operations.includes('verify')) return [];
  }
  const capable = algorithmsOfKey(members['kty'] ?? '', members['crv']);
  const named = members['alg'];
  if (named === undefined) return capable;
  // RFC 9864 gives each Edwards curve its own name for what RFC 8037 calls EdDSA.
  if (capable[0] === 'EdDSA' && named === members['crv']) return capable;
  return capable.filter((alg) => alg === named);
}
