import {
  type Entity,
  type EntityDefinition,
  type EntityKind,
  entityDefinitions,
  type ForeignRule,
  type Upsert,
} from '../entities/index.ts';

/** Fields whose values together occur at most once among the entities of a kind. */
export interface UniqueRule {
  readonly name: string;
  readonly fields: readonly string[];
}

/** The rules a store keeps for one kind, read from its definition. */
export interface KindModel {
  readonly kind: EntityKind;
  /** Field of the endpoint key; undefined where only the id addresses an entity. */
  readonly key: string | undefined;
  readonly uniques: readonly UniqueRule[];
  readonly foreign: readonly ForeignRule[];
  readonly tagged: boolean;
  /** Entities may have an `expires_at`. */
  readonly expires: boolean;
}

/** A foreign field seen from the entity it points to. */
export interface Referrer {
  readonly kind: EntityKind;
  readonly field: string;
  readonly onDelete: 'restrict' | 'cascade';
  /** The field is a list of ids, so nothing can be nested by it. */
  readonly list: boolean;
}

export interface StoreModel {
  /** A kind comes after every kind it refers to. */
  readonly order: readonly EntityKind[];
  of(kind: EntityKind): KindModel;
  referrers(kind: EntityKind): readonly Referrer[];
  /** Changes whenever a rule does; the store then builds its indexes anew. */
  readonly fingerprint: string;
}

/** The model of every kind this version has. */
export function storeModel(): StoreModel {
  const models = new Map<EntityKind, KindModel>();
  for (const definition of Object.values(entityDefinitions)) models.set(definition.kind, kindModel(definition));
  const referrers = new Map<EntityKind, Referrer[]>();
  for (const model of models.values()) {
    for (const { field, to, onDelete, list: isList } of model.foreign) {
      const list = referrers.get(to) ?? [];
      list.push({ kind: model.kind, field, onDelete, list: isList === true });
      referrers.set(to, list);
    }
  }
  return {
    order: parentsFirst(models),
    of: (kind) => {
      const model = models.get(kind);
      if (model === undefined) throw new TypeError(`no entity kind '${kind}'`);
      return model;
    },
    referrers: (kind) => referrers.get(kind) ?? [],
    fingerprint: JSON.stringify([...models.values()]),
  };
}

function kindModel(definition: EntityDefinition): KindModel {
  const { key } = definition;
  const rules: (readonly string[])[] = [...(key === undefined ? [] : [[key]]), ...definition.unique];
  const uniques = new Map(rules.map((fields) => [fields.join(','), fields]));
  return {
    kind: definition.kind,
    key,
    uniques: [...uniques].map(([name, fields]) => ({ name, fields })),
    foreign: definition.foreign,
    tagged: definition.tags,
    expires: definition.expires === true,
  };
}

function parentsFirst(models: ReadonlyMap<EntityKind, KindModel>): EntityKind[] {
  const order = new Set<EntityKind>();
  const visiting = new Set<EntityKind>();
  const visit = (kind: EntityKind): void => {
    // A kind that refers to itself, or two to each other, cannot be ordered; the first one met goes first.
    if (order.has(kind) || visiting.has(kind)) return;
    visiting.add(kind);
    for (const { to } of models.get(kind)?.foreign ?? []) visit(to);
    order.add(kind);
  };
  for (const kind of models.keys()) visit(kind);
  return [...order];
}

/** The rows of the indexes that an entity stands for. */
export interface IndexRows {
  readonly uniques: readonly { readonly rule: UniqueRule; readonly value: string }[];
  readonly refs: readonly { readonly field: string; readonly to: EntityKind; readonly id: string }[];
  readonly tags: readonly string[];
  /** Unix time in seconds. */
  readonly expiresAt: number | undefined;
}

/**
 * Works out the index rows of an entity. A rule of one field does not bind entities in which it is null; in a rule of
 * several, nulls are equal, as in Kong's cache keys.
 */
export function indexRows(model: KindModel, entity: Entity): IndexRows {
  const uniques: { rule: UniqueRule; value: string }[] = [];
  for (const rule of model.uniques) {
    const value = uniqueValue(rule, entity);
    if (value !== undefined) uniques.push({ rule, value });
  }
  const refs: { field: string; to: EntityKind; id: string }[] = [];
  for (const { field, to } of model.foreign) {
    for (const id of foreignIds(fieldOf(entity, field))) refs.push({ field, to, id });
  }
  const tags = model.tagged ? fieldOf(entity, 'tags') : undefined;
  return {
    uniques,
    refs,
    tags: textsOf(tags),
    expiresAt: model.expires ? endOf(entity) : undefined,
  };
}

function uniqueValue(rule: UniqueRule, entity: Entity): string | undefined {
  const values = rule.fields.map((field) => {
    const value = fieldOf(entity, field);
    return foreignId(value) ?? value ?? null;
  });
  return values.length === 1 && values[0] === null ? undefined : uniqueText(values);
}

/** How the values of a rule are written down; a list in JSON, so that no value can imitate two. */
export function uniqueText(values: readonly unknown[]): string {
  return JSON.stringify(values);
}

/** The rule over exactly these fields, and their values as it writes them down. */
export function ruleOver(
  model: KindModel,
  values: Readonly<Record<string, string>>,
): { readonly rule: string; readonly value: string } {
  const names = Object.keys(values);
  const found = model.uniques.find(
    ({ fields }) => fields.length === names.length && fields.every((field) => Object.hasOwn(values, field)),
  );
  if (found === undefined) throw new TypeError(`${model.kind} have no unique rule over ${names.join(', ')}`);
  return { rule: found.name, value: uniqueText(found.fields.map((field) => values[field])) };
}

/** True when the entity's time has come. */
export function hasEnded(entity: Entity, nowSeconds: number): boolean {
  const end = endOf(entity);
  return end !== undefined && end <= nowSeconds;
}

function endOf(entity: Entity): number | undefined {
  const end = fieldOf(entity, 'expires_at');
  return typeof end === 'number' ? end : undefined;
}

/** The fields of a violated rule as a fault shows them. */
export function ruleFields(rule: UniqueRule, entity: Entity): Record<string, unknown> {
  return Object.fromEntries(rule.fields.map((field) => [field, fieldOf(entity, field) ?? null]));
}

/** A field by a name that is only known at run time. */
export function fieldOf(entity: Entity, field: string): unknown {
  return Object.hasOwn(entity, field) ? Reflect.get(entity, field) : undefined;
}

/** The pair of a kind and an entity of that kind. */
export function upsertOf(kind: EntityKind, entity: Entity): Upsert {
  // Kind and entity always travel together; the compiler cannot follow that through maps by kind.
  return { kind, entity } as Upsert;
}

/** The ids in a foreign value: `{ id }`, or a list of ids. */
function foreignIds(value: unknown): string[] {
  const id = foreignId(value);
  return id === undefined ? textsOf(value) : [id];
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? [...new Set(value.filter((element) => typeof element === 'string'))] : [];
}

/** The id in a foreign value `{ id }`. */
function foreignId(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('id' in value)) return undefined;
  return typeof value.id === 'string' ? value.id : undefined;
}
