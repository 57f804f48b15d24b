import { limits } from '../../base/limits.ts';
import type { TokenAdapter } from './oidc-configuration.ts';

interface Stored {
  readonly payload: Record<string, unknown>;
  readonly expiresAtMs: number;
}

/** Everything short-lived the package stores (codes, sessions, opaque tokens), in memory and bounded. */
export class TokenStore {
  readonly #entries = new Map<string, Stored>();

  set(key: string, payload: Record<string, unknown>, expiresInSeconds: number | undefined): void {
    this.#entries.delete(key);
    this.#entries.set(key, {
      payload,
      expiresAtMs: expiresInSeconds === undefined ? Number.POSITIVE_INFINITY : Date.now() + expiresInSeconds * 1000,
    });
    if (this.#entries.size <= limits.devStoredTokensMax) return;
    const oldest = this.#entries.keys().next();
    if (!oldest.done) this.#entries.delete(oldest.value);
  }

  get(key: string): Record<string, unknown> | undefined {
    const stored = this.#entries.get(key);
    if (stored === undefined) return undefined;
    if (stored.expiresAtMs > Date.now()) return stored.payload;
    this.#entries.delete(key);
    return undefined;
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** Payloads of one model. Linear: used for the rare look-ups that are not by id. */
  *ofModel(model: string): Generator<Record<string, unknown>> {
    for (const key of this.#entries.keys()) {
      if (!key.startsWith(`${model}:`)) continue;
      const payload = this.get(key);
      if (payload !== undefined) yield payload;
    }
  }

  deleteGrant(grantId: string): void {
    for (const [key, stored] of this.#entries) {
      if (stored.payload['grantId'] === grantId) this.#entries.delete(key);
    }
  }
}

/** The adapter of one model over `store`; the model `Client` is read live from `findClient`. */
export function createTokenAdapter(
  model: string,
  store: TokenStore,
  findClient: (id: string) => Record<string, unknown> | undefined,
): TokenAdapter {
  const key = (id: string) => `${model}:${id}`;
  const findBy = (field: string, value: string) => {
    for (const payload of store.ofModel(model)) if (payload[field] === value) return payload;
    return undefined;
  };
  return {
    upsert: async (id, payload, expiresInSeconds) => store.set(key(id), payload, expiresInSeconds),
    find: async (id) => (model === 'Client' ? findClient(id) : store.get(key(id))),
    findByUid: async (uid) => findBy('uid', uid),
    findByUserCode: async (userCode) => findBy('userCode', userCode),
    consume: async (id) => {
      const payload = store.get(key(id));
      if (payload !== undefined) payload['consumed'] = Math.floor(Date.now() / 1000);
    },
    destroy: async (id) => store.delete(key(id)),
    revokeByGrantId: async (grantId) => store.deleteGrant(grantId),
  };
}
