import { randomBytes, randomUUID } from 'node:crypto';
import { limits } from '../../base/limits.ts';
import {
  type Entity,
  entityDefinitions,
  type PluginShape,
  pluginRecord,
  type Upsert,
  unknownPluginText,
} from '../../entities/index.ts';
import { type Fault, faultFields, type Generators, processInsert, type RecordField } from '../../schema/index.ts';
import { ownValue, type PlainObject, setOwn } from '../../schema/value.ts';
import { storeModel, upsertOf } from '../model.ts';
import { collectEntries } from './collect.ts';
import type { Entry } from './entry.ts';
import { faultText } from './fault-text.ts';
import { resolveEntries } from './resolve.ts';
import { parseYaml } from './yaml.ts';

/** What a plugin must tell for its entries to be checked; every `PluginDefinition` does. */
export interface DeclarativePlugin extends PluginShape {
  /** Faults across the fields of a valid configuration, with paths inside it. */
  check?(config: PlainObject): readonly Fault[];
}

export interface DeclarativeFaults {
  readonly kind: 'faults';
  readonly faults: readonly Fault[];
  /** Kong's tree in the shape of the file, for code 14. */
  readonly fields: PlainObject;
  /** The same over several lines, for a start that fails. */
  readonly text: string;
}

export type DeclarativeConfig = { readonly kind: 'ok'; readonly upserts: readonly Upsert[] } | DeclarativeFaults;

export interface DeclarativeInput {
  /** JSON or YAML in Kong's declarative format 1.1, 2.1 or 3.0, nested or flat. */
  readonly text: string;
  /** Enabled plugins by name. */
  readonly plugins: ReadonlyMap<string, DeclarativePlugin>;
  /** Epoch milliseconds; the time of entities that name none. */
  readonly now?: () => number;
}

/**
 * Reads a whole declarative configuration: valid entities with references before their users, or every fault at once.
 * Ids that are not given depend on names only, so that loading a file again keeps them. Never throws.
 */
export function parseDeclarative({ text, plugins, now = Date.now }: DeclarativeInput): DeclarativeConfig {
  const parsed = parseYaml(text);
  if (parsed.kind === 'fault') {
    return declarativeFaults([
      { path: ['error'], message: `failed parsing declarative configuration: ${parsed.fault}` },
    ]);
  }
  const model = storeModel();
  const { entries, faults } = collectEntries(parsed.value, model);
  resolveEntries(entries, model);
  const validator = new Validator(plugins, generatorsAt(now));
  const upserts: Upsert[] = [];
  const ordered = model.order.flatMap((kind) => entries.filter((entry) => entry.kind === kind));
  for (const entry of ordered) {
    const entity = validator.entity(entry);
    if (entity !== undefined) upserts.push(upsertOf(entry.kind, entity));
  }
  const all = [...faults, ...entries.flatMap(entryFaults)];
  return all.length === 0 ? { kind: 'ok', upserts } : declarativeFaults(all);
}

/** The three views of what is wrong; beyond the limit the rest is cut. */
export function declarativeFaults(found: readonly Fault[]): DeclarativeFaults {
  const faults = found.slice(0, limits.schemaFaultsMax);
  const fields = faultFields(faults);
  return { kind: 'faults', faults, fields, text: faultText(fields) };
}

function generatorsAt(now: () => number): Generators {
  const seconds = Math.floor(now() / 1000);
  return {
    // Ids are set on every entity before validation; this is for other fields.
    uuid: randomUUID,
    now: () => seconds,
    nowMs: now,
    secret: () => randomBytes(24).toString('base64url'),
  };
}

class Validator {
  readonly #plugins: ReadonlyMap<string, DeclarativePlugin>;
  readonly #generators: Generators;
  readonly #pluginRecords = new Map<string, RecordField>();

  constructor(plugins: ReadonlyMap<string, DeclarativePlugin>, generators: Generators) {
    this.#plugins = plugins;
    this.#generators = generators;
  }

  /** The entity with defaults; undefined after leaving its faults on the entry. */
  entity(entry: Entry): Entity | undefined {
    const record = this.#recordFor(entry);
    if (record === undefined) return undefined;
    const processed = processInsert(record, completed(entry), 'insert', this.#generators);
    if (processed.kind === 'invalid') {
      for (const fault of processed.faults) entry.faults.push({ ...fault, path: [...entry.path, ...fault.path] });
      return undefined;
    }
    if (entry.kind === 'plugins') this.#checkPlugin(entry, processed.value);
    const { keep } = entityDefinitions[entry.kind];
    const kept = keep === undefined ? processed.value : keep(processed.value, this.#generators.now());
    // The record that accepted the value belongs to this kind.
    return kept as unknown as Entity;
  }

  /** Without a known plugin nothing can be said about the rest of an entry, as in Kong. */
  #recordFor(entry: Entry): RecordField | undefined {
    if (entry.kind !== 'plugins') return entityDefinitions[entry.kind].record;
    const name = ownValue(entry.input, 'name');
    if (typeof name === 'string' && name !== '') {
      const known = this.#pluginRecords.get(name);
      if (known !== undefined) return known;
      const plugin = this.#plugins.get(name);
      if (plugin !== undefined) {
        const record = pluginRecord(plugin);
        this.#pluginRecords.set(name, record);
        return record;
      }
      entry.faults.push({ path: [...entry.path, 'name'], message: unknownPluginText(name) });
    } else {
      const missing = name === undefined || name === null;
      entry.faults.push({
        path: [...entry.path, 'name'],
        message: missing ? 'required field missing' : 'expected a string',
      });
    }
    return undefined;
  }

  #checkPlugin(entry: Entry, value: PlainObject): void {
    const config = ownValue(value, 'config') as PlainObject;
    for (const fault of this.#plugins.get(String(value['name']))?.check?.(config) ?? []) {
      const ofEntry = fault.entity === true && fault.path.length === 0;
      entry.faults.push({ ...fault, path: ofEntry ? entry.path : [...entry.path, 'config', ...fault.path] });
    }
  }
}

/** The written members with id and references in the form the record knows. */
function completed(entry: Entry): PlainObject {
  const input = { ...entry.input };
  setOwn(input, 'id', ownValue(entry.input, 'id') ?? entry.id);
  for (const [field, target] of entry.foreign) setOwn(input, field, { id: target.id });
  if (entry.badReferences.length > 0) {
    // Already reported; as text it would be refused a second time.
    for (const { field } of entityDefinitions[entry.kind].foreign)
      if (!entry.foreign.has(field)) setOwn(input, field, null);
  }
  return input;
}

/**
 * Kong puts a list of bad references, or the text of a repetition, in the place of the entry. Where the entry has
 * faults of its own too, all texts go under `@entity`, so that none is lost.
 */
function entryFaults({ path, faults, badReferences, repetitions }: Entry): Fault[] {
  const texts = [...badReferences, ...repetitions];
  if (faults.length === 0 && repetitions.length === 0) {
    return badReferences.map((message, index) => ({ path: [...path, index], message }));
  }
  if (faults.length === 0 && texts.length === 1) return texts.map((message) => ({ path, message }));
  return [...faults, ...texts.map((message) => ({ path, message, entity: true }))];
}
