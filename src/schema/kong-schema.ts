import type { EntityCheck } from './check.ts';
import type { AnyField, Attributes, RecordField, Shorthand } from './field.ts';
import type { PlainObject } from './value.ts';

/** A schema document as Kong's `/schemas` answers it. */
export interface KongSchema {
  readonly fields: readonly PlainObject[];
  readonly entity_checks?: readonly PlainObject[];
  readonly shorthand_fields?: readonly PlainObject[];
}

/**
 * `/schemas/{entity}`: single-key objects in declaration order, attributes as declared, functions dropped.
 * decK computes defaults from it and the manager builds forms from it, so shape and order matter.
 */
export function kongSchema(record: RecordField): KongSchema {
  return { ...members(record), entity_checks: printedChecks(record.checks) };
}

function members(record: RecordField): KongSchema {
  const fields = Object.entries(record.fields).map(([name, field]) => ({ [name]: kongField(field) }));
  if (record.shorthands.length === 0) return { fields };
  return { fields, shorthand_fields: record.shorthands.map(kongShorthand) };
}

function printedChecks(checks: readonly EntityCheck[]): PlainObject[] {
  return checks.flatMap((check) => (check.kong === undefined ? [] : [check.kong]));
}

function kongField(field: AnyField): PlainObject {
  const attributes = kongAttributes(field.attributes);
  switch (field.kind) {
    case 'array':
    case 'set':
      return { type: field.kind, elements: kongField(field.elements), ...attributes };
    case 'map':
      return { type: 'map', keys: kongField(field.keys), values: kongField(field.values), ...attributes };
    case 'foreign':
      return { type: 'foreign', reference: field.reference, ...attributes };
    case 'record': {
      const checks = printedChecks(field.checks);
      return { type: 'record', ...attributes, ...members(field), ...(checks.length > 0 && { entity_checks: checks }) };
    }
    case 'any':
      return { type: 'json', ...attributes };
    default:
      return { type: field.kind, ...attributes };
  }
}

const printed = [
  'required',
  'default',
  'one_of',
  'not_one_of',
  'between',
  'gt',
  'len_min',
  'len_max',
  'uuid',
  'auto',
  'timestamp',
  'unique',
  'immutable',
  'referenceable',
  'encrypted',
  'starts_with',
  'description',
] as const satisfies readonly (keyof Attributes)[];

function kongAttributes(attributes: Attributes): PlainObject {
  const output: Record<string, unknown> = {};
  for (const name of printed) {
    if (attributes[name] !== undefined) output[name] = attributes[name];
  }
  if (attributes.eq_null === true) output['eq'] = null;
  if (attributes.match !== undefined) output['match'] = attributes.match.pattern;
  if (attributes.match_none !== undefined) {
    output['match_none'] = attributes.match_none.map(({ pattern, err }) => ({ pattern, ...(err && { err }) }));
  }
  if (attributes.deprecated !== undefined) output['deprecation'] = deprecation(attributes.deprecated, undefined);
  return output;
}

function kongShorthand(shorthand: Shorthand): PlainObject {
  const body = kongField(shorthand.field);
  if (shorthand.kind === 'expanded') {
    return { [shorthand.name]: { ...body, ...(shorthand.description && { description: shorthand.description }) } };
  }
  if (shorthand.kind === 'removed') {
    return { [shorthand.name]: { ...body, deprecation: deprecation('it has no effect', shorthand.removedIn) } };
  }
  const successors = shorthand.to.map((path) => path.join('.')).join(', ');
  const replaced = shorthand.to.map((path) => ({ path }));
  const note = { ...deprecation(`please use ${successors} instead`, shorthand.removedIn), replaced_with: replaced };
  return { [shorthand.name]: { ...body, deprecation: note } };
}

function deprecation(text: string, removedIn: string | undefined): PlainObject {
  return { message: text, removal_in_version: removedIn ?? '4.0' };
}
