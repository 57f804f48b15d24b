import type { Attributes, ScalarField } from './field.ts';

type ScalarKind = Exclude<ScalarField['kind'], 'any'>;

/** The first fault of a scalar in Kong's order of tests, or undefined. */
export function scalarFault(kind: ScalarKind, attributes: Attributes, value: unknown): string | undefined {
  return typeFault(kind, value) ?? choiceFault(attributes, value) ?? rangeFault(attributes, value);
}

function typeFault(kind: ScalarKind, value: unknown): string | undefined {
  switch (kind) {
    case 'string':
      return typeof value === 'string' ? undefined : 'expected a string';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'expected a boolean';
    case 'number':
      return Number.isFinite(value) ? undefined : 'expected a number';
    case 'integer':
      return Number.isSafeInteger(value) ? undefined : 'expected an integer';
  }
}

function choiceFault({ one_of, not_one_of }: Attributes, value: unknown): string | undefined {
  if (not_one_of !== undefined && typeof value === 'string' && not_one_of.includes(value)) {
    return `must not be one of: ${not_one_of.join(', ')}`;
  }
  if (one_of !== undefined && !one_of.some((choice) => choice === value)) {
    return `expected one of: ${one_of.join(', ')}`;
  }
  return undefined;
}

function rangeFault(attributes: Attributes, value: unknown): string | undefined {
  if (typeof value === 'string') return stringFault(attributes, value);
  const { gt, between, validate } = attributes;
  if (typeof value === 'number') {
    if (gt !== undefined && value <= gt) return `value must be greater than ${gt}`;
    if (between !== undefined && (value < between[0] || value > between[1])) {
      return `value should be between ${between[0]} and ${between[1]}`;
    }
  }
  return (validate as ((value: unknown) => string | undefined) | undefined)?.(value);
}

function stringFault(attributes: Attributes, value: string): string | undefined {
  const { uuid, len_min = 1, len_max, starts_with, match_none, match, validate } = attributes;
  if (uuid === true && !isUuid(value)) return 'expected a valid UUID';
  if (value.length < len_min) return `length must be at least ${len_min}`;
  if (len_max !== undefined && value.length > len_max) {
    return len_max === 0 ? 'length must be 0' : `length must be at most ${len_max}`;
  }
  if (starts_with !== undefined && !value.startsWith(starts_with)) return `should start with: ${starts_with}`;
  for (const pattern of match_none ?? []) {
    if (pattern.test.test(value)) return pattern.err ?? `invalid value: ${value}`;
  }
  if (match !== undefined && !match.test.test(value)) return match.err ?? `invalid value: ${value}`;
  return (validate as ((value: string) => string | undefined) | undefined)?.(value);
}

/** RFC 9562 text form, any version, as Kong accepts. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}
