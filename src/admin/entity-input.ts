import {
  type Entity,
  type EntityKind,
  entityDefinitions,
  isEntityKind,
  pluginRecord,
  unknownPluginText,
} from '../entities/index.ts';
import type { AnyPlugin } from '../pdk/index.ts';
import {
  type Fault,
  type Generators,
  type PlainObject,
  processInsert,
  processUpdate,
  type RecordField,
} from '../schema/index.ts';
import { isObject } from '../schema/value.ts';
import type { Store } from '../store/store.ts';
import { type AdminBody, bodyFields, bodyMember } from './decode-body.ts';
import { asEntity, asObject } from './entity-model.ts';
import type { UnresolvedReference } from './errors.ts';

type Plugins = ReadonlyMap<string, AnyPlugin>;

/** The record an input is judged by, or the faults that keep it from being known. */
export type ChosenRecord =
  | {
      readonly kind: 'record';
      readonly of: EntityKind;
      readonly record: RecordField;
      readonly plugin: AnyPlugin | undefined;
    }
  | { readonly kind: 'faults'; readonly faults: readonly Fault[] };

/**
 * The record of a kind; for plugins that of the named plugin, since its configuration is part of it. `stored` is the
 * entity a PATCH without a name is about.
 */
export function chooseRecord(kind: EntityKind, body: AdminBody, plugins: Plugins, stored?: Entity): ChosenRecord {
  if (kind !== 'plugins')
    return { kind: 'record', of: kind, record: entityDefinitions[kind].record, plugin: undefined };
  const sent = bodyMember(body, 'name');
  const name = sent === undefined && stored !== undefined ? asObject(stored)['name'] : sent;
  if (name === undefined || name === null || name === '') return nameFault('required field missing');
  if (typeof name !== 'string') return nameFault('expected a string');
  const plugin = plugins.get(name);
  if (plugin === undefined) return nameFault(unknownPluginText(name));
  return { kind: 'record', of: kind, record: recordOf(plugin), plugin };
}

const records = new WeakMap<AnyPlugin, RecordField>();

/** Building the record of a plugin with hundreds of fields for every write would be waste. */
function recordOf(plugin: AnyPlugin): RecordField {
  const known = records.get(plugin);
  if (known !== undefined) return known;
  const built = pluginRecord(plugin);
  records.set(plugin, built);
  return built;
}

function nameFault(message: string): ChosenRecord {
  return { kind: 'faults', faults: [{ path: ['name'], message }] };
}

/** The sent fields, typed, with references by name replaced by ids. */
export interface Input {
  readonly fields: unknown;
  readonly faults: readonly Fault[];
  readonly unresolved: readonly UnresolvedReference[];
}

/** Decodes the body for a record and resolves its references; `fixed` are fields the path decides. */
export async function readInput(
  kind: EntityKind,
  record: RecordField,
  body: AdminBody,
  fixed: PlainObject,
  store: Store,
): Promise<Input> {
  const sent = bodyFields(body, record);
  if (!isObject(sent)) return { fields: sent, faults: [], unresolved: [] };
  const { prepare, foreign } = entityDefinitions[kind];
  const fields: Record<string, unknown> = { ...(prepare === undefined ? sent : prepare(sent)), ...fixed };
  const faults: Fault[] = [];
  const unresolved: UnresolvedReference[] = [];
  if (typeof fields['id'] === 'string') fields['id'] = fields['id'].toLowerCase();
  for (const { field, to, list } of foreign) {
    const value = fields[field];
    if (list === true) fields[field] = withLowerCaseIds(value);
    if (!isObject(value)) continue;
    const resolved = await resolveReference(field, to, value, store);
    if (resolved.kind === 'unresolved') unresolved.push(resolved.reference);
    else fields[field] = resolved.value;
    if (resolved.kind === 'value') faults.push(...resolved.faults);
  }
  return { fields, faults, unresolved };
}

function withLowerCaseIds(value: unknown): unknown {
  return Array.isArray(value) ? value.map((id: unknown) => (typeof id === 'string' ? id.toLowerCase() : id)) : value;
}

