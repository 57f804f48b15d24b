import type { EntityKind } from '../../entities/index.ts';
import type { Fault } from '../../schema/index.ts';
import { isObject, ownValue, type PlainObject, setOwn } from '../../schema/value.ts';

/** What decK's state files add to the format; Kong refuses it in its own files. */
export interface DeckExtras {
  /** `_info.select_tags`: put on every entity. */
  readonly tags: readonly string[];
  /** `_info.defaults`: by kind, for fields that an entity leaves out. */
  readonly defaults: ReadonlyMap<EntityKind, PlainObject>;
  /** `_plugin_configs`: named configurations that plugins take with `_config`. */
  readonly pluginConfigs: PlainObject;
  readonly faults: readonly Fault[];
}

const kindsOfDefaults: ReadonlyMap<string, EntityKind> = new Map([
  ['service', 'services'],
  ['route', 'routes'],
  ['upstream', 'upstreams'],
  ['target', 'targets'],
]);

/** Reads decK's members of a document. `_workspace` may be anything: there is one workspace. */
export function readDeckExtras(document: PlainObject): DeckExtras {
  const faults: Fault[] = [];
  const info = recordAt(document, '_info', [], faults);
  const tags: string[] = [];
  const defaults = new Map<EntityKind, PlainObject>();
  for (const [name, value] of Object.entries(info)) {
    const path = ['_info', name];
    if (name === 'select_tags') tags.push(...stringsAt(value, path, faults));
    else if (name === 'defaults') readDefaults(recordAt(info, name, ['_info'], faults), defaults, faults);
    else faults.push({ path, message: 'not supported yet by this version of Sallyport' });
  }
  const workspace = ownValue(document, '_workspace') ?? '';
  if (typeof workspace !== 'string') faults.push({ path: ['_workspace'], message: 'expected a string' });
  return { tags, defaults, pluginConfigs: recordAt(document, '_plugin_configs', [], faults), faults };
}

function readDefaults(written: PlainObject, defaults: Map<EntityKind, PlainObject>, faults: Fault[]): void {
  const path = ['_info', 'defaults'];
  for (const name of Object.keys(written)) {
    const kind = kindsOfDefaults.get(name);
    const values = recordAt(written, name, path, faults);
    if (kind !== undefined) defaults.set(kind, values);
    else if (Object.keys(values).length > 0) {
      faults.push({ path: [...path, name], message: 'not supported yet by this version of Sallyport' });
    }
  }
}

/** The members of one entity with what decK's members of the document add to it. */
export function withDeckExtras(
  extras: DeckExtras,
  kind: EntityKind,
  input: PlainObject,
  path: Fault['path'],
  faults: Fault[],
): PlainObject {
  const output: PlainObject = { ...extras.defaults.get(kind), ...input };
  const tags = ownValue(output, 'tags') ?? [];
  if (extras.tags.length > 0 && Array.isArray(tags)) setOwn(output, 'tags', [...new Set([...tags, ...extras.tags])]);
  const shared = ownValue(input, '_config');
  if (kind !== 'plugins' || shared === undefined) return output;
  const { _config: _, ...plugin } = output;
  const config = typeof shared === 'string' ? ownValue(extras.pluginConfigs, shared) : undefined;
  const own = ownValue(input, 'config') ?? {};
  if (!isObject(config)) {
    faults.push({ path: [...path, '_config'], message: "no such entry in '_plugin_configs'" });
    return plugin;
  }
  return isObject(own) ? { ...plugin, config: { ...config, ...own } } : plugin;
}

function recordAt(container: PlainObject, name: string, path: Fault['path'], faults: Fault[]): PlainObject {
  const value = ownValue(container, name) ?? {};
  if (isObject(value)) return value;
  faults.push({ path: [...path, name], message: 'expected a record' });
  return {};
}

function stringsAt(value: unknown, path: Fault['path'], faults: Fault[]): string[] {
  if (value === null) return [];
  const strings = Array.isArray(value) ? value.filter((element) => typeof element === 'string') : [];
  if (!Array.isArray(value)) faults.push({ path, message: 'expected an array' });
  else if (strings.length !== value.length) faults.push({ path, message: 'expected an array of strings' });
  return strings;
}
