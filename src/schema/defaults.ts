import type { AnyField, RecordField } from './field.ts';
import { isObject, ownValue, type PlainObject, sameJson, setOwn } from './value.ts';

/** Where generated values come from; passed in so that tests and declarative loading can fix them. */
export interface Generators {
  uuid(): string;
  /** Unix time in whole seconds. */
  now(): number;
  /** The same in milliseconds, for fields that show fractions; `now` unless given. */
  nowMs?(): number;
  /** 32 random URL-safe characters. */
  secret(): string;
}

/**
 * Every schema field in declaration order: what was sent, else the default, else a generated value, else null.
 * Sets lose duplicates (order kept). Null on a field with a default means the default unless it is `nullable`
 * or required (then null stays, for `validate` to refuse). Unknown members are kept for `validate` to name.
 * Never throws; values of a wrong type are passed through.
 */
export function applyDefaults(record: RecordField, input: unknown, generators: Generators): unknown {
  if (!isObject(input)) return input;
  const output: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(record.fields)) {
    const value = fill(field, ownValue(input, name), generators);
    if (value === null && field.attributes.omitWhenUnset === true) continue;
    setOwn(output, name, value);
  }
  for (const [name, value] of Object.entries(input)) {
    if (!Object.hasOwn(record.fields, name)) setOwn(output, name, value);
  }
  return output;
}

/** What the field holds when nobody sets it; null where nothing is declared. Generated values count as null. */
export function defaultOf(field: AnyField): unknown {
  return fill(field, undefined, nothingGenerated) ?? null;
}

const nothingGenerated: Generators = { uuid: () => '', now: () => 0, secret: () => '' };

function fill(field: AnyField, given: unknown, generators: Generators): unknown {
  const { attributes } = field;
  if (attributes.refreshed === true) return timeFor(field, generators);
  let value = given;
  if (value === undefined || (value === null && attributes.nullable !== true && attributes.required !== true)) {
    value = unset(field, generators);
  }
  if (value === null) return null;
  switch (field.kind) {
    case 'record':
      return applyDefaults(field, value, generators);
    case 'map':
      return isObject(value) ? fillMap(field.values, value, generators) : value;
    case 'array':
      return Array.isArray(value) ? value.map((element) => fillElement(field.elements, element, generators)) : value;
    case 'set':
      return Array.isArray(value)
        ? withoutDuplicates(value.map((element) => fillElement(field.elements, element, generators)))
        : value;
    default:
      return value;
  }
}

function unset(field: AnyField, generators: Generators): unknown {
  const { attributes } = field;
  if (attributes.default !== undefined) return attributes.default;
  if (attributes.auto === true && generators !== nothingGenerated) {
    if (attributes.timestamp === true) return timeFor(field, generators);
    return attributes.uuid === true ? generators.uuid() : generators.secret();
  }
  // A required record is filled from the defaults inside it, as Kong does with `config`.
  return field.kind === 'record' && attributes.required === true ? {} : null;
}

function timeFor(field: AnyField, generators: Generators): number {
  if (field.kind !== 'number' || generators.nowMs === undefined) return generators.now();
  return generators.nowMs() / 1000;
}

/** Null inside a list stays null: it is a fault there, never "use the default". */
function fillElement(field: AnyField, element: unknown, generators: Generators): unknown {
  return element === null || element === undefined ? null : fill(field, element, generators);
}

function fillMap(values: AnyField, input: PlainObject, generators: Generators): PlainObject {
  const output = {};
  for (const [key, value] of Object.entries(input)) setOwn(output, key, fillElement(values, value, generators));
  return output;
}

function withoutDuplicates(elements: readonly unknown[]): unknown[] {
  const scalars = new Set<unknown>();
  const composites: unknown[] = [];
  return elements.filter((element) => {
    if (typeof element !== 'object' || element === null) {
      if (scalars.has(element)) return false;
      scalars.add(element);
      return true;
    }
    // Sets of records are short; beyond a few hundred the comparison would be quadratic work for a stranger.
    if (composites.length > 200) return true;
    if (composites.some((other) => sameJson(other, element))) return false;
    composites.push(element);
    return true;
  });
}
