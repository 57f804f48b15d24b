import type { AnyField, Attributes, ListField, MapField, RecordField } from './field.ts';
import type { PlainObject } from './value.ts';

/** JSON Schema (draft 2020-12) of what may be written: shorthands included, unknown members refused. */
export function jsonSchema(record: RecordField): PlainObject {
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', ...objectSchema(record) };
}

function objectSchema(record: RecordField): PlainObject {
  const properties: [string, PlainObject][] = Object.entries(record.fields).map(([name, field]) => [
    name,
    fieldSchema(field),
  ]);
  for (const shorthand of record.shorthands) {
    const deprecated = shorthand.kind !== 'expanded';
    properties.push([
      shorthand.name,
      { ...fieldSchema(shorthand.field), writeOnly: true, ...(deprecated && { deprecated }) },
    ]);
  }
  const required = Object.entries(record.fields)
    .filter(([, field]) => mustBeSent(field))
    .map(([name]) => name);
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

function mustBeSent({ kind, attributes }: AnyField): boolean {
  return (
    attributes.required === true && attributes.default === undefined && attributes.auto !== true && kind !== 'record'
  );
}

function fieldSchema(field: AnyField): PlainObject {
  const body = bodySchema(field);
  const { attributes } = field;
  const type = body['type'];
  const nullable = attributes.required !== true && typeof type === 'string';
  // An enumeration must name null itself, the type alone does not admit it.
  const choices = attributes.one_of === undefined ? {} : { enum: [...attributes.one_of, ...(nullable ? [null] : [])] };
  return {
    ...body,
    ...(nullable && { type: [type, 'null'] }),
    ...choices,
    ...(attributes.default !== undefined && { default: attributes.default }),
    ...(attributes.description !== undefined && { description: attributes.description }),
    ...(attributes.deprecated !== undefined && { deprecated: true }),
  };
}

function bodySchema(field: AnyField): PlainObject {
  switch (field.kind) {
    case 'record':
      return objectSchema(field);
    case 'array':
    case 'set':
      return listSchema(field);
    case 'map':
      return mapSchema(field);
    case 'foreign':
      return { type: 'object', properties: { id: { type: 'string', format: 'uuid' } }, required: ['id'] };
    case 'any':
      return {};
    default:
      return { type: field.kind, ...scalarSchema(field.attributes, field.kind) };
  }
}

function listSchema(field: ListField): PlainObject {
  const { len_min, len_max } = field.attributes;
  return {
    type: 'array',
    items: elementSchema(field.elements),
    ...(len_min !== undefined && { minItems: len_min }),
    ...(len_max !== undefined && { maxItems: len_max }),
  };
}

function mapSchema(field: MapField): PlainObject {
  return { type: 'object', additionalProperties: elementSchema(field.values) };
}

/** Elements are never null. */
function elementSchema(field: AnyField): PlainObject {
  return fieldSchema({ ...field, attributes: { ...field.attributes, required: true } });
}

function scalarSchema(attributes: Attributes, kind: string): PlainObject {
  const { between, gt, len_min, len_max, uuid } = attributes;
  if (kind !== 'string') {
    return {
      ...(between !== undefined && { minimum: between[0], maximum: between[1] }),
      ...(gt !== undefined && { exclusiveMinimum: gt }),
    };
  }
  return {
    ...(len_min !== 0 && { minLength: len_min ?? 1 }),
    ...(len_max !== undefined && { maxLength: len_max }),
    ...(uuid === true && { format: 'uuid' }),
  };
}
