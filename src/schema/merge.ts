import type { RecordField } from './field.ts';
import { isObject, ownValue, type PlainObject, setOwn } from './value.ts';

/**
 * PATCH: records are merged at every depth, everything else (arrays, sets, maps, references) is replaced, null
 * replaces too. Neither argument is changed; unknown members stay for `validate` to name.
 */
export function merge(record: RecordField, stored: PlainObject, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const output = {};
  for (const [name, value] of Object.entries(stored)) setOwn(output, name, value);
  for (const [name, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    const field = Object.hasOwn(record.fields, name) ? record.fields[name] : undefined;
    const before = ownValue(stored, name);
    const merged = field?.kind === 'record' && isObject(before) ? merge(field, before, value) : value;
    setOwn(output, name, merged);
  }
  return output;
}
