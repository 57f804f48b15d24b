import { limits } from '../base/limits.ts';
import type { Mode } from './check.ts';
import { defaultOf } from './defaults.ts';
import type { Fault } from './fault.ts';
import type { AnyField, Attributes, ListField, MapField, RecordField, Unsupported } from './field.ts';
import { isUuid, scalarFault } from './scalar.ts';
import { isObject, ownValue, type PlainObject, sameJson, sameMembers, shortJson, tooDeep } from './value.ts';

type Path = readonly (string | number)[];

/** What a walk carries; `unsupported` is inherited from the nearest unsupported record. */
interface Walk {
  readonly mode: Mode;
  readonly faults: Fault[];
  readonly unsupported: Unsupported | undefined;
}

/**
 * Every fault of the value at once, in Kong's words; an empty list means valid. The value may be as sent or already
 * filled by `applyDefaults`; in mode `update` it is the whole entity after the merge. Never throws on outside input.
 */
export function validate(record: RecordField, value: unknown, mode: Mode): Fault[] {
  if (!isObject(value)) return [{ path: [], message: 'expected a record', entity: true }];
  const walk: Walk = { mode, faults: [], unsupported: record.attributes.unsupported };
  checkRecord(record, value, [], walk);
  return walk.faults;
}

function report(walk: Walk, fault: Fault): void {
  if (walk.faults.length < limits.schemaFaultsMax) walk.faults.push(fault);
}

function checkField(field: AnyField, value: unknown, path: Path, walk: Walk): void {
  const { attributes } = field;
  if (value === undefined || value === null) {
    if (missing(field, value)) report(walk, { path, message: 'required field missing' });
    return;
  }
  const unsupported = attributes.unsupported ?? walk.unsupported;
  if (attributes.eq_null === true) {
    report(walk, { path, message: 'value must be null' });
    return;
  }
  if (field.kind === 'record') {
    if (!isObject(value)) report(walk, { path, message: 'expected a record' });
    else checkRecord(field, value, path, { ...walk, unsupported });
    return;
  }
  const message =
    unsupportedFault(field, value, unsupported) ?? vaultFault(attributes, value) ?? plainFault(field, value);
  if (message !== undefined) {
    // Kong names the key of a reference, not the reference.
    const at = field.kind === 'foreign' && unsupported === undefined ? [...path, 'id'] : path;
    report(walk, { path: at, message });
    return;
  }
  // A default that belongs to an unbuilt feature has passed above; its members need no further look at support.
  if (field.kind === 'array' || field.kind === 'set')
    checkList(field, value, path, { ...walk, unsupported: undefined });
  if (field.kind === 'map') checkMap(field, value, path, { ...walk, unsupported: undefined });
}

function missing(field: AnyField, value: undefined | null): boolean {
  const { attributes } = field;
  if (attributes.required !== true) return false;
  if (value === null) return true;
  return attributes.default === undefined && attributes.auto !== true && field.kind !== 'record';
}

/** Faults of everything that has no members of its own to walk. */
function plainFault(field: AnyField, value: unknown): string | undefined {
  switch (field.kind) {
    case 'foreign':
      if (!isObject(value)) return 'missing primary key';
      return referenceFault(ownValue(value, 'id'));
    case 'any':
      return tooDeep(value) ? 'nested too deeply' : undefined;
    case 'string':
    case 'integer':
    case 'number':
    case 'boolean':
      return scalarFault(field.kind, field.attributes, value);
    default:
      return undefined;
  }
}

function referenceFault(id: unknown): string | undefined {
  if (id === undefined || id === null) return 'missing primary key';
  return typeof id === 'string' && isUuid(id) ? undefined : 'expected a valid UUID';
}

function checkRecord(record: RecordField, value: PlainObject, path: Path, walk: Walk): void {
  const before = walk.faults.length;
  for (const [name, field] of Object.entries(record.fields)) {
    checkField(field, ownValue(value, name), [...path, name], walk);
  }
  for (const name of Object.keys(value)) {
    if (!Object.hasOwn(record.fields, name)) report(walk, { path: [...path, name], message: 'unknown field' });
  }
  const own = walk.faults.slice(before);
  for (const check of record.checks) {
    if (check.fields.some((name) => own.some((fault) => covers(fault.path.slice(path.length), name)))) continue;
    for (const { field, message } of check.run(value, walk.mode)) {
      if (field === undefined) report(walk, { path, message, entity: true });
      else report(walk, { path: [...path, ...field.split('.')], message });
    }
  }
}

