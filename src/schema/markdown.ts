import type { AnyField, RecordField } from './field.ts';

/** Reference table of a record: one row per field, nested fields with dotted names, `[]` for elements of lists. */
export function markdownTable(record: RecordField): string {
  const rows = [...recordRows(record, '')];
  return ['| field | type | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function* recordRows(record: RecordField, prefix: string): Generator<string> {
  for (const [name, field] of Object.entries(record.fields)) yield* fieldRows(field, prefix + name);
  for (const shorthand of record.shorthands) {
    const cells = [`\`${prefix}${shorthand.name}\``, typeText(shorthand.field), '', shorthandText(shorthand)];
    yield `| ${cells.map(escapeCell).join(' | ')} |`;
  }
}

function shorthandText(shorthand: RecordField['shorthands'][number]): string {
  if (shorthand.kind === 'expanded') return shorthand.description ?? 'write-only shorthand';
  if (shorthand.kind === 'removed') return 'old name, accepted without effect';
  return `old name of ${shorthand.to.map((path) => `\`${path.join('.')}\``).join(', ')}`;
}

function* fieldRows(field: AnyField, name: string): Generator<string> {
  const cells = [`\`${name}\``, typeText(field), defaultText(field), meaningText(field)];
  yield `| ${cells.map(escapeCell).join(' | ')} |`;
  if (field.kind === 'record') yield* recordRows(field, `${name}.`);
  if ((field.kind === 'array' || field.kind === 'set') && field.elements.kind === 'record') {
    yield* recordRows(field.elements, `${name}[].`);
  }
}

function typeText(field: AnyField): string {
  const { attributes } = field;
  const required = attributes.required === true ? ', required' : '';
  const choices =
    attributes.one_of === undefined ? '' : ` of ${attributes.one_of.map((one) => `\`${one}\``).join(', ')}`;
  const range = attributes.between === undefined ? '' : ` ${attributes.between[0]} to ${attributes.between[1]}`;
  switch (field.kind) {
    case 'array':
    case 'set':
      return `${field.kind} of ${typeText(field.elements)}${required}`;
    case 'map':
      return `map of ${typeText(field.values)}${required}`;
    case 'foreign':
      return `reference to ${field.reference}${required}`;
    default:
      return `${field.kind}${choices}${range}${required}`;
  }
}

function defaultText({ attributes }: AnyField): string {
  if (attributes.default === undefined || attributes.default === null)
    return attributes.auto === true ? 'generated' : '';
  return `\`${JSON.stringify(attributes.default)}\``;
}

function meaningText({ attributes }: AnyField): string {
  const parts: string[] = [];
  if (attributes.description !== undefined) parts.push(attributes.description);
  if (attributes.since !== undefined) parts.push(`Since ${attributes.since}.`);
  if (attributes.deprecated !== undefined) parts.push(`Deprecated: ${attributes.deprecated}.`);
  const { unsupported } = attributes;
  if (unsupported === undefined) return parts.join(' ');
  if (unsupported !== true && 'values' in unsupported) {
    parts.push(`Not supported yet: ${unsupported.values.map((value) => `\`${value}\``).join(', ')}.`);
  } else {
    parts.push('Not supported yet: only the default is accepted.');
  }
  return parts.join(' ');
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
