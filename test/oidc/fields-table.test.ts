import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/base/paths.ts';
import { openidConnectConfig } from '../../src/plugins/openid-connect/schema/index.ts';
import { type AnyField, defaultOf, type RecordField, validate } from '../../src/schema/index.ts';

interface Leaf {
  readonly path: readonly string[];
  readonly field: AnyField;
  /** Values that are refused among others, of the field or of its elements. */
  readonly refusedValues: readonly string[];
  readonly supported: boolean;
}

/** Every field that holds a value, members of records included; what is unsupported makes its members so too. */
function leavesOf(record: RecordField, above: readonly string[] = [], supportedAbove = true): Leaf[] {
  return Object.entries(record.fields).flatMap(([name, field]): Leaf[] => {
    const path = [...above, name];
    const own = unsupportedOf(field);
    const supported = own === undefined ? supportedAbove : 'values' in own;
    if (field.kind === 'record') return leavesOf(field, path, supported);
    const refusedValues = own !== undefined && 'values' in own ? own.values : [];
    return [{ path, field, refusedValues, supported }];
  });
}

function unsupportedOf(field: AnyField): { readonly values: readonly string[] } | { readonly all: true } | undefined {
  const own = field.attributes.unsupported;
  const ofElements = isList(field) ? field.elements.attributes.unsupported : undefined;
  const found = own ?? ofElements;
  if (found === undefined) return undefined;
  return found !== true && 'values' in found ? { values: found.values } : { all: true };
}

function isList(field: AnyField): field is Extract<AnyField, { kind: 'array' | 'set' }> {
  return field.kind === 'array' || field.kind === 'set';
}

/** Something that the field could hold and does not hold by itself. */
function otherThanDefault(field: AnyField): unknown {
  const usual = defaultOf(field);
  const { one_of: choices, uuid } = field.attributes;
  switch (field.kind) {
    case 'boolean':
      return usual !== true;
    case 'integer':
    case 'number':
      return typeof usual === 'number' ? usual + 1 : 7;
    case 'array':
    case 'set':
      return [usual ?? [], otherThanDefault(field.elements)].flat();
    case 'map':
      return { name: 'value' };
    case 'string':
      if (uuid === true) return '11111111-1111-4111-8111-111111111111';
      return choices?.find((choice) => choice !== usual) ?? '/some-other-value';
    default:
      return {};
  }
}

const least = { issuer: 'https://op.example.com/', auth_methods: ['client_credentials', 'bearer'] };

function faultsOf(path: readonly string[], value: unknown) {
  const nested = path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
  return validate(openidConnectConfig, { ...least, ...Object(nested) }, 'insert').map((fault) => ({
    at: fault.path.join('.'),
    message: fault.message,
  }));
}

const leaves = leavesOf(openidConnectConfig);

/** The name stands as a setting: the key of an object, or a quoted name. */
function namesSetting(text: string, name: string): boolean {
  return new RegExp(`[{,]\\s*${name}\\s*[:,}]|(['"])${name}\\1`).test(text);
}

const files = ['oidc', 'guide', 'floor']
  .flatMap((folder) => globSync(`test/${folder}/*.test.ts`, { cwd: packageRoot() }))
  .filter((path) => !path.endsWith('fields-table.test.ts'));
const texts = files.map((path) => readFileSync(join(packageRoot(), path), 'utf8'));

test('every field that is accepted is set by a test over the wire', () => {
  assert.ok(texts.length > 10, `${texts.length} files`);
  assert.ok(!namesSetting("test('leeway moves exp')", 'leeway'), 'a title sets nothing');
  const honoured = leaves.filter(({ supported }) => supported);
  assert.ok(honoured.length > 70, `${honoured.length} fields`);
  const unnamed = honoured.filter(({ path }) => !texts.some((text) => namesSetting(text, path.at(-1) ?? '')));
  assert.deepEqual(
    unnamed.map(({ path }) => path.join('.')),
    [],
  );
});

test('every value that is accepted beside refused ones is set by a test over the wire', () => {
  const partial = leaves.filter(({ refusedValues }) => refusedValues.length > 0);
  assert.ok(partial.length >= 3, `${partial.length} fields`);
  for (const { path, field, refusedValues } of partial) {
    const choices = (isList(field) ? field.elements : field).attributes.one_of ?? [];
    const accepted = choices.map(String).filter((choice) => !refusedValues.includes(choice));
    assert.ok(accepted.length > 0, `${path.join('.')} accepts something`);
    for (const value of accepted) {
      assert.ok(
        texts.some((text) => namesSetting(text, path.at(-1) ?? '') && text.includes(`'${value}'`)),
        `${path.join('.')}: ${value}`,
      );
      assert.deepEqual(faultsOf(path, isList(field) ? [value] : value), []);
    }
  }
});

test('every field that is not honoured is refused by its own name, and accepted with its default', () => {
  const refused = leaves.filter(({ supported }) => !supported);
  assert.ok(refused.length > 150, `${refused.length} fields`);
  for (const { path, field } of refused) {
    const value = otherThanDefault(field);
    const [fault, ...more] = faultsOf(path, value).filter(({ at }) => at === path.join('.'));
    assert.match(fault?.message ?? 'accepted', /^not supported yet/, `${path.join('.')}: ${JSON.stringify(value)}`);
    assert.deepEqual(more, []);
    const own = faultsOf(path, defaultOf(field)).filter(({ at }) => at === path.join('.'));
    assert.ok(
      own.every(({ message }) => message === 'required field missing'),
      `${path.join('.')}: ${JSON.stringify(own)}`,
    );
  }
});

test('every value that is not honoured is refused by the name of its field', () => {
  let seen = 0;
  for (const { path, field, refusedValues } of leaves) {
    for (const value of refusedValues) {
      const at = (isList(field) ? [...path, 0] : path).join('.');
      const message = `'${value}' is not supported yet by this version of Sallyport`;
      assert.deepEqual(faultsOf(path, isList(field) ? [value] : value), [{ at, message }]);
      seen += 1;
    }
  }
  assert.ok(seen >= 10, `${seen} values`);
});
