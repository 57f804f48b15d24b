import { type EntityKind, entityDefinitions } from '../../entities/index.ts';
import type { Fault } from '../../schema/index.ts';
import { isObject, ownValue, type PlainObject, setOwn } from '../../schema/value.ts';
import type { StoreModel } from '../model.ts';
import { type DeckExtras, readDeckExtras, withDeckExtras } from './deck.ts';
import type { Entry } from './entry.ts';

/** Every entity of the file, nested ones taken out of their parents, and what is wrong with the file's shape. */
export interface Collected {
  readonly entries: readonly Entry[];
  readonly faults: readonly Fault[];
}

const formats = ['1.1', '2.1', '3.0'];

/** Collections of Kong that hold nothing here yet; a file that fills one is refused by its name. */
const unsupportedCollections = new Set(
  `vaults keys key_sets filter_chains workspaces basicauth_credentials hmacauth_credentials jwt_secrets
  oauth2_credentials oauth2_tokens sessions acme_storage parameters clustering_data_planes
  ratelimiting_metrics`.split(/\s+/),
);

const unsupportedText = 'not supported yet by this version of Sallyport';

/** Takes a parsed document apart. Accepts Kong's format and, beyond it, decK's `_info`, `_workspace`, `_plugin_configs`. */
export function collectEntries(document: unknown, model: StoreModel): Collected {
  if (!isObject(document)) return { entries: [], faults: [{ path: [], message: 'expected a record', entity: true }] };
  const extras = readDeckExtras(document);
  const collector = new Collector(model, extras, ownValue(document, '_format_version') !== '3.0');
  collector.faults.push(...extras.faults);
  collector.readHead(document);
  for (const [name, value] of Object.entries(document)) {
    const kind = model.order.find((known) => known === name);
    if (kind !== undefined) collector.readList(kind, value, [name], undefined);
    else if (!headNames.has(name)) collector.refuse(name, value, [name]);
  }
  return collector;
}

const headNames = new Set([
  '_format_version',
  '_transform',
  '_comment',
  '_ignore',
  '_info',
  '_workspace',
  '_plugin_configs',
]);

class Collector {
  readonly entries: Entry[] = [];
  readonly faults: Fault[] = [];
  readonly #model: StoreModel;
  readonly #extras: DeckExtras;
  readonly #oldFormat: boolean;

  constructor(model: StoreModel, extras: DeckExtras, oldFormat: boolean) {
    this.#model = model;
    this.#extras = extras;
    this.#oldFormat = oldFormat;
  }

  readHead(document: PlainObject): void {
    const version = ownValue(document, '_format_version');
    const wrong = (name: string, message: string) => this.faults.push({ path: [name], message });
    if (version === undefined || version === null) wrong('_format_version', 'required field missing');
    else if (typeof version !== 'string') wrong('_format_version', 'expected a string');
    else if (!formats.includes(version)) wrong('_format_version', `expected one of: ${formats.join(', ')}`);
    const transform = ownValue(document, '_transform') ?? true;
    if (typeof transform !== 'boolean') wrong('_transform', 'expected a boolean');
    const comment = ownValue(document, '_comment') ?? '';
    if (typeof comment !== 'string') wrong('_comment', 'expected a string');
  }

  readList(kind: EntityKind, value: unknown, path: Fault['path'], parent: Entry['parent']): void {
    if (value === null) return;
    if (!Array.isArray(value)) {
      this.faults.push({ path, message: 'expected an array' });
      return;
    }
    for (const [index, element] of value.entries()) {
      const at = [...path, index];
      if (isObject(element)) this.#readEntry(kind, element, at, parent);
      else this.faults.push({ path: at, message: 'expected a record' });
    }
  }

  /** An unknown name, or a collection that this version does not have. */
  refuse(name: string, value: unknown, path: Fault['path']): void {
    if (!unsupportedCollections.has(name)) this.faults.push({ path, message: 'unknown field' });
    else if (!isEmpty(value)) this.faults.push({ path, message: unsupportedText });
  }

  #readEntry(kind: EntityKind, written: PlainObject, path: Fault['path'], parent: Entry['parent']): void {
    const { record, written: nestedOnly = [], prepare } = entityDefinitions[kind];
    const children = this.#model.referrers(kind).filter(({ list }) => !list);
    const nested: [EntityKind, string, unknown][] = [];
    const input: PlainObject = {};
    const faults: Fault[] = [];
    for (const [name, value] of Object.entries(written)) {
      if (name === '_comment' || name === '_ignore') continue;
      const child = children.find((referrer) => referrer.kind === name);
      const known =
        (Object.hasOwn(record.fields, name) && !nestedOnly.includes(name)) ||
        record.shorthands.some((shorthand) => shorthand.name === name);
      if (known || (kind === 'plugins' && name === '_config')) setOwn(input, name, value);
      else if (child !== undefined) nested.push([child.kind, child.field, value]);
      else this.refuse(name, value, [...path, name]);
    }
    if (parent !== undefined && !isEmpty(ownValue(input, parent.field))) {
      faults.push({ path: [...path, parent.field], message: 'value must be null' });
    }
    const extended = withDeckExtras(this.#extras, kind, input, path, faults);
    const migrated = this.#oldFormat && kind === 'routes' ? withMigratedPaths(extended) : extended;
    const current = prepare === undefined ? migrated : prepare(migrated);
    const entry: Entry = {
      kind,
      path,
      input: current,
      parent,
      id: '',
      foreign: new Map(),
      faults,
      badReferences: [],
      repetitions: [],
    };
    this.entries.push(entry);
    for (const [child, field, value] of nested) this.readList(child, value, [...path, child], { field, entry });
  }
}

/** Formats before 3.0 had no mark for patterns: a path with characters that no plain path has was one. */
function withMigratedPaths(route: PlainObject): PlainObject {
  const paths = ownValue(route, 'paths');
  if (!Array.isArray(paths)) return route;
  const migrated = paths.map((path: unknown) =>
    typeof path === 'string' && !/^[A-Za-z0-9.\-_~/%]*$/.test(path) ? `~${path.replace(/^~/, '')}` : path,
  );
  return { ...route, paths: migrated };
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}
