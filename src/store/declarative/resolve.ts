import { type EntityKind, entityDefinitions, keyText } from '../../entities/index.ts';
import { isObject, ownValue, type PlainObject, shortJson } from '../../schema/value.ts';
import type { KindModel, StoreModel } from '../model.ts';
import type { Entry } from './entry.ts';
import { uuidV5 } from './uuid.ts';

/** Namespace of all derived ids; changing it would give every nameless-id entity of every user a new id. */
const namespace = '9f0c1d4e-5b0a-5c7e-8a51-1d0f6b7f2c11';

/**
 * Follows references (an id, a key, `{ id }` or `{ name }`) within the file, gives every entity its id and marks
 * what occurs twice. Faults are left on the entries.
 */
export function resolveEntries(entries: readonly Entry[], model: StoreModel): void {
  const byKind = new Map(model.order.map((kind) => [kind, entries.filter((entry) => entry.kind === kind)]));
  const found: Found = { byId: new Map(), byKey: new Map() };
  const contents = new Map<string, number>();
  for (const entry of entries) register(found, model, entry);
  for (const [kind, list] of byKind) {
    const rules = model.of(kind);
    for (const entry of list) resolveReferences(entry, rules, found);
    for (const entry of list) entry.id = givenId(entry) ?? derivedId(entry, rules, contents);
    markRepetitions(list, rules);
  }
}

interface Found {
  readonly byId: Map<string, Entry>;
  readonly byKey: Map<string, Entry>;
}

function register(found: Found, model: StoreModel, entry: Entry): void {
  const id = givenId(entry);
  const key = keyOf(entry.input, model.of(entry.kind).key);
  if (id !== undefined) found.byId.set(JSON.stringify([entry.kind, id]), entry);
  const name = JSON.stringify([entry.kind, key]);
  if (typeof key === 'string' && !found.byKey.has(name)) found.byKey.set(name, entry);
}

function keyOf(members: PlainObject, key: string | undefined): unknown {
  return key === undefined ? undefined : ownValue(members, key);
}

function givenId(entry: Entry): string | undefined {
  const id = ownValue(entry.input, 'id');
  return typeof id === 'string' ? id : undefined;
}

function resolveReferences(entry: Entry, rules: KindModel, found: Found): void {
  if (entry.parent !== undefined) entry.foreign.set(entry.parent.field, entry.parent.entry);
  for (const { field, to, list } of rules.foreign) {
    const written = ownValue(entry.input, field);
    if (list === true) {
      checkList(entry, field, to, written, found);
      continue;
    }
    if (field === entry.parent?.field || written === undefined || written === null) continue;
    const name = isObject(written) ? (ownValue(written, 'id') ?? keyOf(written, entityDefinitions[to].key)) : written;
    // What is neither text nor holds any is for the field's own check to refuse.
    if (typeof name !== 'string') continue;
    const target = found.byId.get(JSON.stringify([to, name])) ?? found.byKey.get(JSON.stringify([to, name]));
    if (target !== undefined) {
      entry.foreign.set(field, target);
    } else {
      const text = typeof written === 'string' ? written : shortJson(written);
      entry.badReferences.push(`invalid reference '${field}: ${text}' (no such entry in '${to}')`);
    }
  }
}

/** A list refers by ids alone; what is no list of texts is for the field's own check to refuse. */
function checkList(entry: Entry, field: string, to: EntityKind, written: unknown, found: Found): void {
  if (!Array.isArray(written)) return;
  for (const id of written) {
    if (typeof id !== 'string' || found.byId.has(JSON.stringify([to, id]))) continue;
    entry.badReferences.push(`invalid reference '${field}: ${id}' (no such entry in '${to}')`);
  }
}

/**
 * From the first unique rule that has values, else from the whole content; equal contents without any name are told
 * apart by their order.
 */
function derivedId(entry: Entry, rules: KindModel, contents: Map<string, number>): string {
  for (const rule of rules.uniques) {
    const values = ruleValues(entry, rule.fields);
    if (values === undefined) continue;
    return uuidV5(namespace, JSON.stringify([entry.kind, rule.fields, values]));
  }
  const foreign = [...entry.foreign].map(([field, target]) => [field, target.id]);
  const content = JSON.stringify([entry.kind, canonical(entry.input), foreign.sort()]);
  const before = contents.get(content) ?? 0;
  contents.set(content, before + 1);
  return uuidV5(namespace, JSON.stringify([content, before]));
}

/** Undefined when the rule does not bind the entry: its first field has no value, or one of a wrong type. */
function ruleValues(entry: Entry, fields: readonly string[]): (string | null)[] | undefined {
  const values = fields.map((field) => {
    const value = entry.foreign.get(field)?.id ?? ownValue(entry.input, field);
    return typeof value === 'string' ? value : null;
  });
  return typeof values[0] === 'string' ? values : undefined;
}

function markRepetitions(entries: readonly Entry[], rules: KindModel): void {
  const seen = new Set<string>();
  const repeats = (key: string) => seen.size === seen.add(key).size;
  for (const entry of entries) {
    const refuse = (what: string) =>
      entry.repetitions.push(`uniqueness violation: '${entry.kind}' entity with ${what} already declared`);
    for (const { name, fields } of rules.uniques) {
      const values = ruleValues(entry, fields);
      if (values === undefined || entry.badReferences.length > 0 || !repeats(JSON.stringify([name, values]))) continue;
      refuse(fields.length === 1 ? `${name} set to '${values[0]}'` : keyText(ruleView(entry, fields)));
    }
    if (repeats(JSON.stringify(['id', entry.id])) && entry.repetitions.length === 0) {
      refuse(`primary key set to '${entry.id}'`);
    }
  }
}

function ruleView(entry: Entry, fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    fields.map((field) => {
      const target = entry.foreign.get(field);
      return [field, target === undefined ? (ownValue(entry.input, field) ?? null) : { id: target.id }];
    }),
  );
}

/** Members in the order of their names, so that reordering a file moves no id. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (!isObject(value)) return value;
  return Object.keys(value)
    .sort()
    .map((name) => [name, canonical(value[name])]);
}
