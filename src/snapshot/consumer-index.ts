import type { ConfigChange, Consumer } from '../entities/index.ts';
import type { ConsumerDirectory } from '../pdk/index.ts';

/**
 * Consumers by every name a plugin looks them up with. It lives beside the snapshot and is changed in
 * place: a delta costs as much as it has consumers in it, however many there are.
 */
export class ConsumerIndex implements ConsumerDirectory {
  readonly #byId = new Map<string, Consumer>();
  readonly #byUsername = new Map<string, Consumer>();
  readonly #byCustomId = new Map<string, Consumer>();
  /** Usernames are unique as written, so several consumers may share one folded name. */
  readonly #byFoldedUsername = new Map<string, readonly Consumer[]>();

  get size(): number {
    return this.#byId.size;
  }

  byId(id: string): Consumer | undefined {
    return this.#byId.get(id);
  }

  byUsername(username: string): Consumer | undefined {
    return this.#byUsername.get(username);
  }

  /** The oldest one where several differ in case only, so that a later namesake cannot take over its callers. */
  byUsernameIgnoringCase(username: string): Consumer | undefined {
    return this.#byFoldedUsername.get(username.toLowerCase())?.[0];
  }

  byCustomId(customId: string): Consumer | undefined {
    return this.#byCustomId.get(customId);
  }

  /** Takes in the consumers of a change and leaves other kinds alone. Calls between two requests see all of it or nothing. */
  apply(change: ConfigChange): void {
    // Everything old leaves before anything new enters: one change may swap names between consumers.
    for (const gone of change.deletes) if (gone.kind === 'consumers') this.#remove(gone.id);
    for (const upsert of change.upserts) if (upsert.kind === 'consumers') this.#remove(upsert.entity.id);
    for (const upsert of change.upserts) if (upsert.kind === 'consumers') this.#add(upsert.entity);
  }

  #add(consumer: Consumer): void {
    this.#byId.set(consumer.id, consumer);
    if (consumer.custom_id !== null) this.#byCustomId.set(consumer.custom_id, consumer);
    if (consumer.username === null) return;
    this.#byUsername.set(consumer.username, consumer);
    const folded = consumer.username.toLowerCase();
    const namesakes = this.#byFoldedUsername.get(folded);
    this.#byFoldedUsername.set(folded, namesakes === undefined ? [consumer] : [...namesakes, consumer].sort(byAge));
  }

  #remove(id: string): void {
    const consumer = this.#byId.get(id);
    if (consumer === undefined) return;
    this.#byId.delete(id);
    if (consumer.custom_id !== null) deleteIfSame(this.#byCustomId, consumer.custom_id, consumer);
    if (consumer.username === null) return;
    deleteIfSame(this.#byUsername, consumer.username, consumer);
    const folded = consumer.username.toLowerCase();
    const left = this.#byFoldedUsername.get(folded)?.filter((other) => other.id !== id) ?? [];
    if (left.length === 0) this.#byFoldedUsername.delete(folded);
    else this.#byFoldedUsername.set(folded, left);
  }
}

function deleteIfSame(map: Map<string, Consumer>, key: string, consumer: Consumer): void {
  if (map.get(key) === consumer) map.delete(key);
}

function byAge(left: Consumer, right: Consumer): number {
  return left.created_at - right.created_at || (left.id < right.id ? -1 : 1);
}