/** True when the fault lies on the way to, at or below the dotted name. */
function covers(path: Path, name: string): boolean {
  const parts = name.split('.');
  return parts.every((part, index) => index >= path.length || path[index] === part);
}

function checkList(field: ListField, value: unknown, path: Path, walk: Walk): void {
  const { attributes } = field;
  if (!Array.isArray(value)) {
    report(walk, { path, message: field.kind === 'array' ? 'expected an array' : 'expected a set' });
    return;
  }
  const elements: readonly unknown[] = value;
  const early = attributes.precheck?.(elements) ?? lengthFault(attributes, elements.length);
  if (early !== undefined) {
    report(walk, { path, message: early });
    return;
  }
  const before = walk.faults.length;
  for (const [index, element] of elements.entries()) {
    if (walk.faults.length >= limits.schemaFaultsMax) return;
    checkMember(field.elements, element, [...path, index], walk);
  }
  if (walk.faults.length === before) reportText(walk, path, callValidate(attributes, elements));
}

function checkMap(field: MapField, value: unknown, path: Path, walk: Walk): void {
  const { attributes } = field;
  if (!isObject(value)) {
    report(walk, { path, message: 'expected a map' });
    return;
  }
  const entries = Object.entries(value);
  const early = lengthFault(attributes, entries.length);
  if (early !== undefined) {
    report(walk, { path, message: early });
    return;
  }
  const before = walk.faults.length;
  for (const [key, member] of entries) {
    if (walk.faults.length >= limits.schemaFaultsMax) return;
    checkMember(field.keys, key, [...path, key], walk);
    checkMember(field.values, member, [...path, key], walk);
  }
  if (walk.faults.length === before) reportText(walk, path, callValidate(attributes, value));
}

/** Elements are required, whatever their declaration says: a null in a list is a hole. */
function checkMember(field: AnyField, value: unknown, path: Path, walk: Walk): void {
  if (value === null || value === undefined) report(walk, { path, message: 'required field missing' });
  else checkField(field, value, path, walk);
}

function reportText(walk: Walk, path: Path, message: string | undefined): void {
  if (message !== undefined) report(walk, { path, message });
}

function lengthFault({ len_min, len_max }: Attributes, length: number): string | undefined {
  if (len_min !== undefined && length < len_min) return `length must be at least ${len_min}`;
  if (len_max !== undefined && length > len_max) return `length must be at most ${len_max}`;
  return undefined;
}

function callValidate(attributes: Attributes, value: unknown): string | undefined {
  // The walkers have established the type that each kind's builder promises to its `validate`.
  const check = attributes.validate as ((value: unknown) => string | undefined) | undefined;
  return check?.(value);
}

/** A value of a field that this version does not honour, unless it is what the field holds anyway. */
function unsupportedFault(field: AnyField, value: unknown, unsupported: Unsupported | undefined): string | undefined {
  if (unsupported === undefined) return undefined;
  if (unsupported !== true && 'values' in unsupported) {
    if (typeof value !== 'string' || !unsupported.values.includes(value)) return undefined;
    return unsupported.because ?? `'${value}' is not supported yet by this version of Sallyport`;
  }
  const expected = defaultOf(field);
  const same = field.kind === 'set' ? sameMembers(value, expected) : sameJson(value, expected);
  if (same) return undefined;
  if (unsupported !== true) return unsupported.because;
  return `not supported yet by this version of Sallyport; leave it out or send its default (${shortJson(expected)})`;
}

const vaultReference = /^\{vault:\/\/.*\}$/s;

/** A reference taken literally would send `{vault://…}` to a provider as a secret, so it is refused by name. */
function vaultFault(attributes: Attributes, value: unknown): string | undefined {
  if (attributes.referenceable !== true || typeof value !== 'string' || !vaultReference.test(value)) return undefined;
  return 'vault references are not supported yet by this version of Sallyport; send the value itself';
}
