import { isObject, ownValue, type PlainObject, sameJson } from './value.ts';

/** `insert`: POST. `upsert`: PUT. `update`: the whole entity after a PATCH was merged into it. */
export type Mode = 'insert' | 'upsert' | 'update';

/** A fault of a check: of the entity as a whole, or of the field at a dotted path. */
export interface CheckFault {
  readonly field?: string;
  readonly message: string;
}

/** A rule about several fields of one record. */
export interface EntityCheck {
  /** Dotted paths it reads; it waits while one of them has a fault of its own. */
  readonly fields: readonly string[];
  /** How `/schemas` prints it; checks without it are not printed. */
  readonly kong?: PlainObject;
  readonly run: (value: PlainObject, mode: Mode) => readonly CheckFault[];
}

/** Kong's `at_least_one_of`. */
export function atLeastOneOf(fields: readonly string[]): EntityCheck {
  return {
    fields,
    kong: { at_least_one_of: fields },
    run: (value, mode) => {
      if (fields.some((field) => isSet(at(value, field)))) return [];
      const text = `at least one of these fields must be non-empty: ${quoted(fields)}`;
      return [{ message: mode === 'update' ? `when updating, ${text}` : text }];
    },
  };
}

/** Kong's `only_one_of`: exactly one. */
export function exactlyOneOf(fields: readonly string[]): EntityCheck {
  return {
    fields,
    kong: { only_one_of: fields },
    run: (value) =>
      fields.filter((field) => isSet(at(value, field))).length === 1
        ? []
        : [{ message: `exactly one of these fields must be non-empty: ${quoted(fields)}` }],
  };
}

/** Kong's `mutually_required`. */
export function allOrNone(fields: readonly string[]): EntityCheck {
  return {
    fields,
    kong: { mutually_required: fields },
    run: (value) => {
      const count = fields.filter((field) => isSet(at(value, field))).length;
      if (count === 0 || count === fields.length) return [];
      return [{ message: `all or none of these fields must be set: ${quoted(fields)}` }];
    },
  };
}

/** Kong's `mutually_exclusive`. */
export function oneOrNone(fields: readonly string[]): EntityCheck {
  return {
    fields,
    kong: { mutually_exclusive: fields },
    run: (value) =>
      fields.filter((field) => isSet(at(value, field))).length <= 1
        ? []
        : [{ message: `only one or none of these fields must be set: ${quoted(fields)}` }],
  };
}

/** Kong's `distinct`. */
export function distinct(fields: readonly string[]): EntityCheck {
  return {
    fields,
    kong: { distinct: fields },
    run: (value) => {
      const values = fields.map((field) => at(value, field)).filter(isSet);
      const repeated = values.some((one, index) => values.slice(0, index).some((other) => sameJson(one, other)));
      return repeated ? [{ message: `values of these fields must be distinct: ${quoted(fields)}` }] : [];
    },
  };
}

/** Kong's `conditional` with `then_match = { eq = null }`: the fields must be null while the condition holds. */
export function nullWhen(condition: {
  readonly field: string;
  readonly holds: (value: unknown) => boolean;
  /** `if_match` as `/schemas` prints it. */
  readonly kong: PlainObject;
  readonly target: string;
}): EntityCheck {
  return {
    fields: [condition.field, condition.target],
    kong: {
      conditional: {
        if_field: condition.field,
        if_match: condition.kong,
        then_field: condition.target,
        then_match: { eq: null },
      },
    },
    run: (value) =>
      !isSet(at(value, condition.target)) || !condition.holds(at(value, condition.field))
        ? []
        : [
            { message: `failed conditional validation given value of field '${condition.field}'` },
            { field: condition.target, message: 'value must be null' },
          ],
  };
}

/** The value at a dotted path of own members. */
export function at(value: PlainObject, path: string): unknown {
  let current: unknown = value;
  for (const name of path.split('.')) {
    if (!isObject(current)) return undefined;
    current = ownValue(current, name);
  }
  return current;
}

/** Kong's "non-empty": neither absent nor null. */
export function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function quoted(fields: readonly string[]): string {
  return fields.map((field) => `'${field}'`).join(', ');
}
