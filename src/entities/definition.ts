import type { RecordField } from '../schema/index.ts';

/** Plural names: collection in the store, path of the Admin API, key of a declarative file. */
export type EntityKind = 'services' | 'routes' | 'consumers' | 'plugins';

/** What the store and the Admin API need to know of a kind of entity. */
export interface EntityDefinition<K extends EntityKind = EntityKind> {
  readonly kind: K;
  /** Field that addresses an entity in paths besides its id. */
  readonly key: 'name' | 'username' | 'instance_name';
  readonly record: RecordField;
  /**
   * Fields that together occur once. A list of one does not bind entities where the field is null; in longer lists
   * null is a value like any other.
   */
  readonly unique: readonly (readonly string[])[];
  readonly foreign: readonly ForeignRule[];
  readonly tags: boolean;
}

/** A foreign field, and what the deletion of its target does: refused, or this entity goes too. */
export interface ForeignRule {
  readonly field: string;
  readonly to: EntityKind;
  readonly onDelete: 'restrict' | 'cascade';
}
