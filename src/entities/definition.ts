import type { PlainObject, RecordField } from '../schema/index.ts';

/** Plural names: collection in the store, key of a declarative file, and usually path of the Admin API. */
export type EntityKind =
  | 'ca_certificates'
  | 'certificates'
  | 'snis'
  | 'services'
  | 'routes'
  | 'consumers'
  | 'plugins'
  | 'upstreams'
  | 'targets'
  | 'keyauth_credentials'
  | 'acls';

/** What the store and the Admin API need to know of a kind of entity. */
export interface EntityDefinition<K extends EntityKind = EntityKind> {
  readonly kind: K;
  /** Field that addresses an entity in paths besides its id; undefined where only the id does. */
  readonly key: 'name' | 'username' | 'instance_name' | 'key' | undefined;
  /** Field that addresses an entity under the parent that the foreign field `within` refers to. */
  readonly keyWithin?: { readonly field: string; readonly within: string };
  readonly record: RecordField;
  /**
   * Fields that together occur once. A list of one does not bind entities where the field is null; in longer lists
   * null is a value like any other.
   */
  readonly unique: readonly (readonly string[])[];
  readonly foreign: readonly ForeignRule[];
  readonly tags: boolean;
  readonly paths: AdminPaths;
  /** Fields of the record that name entities of another kind and are never kept in this one. */
  readonly written?: readonly string[];
  /** Entities may end by themselves: at `expires_at`, Unix time in seconds. */
  readonly expires?: true;
  /** Fields that stand for others, worked out over what was sent, before validation. */
  readonly prepare?: (sent: PlainObject) => PlainObject;
  /** What is kept of a valid entity. `nowSeconds` is Unix time. */
  readonly keep?: (valid: PlainObject, nowSeconds: number) => PlainObject;
  /** What is shown of a kept entity; `keep` of it gives the kept one again. */
  readonly show?: (kept: PlainObject, nowSeconds: number) => PlainObject;
}

/** Where the Admin API has the kind. */
export interface AdminPaths {
  /** `/services`; undefined for kinds that exist only under their parent. */
  readonly collection: string | undefined;
  /** `/consumers/{consumers}/key-auth`: the segment under the entity it refers to. */
  readonly child: string;
}

/** A foreign field, and what the deletion of its target does: refused, or this entity goes too. */
export interface ForeignRule {
  readonly field: string;
  readonly to: EntityKind;
  readonly onDelete: 'restrict' | 'cascade';
  /** The field is a list of ids; it has no paths of its own and nothing is nested by it. */
  readonly list?: true;
  /** The entity behind the field is not reached through this one in paths. */
  readonly withoutPath?: true;
}
