import { hash } from 'node:crypto';
import type { Acl, ConfigChange, KeyauthCredential } from '../entities/index.ts';
import type { ConsumerDirectory, CredentialDirectory, KeyHolder } from '../pdk/index.ts';

interface Kept {
  readonly credential: { readonly id: string };
  readonly consumerId: string;
  readonly digest: string;
  /** Epoch milliseconds. */
  readonly endsAtMs: number;
}

const noGroups: readonly string[] = Object.freeze([]);

/**
 * Stored credentials as plugins look them up, beside the snapshot and changed in place like the consumers. Keys are
 * found by their digest, so that the time of a look-up tells nothing about a key that is nearly right.
 */
export class CredentialIndex implements CredentialDirectory {
  readonly #consumers: ConsumerDirectory;
  readonly #nowMs: () => number;
  readonly #keysById = new Map<string, Kept>();
  readonly #keysByDigest = new Map<string, Kept>();
  readonly #aclsById = new Map<string, Acl>();
  readonly #aclsByConsumer = new Map<string, Map<string, Acl>>();
  /** Sorted names, made when they are first asked for. */
  readonly #groups = new Map<string, readonly string[]>();

  constructor(consumers: ConsumerDirectory, nowMs: () => number = Date.now) {
    this.#consumers = consumers;
    this.#nowMs = nowMs;
  }

  keyAuth(key: string): KeyHolder | undefined {
    const kept = this.#keysByDigest.get(digestOf(key));
    if (kept === undefined || kept.endsAtMs <= this.#nowMs()) return undefined;
    const consumer = this.#consumers.byId(kept.consumerId);
    return consumer === undefined ? undefined : { credential: kept.credential, consumer };
  }

  groupsOf(consumerId: string): readonly string[] {
    const known = this.#groups.get(consumerId);
    if (known !== undefined) return known;
    const acls = this.#aclsByConsumer.get(consumerId);
    if (acls === undefined) return noGroups;
    const groups = Object.freeze([...new Set([...acls.values()].map((acl) => acl.group))].sort());
    this.#groups.set(consumerId, groups);
    return groups;
  }

  /** Takes in the credentials and groups of a change and leaves other kinds alone. */
  apply(change: ConfigChange): void {
    // Everything old leaves before anything new enters: one change may swap keys between credentials.
    for (const { kind, id } of change.deletes) {
      if (kind === 'keyauth_credentials') this.#removeKey(id);
      else if (kind === 'acls') this.#removeAcl(id);
    }
    for (const upsert of change.upserts) {
      if (upsert.kind === 'keyauth_credentials') this.#removeKey(upsert.entity.id);
      else if (upsert.kind === 'acls') this.#removeAcl(upsert.entity.id);
    }
    for (const upsert of change.upserts) {
      if (upsert.kind === 'keyauth_credentials') this.#addKey(upsert.entity);
      else if (upsert.kind === 'acls') this.#addAcl(upsert.entity);
    }
  }

  #addKey(entity: KeyauthCredential): void {
    const { id, key, consumer, expires_at } = entity;
    const endsAtMs = expires_at === undefined ? Number.POSITIVE_INFINITY : expires_at * 1000;
    const kept = { credential: { id }, consumerId: consumer.id, digest: digestOf(key), endsAtMs };
    this.#keysById.set(id, kept);
    this.#keysByDigest.set(kept.digest, kept);
  }

  #removeKey(id: string): void {
    const kept = this.#keysById.get(id);
    if (kept === undefined) return;
    this.#keysById.delete(id);
    if (this.#keysByDigest.get(kept.digest) === kept) this.#keysByDigest.delete(kept.digest);
  }

  #addAcl(acl: Acl): void {
    const consumerId = acl.consumer.id;
    this.#aclsById.set(acl.id, acl);
    const acls = this.#aclsByConsumer.get(consumerId) ?? new Map<string, Acl>();
    this.#aclsByConsumer.set(consumerId, acls.set(acl.id, acl));
    this.#groups.delete(consumerId);
  }

  #removeAcl(id: string): void {
    const acl = this.#aclsById.get(id);
    if (acl === undefined) return;
    const consumerId = acl.consumer.id;
    this.#aclsById.delete(id);
    this.#groups.delete(consumerId);
    const left = this.#aclsByConsumer.get(consumerId);
    left?.delete(id);
    if (left?.size === 0) this.#aclsByConsumer.delete(consumerId);
  }
}

function digestOf(key: string): string {
  return hash('sha256', key, 'base64url');
}
