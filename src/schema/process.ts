import type { Mode } from './check.ts';
import { applyDefaults, type Generators } from './defaults.ts';
import type { Fault } from './fault.ts';
import type { RecordField } from './field.ts';
import { merge } from './merge.ts';
import { expandShorthands } from './shorthand.ts';
import { validate } from './validate.ts';
import { type PlainObject, sameJson } from './value.ts';

/** A whole valid entity, or everything that is wrong with the input. */
export type Processed =
  | { readonly kind: 'valid'; readonly value: PlainObject }
  | { readonly kind: 'invalid'; readonly faults: readonly Fault[] };

/** POST and PUT: shorthands, defaults, generated values, validation. Nothing of the input is shared with the result. */
export function processInsert(
  record: RecordField,
  input: unknown,
  mode: Exclude<Mode, 'update'>,
  generators: Generators,
): Processed {
  const expanded = expandShorthands(record, input);
  return judge(record, applyDefaults(record, expanded.input, generators), mode, expanded.faults);
}

/** PATCH: shorthands of the patch, merge into the stored entity, validation of the whole. */
export function processUpdate(
  record: RecordField,
  stored: PlainObject,
  patch: unknown,
  generators: Generators,
): Processed {
  const expanded = expandShorthands(record, patch);
  const merged = merge(record, stored, expanded.input);
  const faults = [...expanded.faults, ...immutableFaults(record, stored, merged)];
  return judge(record, applyDefaults(record, merged, generators), 'update', faults);
}

function judge(record: RecordField, value: unknown, mode: Mode, before: readonly Fault[]): Processed {
  const faults = [...before, ...validate(record, value, mode)];
  if (faults.length > 0) return { kind: 'invalid', faults };
  // `validate` has refused everything that is not an object, so the copy is one too.
  return { kind: 'valid', value: structuredClone(value) as PlainObject };
}

function immutableFaults(record: RecordField, stored: PlainObject, merged: unknown): Fault[] {
  if (typeof merged !== 'object' || merged === null) return [];
  return Object.entries(record.fields)
    .filter(
      ([name, field]) => field.attributes.immutable === true && !sameJson(Reflect.get(merged, name), stored[name]),
    )
    .map(([name]) => ({ path: [name], message: 'immutable field cannot be updated' }));
}