type Resolved =
  | { readonly kind: 'value'; readonly value: unknown; readonly faults: readonly Fault[] }
  | { readonly kind: 'unresolved'; readonly reference: UnresolvedReference };

async function resolveReference(field: string, to: string, value: PlainObject, store: Store): Promise<Resolved> {
  const { id } = value;
  if (id === undefined || id === null) {
    if (!isEntityKind(to)) return { kind: 'value', value, faults: [] };
    for (const [by] of entityDefinitions[to].unique.filter((fields) => fields.length === 1)) {
      const name = by === undefined ? undefined : value[by];
      if (by === undefined || typeof name !== 'string') continue;
      const target = await store.getByUnique(to, { [by]: name });
      if (target === undefined) return { kind: 'unresolved', reference: { field, by, value: name, to } };
      return { kind: 'value', value: { id: target.id }, faults: unknownMembers(field, value, by) };
    }
    return { kind: 'value', value, faults: [] };
  }
  const key = typeof id === 'string' ? id.toLowerCase() : id;
  return { kind: 'value', value: { id: key }, faults: unknownMembers(field, value, 'id') };
}

/** A reference says one thing; a second member could contradict it and would be dropped silently. */
function unknownMembers(field: string, value: PlainObject, known: string): Fault[] {
  return Object.keys(value)
    .filter((name) => name !== known && name !== 'id')
    .map((name) => ({ path: [field, name], message: 'unknown field' }));
}

export type Judged =
  | {
      readonly kind: 'valid';
      readonly entity: Entity;
      /** What was sent of the fields that name entities of another kind; members that were not sent are absent. */
      readonly written: PlainObject;
    }
  | { readonly kind: 'invalid'; readonly faults: readonly Fault[] };

/** The whole entity of a POST or PUT, or everything that is wrong with the input. */
export function judgeInsert(
  chosen: Extract<ChosenRecord, { kind: 'record' }>,
  input: Input,
  mode: 'insert' | 'upsert',
  generators: Generators,
): Judged {
  return finish(chosen, input, processInsert(chosen.record, input.fields, mode, generators), generators);
}

/** The whole entity after a PATCH, or everything that is wrong with it. */
export function judgeUpdate(
  chosen: Extract<ChosenRecord, { kind: 'record' }>,
  input: Input,
  stored: Entity,
  generators: Generators,
): Judged {
  const { show } = entityDefinitions[chosen.of];
  const before = show === undefined ? asObject(stored) : show(asObject(stored), generators.now());
  return finish(chosen, input, processUpdate(chosen.record, before, input.fields, generators), generators);
}

function finish(
  chosen: Extract<ChosenRecord, { kind: 'record' }>,
  input: Input,
  processed: ReturnType<typeof processInsert>,
  generators: Generators,
): Judged {
  if (processed.kind === 'invalid') return { kind: 'invalid', faults: [...input.faults, ...processed.faults] };
  const faults = [...input.faults, ...pluginFaults(chosen.plugin, processed.value['config'])];
  if (faults.length > 0) return { kind: 'invalid', faults };
  const { keep, written = [] } = entityDefinitions[chosen.of];
  const kept = keep === undefined ? processed.value : keep(processed.value, generators.now());
  const sent = written.filter((name) => isObject(input.fields) && Object.hasOwn(input.fields, name));
  const named = Object.fromEntries(sent.map((name) => [name, processed.value[name]]));
  return { kind: 'valid', entity: asEntity(kept), written: named };
}

/** The plugin's own rules across fields, which speak of paths within the configuration, or of the whole entry. */
function pluginFaults(plugin: AnyPlugin | undefined, config: unknown): Fault[] {
  if (plugin?.check === undefined) return [];
  // The configuration has passed the plugin's own record, whose type is forgotten here.
  const ofEntry = ({ entity, path }: Fault) => entity === true && path.length === 0;
  return plugin
    .check(config as never)
    .map((fault) => (ofEntry(fault) ? fault : { ...fault, path: ['config', ...fault.path] }));
}
