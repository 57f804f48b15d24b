import type { LruCache } from '../../base/lru-cache.ts';
import type { PluginServices } from '../../pdk/index.ts';
import type { RelyingParty } from './relying-party.ts';
import type { VerifiedToken } from './verify/access-token.ts';

/** Tokens that end alike, of one policy or several. */
interface Kept {
  readonly policy: string;
  readonly verified: VerifiedToken;
  readonly next: Kept | undefined;
}

/**
 * Verified bearer tokens of this worker. An entry is found by the token's last characters, where the signature is,
 * and answers only for its own policy and the whole token, compared to the letter: a digest over the token would say
 * no more (the entry holds the token anyway) and takes 1.3 to 2.5 µs for 820 characters instead of 0.2.
 */
export function cachedBearer(services: PluginServices, rp: RelyingParty, token: string): VerifiedToken | undefined {
  let kept = cacheOf(services).get(keyOf(token));
  while (kept !== undefined) {
    if (kept.policy === rp.policy && kept.verified.token === token) return kept.verified;
    kept = kept.next;
  }
  return undefined;
}

/** Keeps a verified token, in place of what was kept of it under this policy. Refused tokens are never kept. */
export function keepBearer(services: PluginServices, rp: RelyingParty, verified: VerifiedToken): void {
  const cache = cacheOf(services);
  const key = keyOf(verified.token);
  let next: Kept | undefined;
  let count = 1;
  for (let other = cache.get(key); other !== undefined && count < keptAlikeMax; other = other.next) {
    if (other.policy === rp.policy && other.verified.token === verified.token) continue;
    next = { policy: other.policy, verified: other.verified, next };
    count += 1;
  }
  cache.set(key, { policy: rp.policy, verified, next });
}

function cacheOf(services: PluginServices): LruCache<Kept> {
  return services.cache<Kept>('oidc.bearer-tokens');
}

const tailChars = 43;
/** One token may be good for several plugin instances; an instance that changed leaves its entry behind. */
const keptAlikeMax = 8;

function keyOf(token: string): string {
  return token.slice(-tailChars);
}
