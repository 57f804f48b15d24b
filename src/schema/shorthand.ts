import { defaultOf } from './defaults.ts';
import type { Fault } from './fault.ts';
import type { AnyField, RecordField, Shorthand } from './field.ts';
import { record as recordOf } from './field.ts';
import { validate } from './validate.ts';
import { isObject, ownValue, type PlainObject, sameJson, setOwn, shortJson } from './value.ts';

/** The input with its shorthands replaced by the fields they stand for, and what was wrong with them. */
export interface Expanded {
  readonly input: unknown;
  readonly faults: readonly Fault[];
}

/**
 * Replaces write-only and deprecated names at every depth of records. A deprecated name beside its successor with
 * another value is Kong's mismatch fault. Run it on what the client sent, before merge and defaults.
 */
export function expandShorthands(record: RecordField, input: unknown): Expanded {
  const faults: Fault[] = [];
  return { input: expandRecord(record, input, [], faults), faults };
}

type Path = readonly (string | number)[];

function expandRecord(record: RecordField, input: unknown, path: Path, faults: Fault[]): unknown {
  if (!isObject(input)) return input;
  const output: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(input)) {
    if (record.shorthands.some((shorthand) => shorthand.name === name)) continue;
    const field = Object.hasOwn(record.fields, name) ? record.fields[name] : undefined;
    setOwn(output, name, field === undefined ? value : expandField(field, value, [...path, name], faults));
  }
  for (const shorthand of record.shorthands) {
    const value = ownValue(input, shorthand.name);
    if (value === undefined) continue;
    const found = value === null ? [] : shorthandFaults(shorthand, value, path);
    if (found.length > 0) faults.push(...found);
    else applyShorthand(record, shorthand, value, output, path, faults);
  }
  return output;
}

function expandField(field: AnyField, value: unknown, path: Path, faults: Fault[]): unknown {
  if (field.kind === 'record') return expandRecord(field, value, path, faults);
  if ((field.kind !== 'array' && field.kind !== 'set') || !Array.isArray(value)) return value;
  if (field.elements.kind !== 'record') return value;
  return value.map((element, index) => expandField(field.elements, element, [...path, index], faults));
}

/** The shorthand's own type, checked as a record of that one field. */
function shorthandFaults(shorthand: Shorthand, value: unknown, path: Path): Fault[] {
  const wrapper = recordOf({ [shorthand.name]: shorthand.field });
  return validate(wrapper, { [shorthand.name]: value }, 'insert').map((fault) => ({
    ...fault,
    path: [...path, ...fault.path],
  }));
}

function applyShorthand(
  record: RecordField,
  shorthand: Shorthand,
  value: unknown,
  output: Record<string, unknown>,
  path: Path,
  faults: Fault[],
): void {
  if (shorthand.kind === 'removed') return;
  if (shorthand.kind === 'expanded') {
    if (value === null) return;
    const expand = shorthand.expand as (value: unknown) => PlainObject;
    for (const [name, member] of Object.entries(expand(value))) setOwn(output, name, member);
    return;
  }
  for (const target of shorthand.to) {
    const text = rename(record, shorthand, value, target, output);
    if (text !== undefined) faults.push({ path: [...path, shorthand.name], message: text });
  }
}

/** Writes one target of a renamed field; returns the text of a mismatch. */
function rename(
  record: RecordField,
  shorthand: Extract<Shorthand, { kind: 'renamed' }>,
  value: unknown,
  target: readonly string[],
  output: Record<string, unknown>,
): string | undefined {
  const convert = shorthand.convert as ((value: unknown) => unknown) | undefined;
  const converted = value === null || convert === undefined ? value : convert(value);
  const present = valueAt(output, target);
  if (present !== undefined && present !== null) {
    if (converted === null || sameJson(present, converted)) return undefined;
    const [oldText, newText] = [display(value), display(present)];
    const names = `${shorthand.name} = ${oldText} vs ${target.join('.')} = ${newText}`;
    return `both deprecated and new field are used but their values mismatch: ${names}`;
  }
  if (isOldDefault(record, shorthand, value, target)) return undefined;
  writeAt(output, target, converted);
  return undefined;
}

/**
 * Exports of old versions spell out every default. While the new field is not honoured, its old default says nothing
 * and must not be refused for differing from the new default.
 */
function isOldDefault(
  record: RecordField,
  shorthand: Extract<Shorthand, { kind: 'renamed' }>,
  value: unknown,
  target: readonly string[],
): boolean {
  const found = fieldAt(record, target);
  if (found === undefined || !found.unsupported) return false;
  const old = shorthand.oldDefault === undefined ? defaultOf(found.field) : shorthand.oldDefault;
  return value === null || sameJson(value, old);
}

function fieldAt(
  record: RecordField,
  target: readonly string[],
): { readonly field: AnyField; readonly unsupported: boolean } | undefined {
  let field: AnyField = record;
  let unsupported = false;
  for (const name of target) {
    if (field.kind !== 'record' || !Object.hasOwn(field.fields, name)) return undefined;
    const next: AnyField | undefined = field.fields[name];
    if (next === undefined) return undefined;
    field = next;
    unsupported ||= field.attributes.unsupported === true;
  }
  return { field, unsupported };
}

function valueAt(object: PlainObject, target: readonly string[]): unknown {
  let current: unknown = object;
  for (const name of target) current = isObject(current) ? ownValue(current, name) : undefined;
  return current;
}

function writeAt(object: Record<string, unknown>, target: readonly string[], value: unknown): void {
  const [name, ...rest] = target;
  if (name === undefined) return;
  if (rest.length === 0) {
    setOwn(object, name, value);
    return;
  }
  const before = ownValue(object, name);
  // The wrong type at the new name is for `validate` to report.
  if (before !== undefined && before !== null && !isObject(before)) return;
  const inner: Record<string, unknown> = { ...before };
  writeAt(inner, rest, value);
  setOwn(object, name, inner);
}

function display(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 200) : shortJson(value);
}
