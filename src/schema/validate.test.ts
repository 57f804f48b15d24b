import assert from 'node:assert/strict';
import test from 'node:test';
import {
  allOrNone,
  any,
  applyDefaults,
  array,
  atLeastOneOf,
  boolean,
  distinct,
  exactlyOneOf,
  type Fault,
  type Fields,
  faultFields,
  faultMessage,
  foreign,
  type Generators,
  type InferRecord,
  integer,
  map,
  number,
  oneOrNone,
  processInsert,
  processUpdate,
  type RecordOptions,
  record,
  set,
  string,
  validate,
} from './index.ts';

const generators: Generators = {
  uuid: () => '11111111-1111-4111-8111-111111111111',
  now: () => 1700000000,
  secret: () => 'x'.repeat(32),
};

function texts(fields: Fields, value: unknown, options: RecordOptions = {}): Record<string, unknown> {
  return faultFields(validate(record(fields, options), value, 'insert'));
}

test("types are refused in Kong's words", () => {
  const fields = {
    s: string(),
    n: number(),
    i: integer(),
    b: boolean(),
    a: array(string()),
    t: set(string()),
    m: map(string(), string()),
    r: record({}),
  };
  assert.deepEqual(texts(fields, { s: 1, n: '1', i: 1.5, b: 'true', a: {}, t: 'x', m: [], r: 'x' }), {
    s: 'expected a string',
    n: 'expected a number',
    i: 'expected an integer',
    b: 'expected a boolean',
    a: 'expected an array',
    t: 'expected a set',
    m: 'expected a map',
    r: 'expected a record',
  });
  assert.deepEqual(texts(fields, { i: 2 ** 60, n: Number.NaN }), { i: 'expected an integer', n: 'expected a number' });
  assert.deepEqual(texts(fields, { i: 1.0, n: 1.5 }), {});
});

test("each constraint has Kong's text", () => {
  const fields = {
    one_of: string({ one_of: ['http', 'https'] }),
    not_one_of: string({ not_one_of: ['env'] }),
    between: integer({ between: [0, 65535] }),
    gt: number({ gt: 0 }),
    eq: foreign('consumers', { eq_null: true }),
    empty: string(),
    short: string({ len_min: 3 }),
    long: string({ len_max: 2 }),
    none: string({ len_min: 0, len_max: 0 }),
    pattern: string({ match: { pattern: '^%u+$', test: /^[A-Z]+$/ } }),
    start: string({ starts_with: '/' }),
    uuid: string({ uuid: true }),
    never: string({ match_none: [{ pattern: '//', test: /\/\//, err: 'must not have empty segments' }] }),
    few: array(string(), { len_min: 1 }),
    many: array(string(), { len_max: 1 }),
    required: string({ required: true }),
    reference: foreign('services'),
    idless: foreign('services'),
    badId: foreign('services'),
    own: string({ validate: (value: string) => `bad ${value}` }),
  };
  const value = {
    one_of: 'ftp',
    not_one_of: 'env',
    between: 70000,
    gt: 0,
    eq: { id: generators.uuid() },
    empty: '',
    short: 'ab',
    long: 'abc',
    none: 'a',
    pattern: 'get',
    start: 'x',
    uuid: 'nope',
    never: '/a//b',
    few: [],
    many: ['a', 'b'],
    required: null,
    reference: 'a-text',
    idless: {},
    badId: { id: 'x' },
    own: 'thing',
    bogus: 1,
  };
  assert.deepEqual(texts(fields, value), {
    one_of: 'expected one of: http, https',
    not_one_of: 'must not be one of: env',
    between: 'value should be between 0 and 65535',
    gt: 'value must be greater than 0',
    eq: 'value must be null',
    empty: 'length must be at least 1',
    short: 'length must be at least 3',
    long: 'length must be at most 2',
    none: 'length must be 0',
    pattern: 'invalid value: get',
    start: 'should start with: /',
    uuid: 'expected a valid UUID',
    never: 'must not have empty segments',
    few: 'length must be at least 1',
    many: 'length must be at most 1',
    required: 'required field missing',
    reference: { id: 'missing primary key' },
    idless: { id: 'missing primary key' },
    badId: { id: 'expected a valid UUID' },
    own: 'bad thing',
    bogus: 'unknown field',
  });
});

test('faults of elements are arrays with null holes, of nested records objects', () => {
  const fields = {
    list: array(string()),
    inner: record({ deep: record({ x: integer() }) }),
    m: map(string(), array(integer())),
  };
  const faults = validate(
    record(fields),
    { list: ['a', 1, 'b', ''], inner: { deep: { x: 'y', z: 1 } }, m: { k: [1, 'a'] } },
    'insert',
  );
  assert.deepEqual(faultFields(faults), {
    list: [null, 'expected a string', null, 'length must be at least 1'],
    inner: { deep: { x: 'expected an integer', z: 'unknown field' } },
    m: { k: [null, 'expected an integer'] },
  });
});

test('null inside a list is a hole, not an unset field', () => {
  assert.deepEqual(texts({ list: array(string({ default: 'x' })) }, { list: [null] }), {
    list: ['required field missing'],
  });
});

test('the message puts entity texts first, then fields by name, elements counted from 1', () => {
  const faults: Fault[] = [
    { path: ['z'], message: 'late' },
    { path: ['b', 'c'], message: 'y' },
    { path: [], message: 'whole', entity: true },
    { path: ['a', 10], message: 'eleventh' },
    { path: ['a', 2], message: 'third' },
  ];
  assert.equal(faultMessage(faults), '5 schema violations (whole; a.3: third; a.11: eleventh; b.c: y; z: late)');
  assert.equal(
    faultMessage([{ path: ['host'], message: 'required field missing' }]),
    'schema violation (host: required field missing)',
  );
});

test('entity-level texts are collected under @entity, also inside records', () => {
  const faults: Fault[] = [
    { path: [], message: 'one', entity: true },
    { path: [], message: 'two', entity: true },
    { path: ['config'], message: 'three', entity: true },
  ];
  assert.deepEqual(faultFields(faults), { '@entity': ['one', 'two'], config: { '@entity': ['three'] } });
});

test("checks between fields speak Kong's sentences and wait for valid fields", () => {
  const fields = { a: string(), b: string() };
  const run = (check: ReturnType<typeof distinct>, value: object, mode: 'insert' | 'update' = 'insert') =>
    validate(record(fields, { checks: [check] }), value, mode).map((fault) => fault.message);
  const names = ['a', 'b'];
  assert.deepEqual(run(atLeastOneOf(names), {}), ["at least one of these fields must be non-empty: 'a', 'b'"]);
  assert.deepEqual(run(atLeastOneOf(names), { a: null, b: null }, 'update'), [
    "when updating, at least one of these fields must be non-empty: 'a', 'b'",
  ]);
  assert.deepEqual(run(exactlyOneOf(names), { a: 'x', b: 'y' }), [
    "exactly one of these fields must be non-empty: 'a', 'b'",
  ]);
  assert.deepEqual(run(allOrNone(names), { a: 'x' }), ["all or none of these fields must be set: 'a', 'b'"]);
  assert.deepEqual(run(oneOrNone(names), { a: 'x', b: 'y' }), [
    "only one or none of these fields must be set: 'a', 'b'",
  ]);
  assert.deepEqual(run(distinct(names), { a: 'x', b: 'x' }), ["values of these fields must be distinct: 'a', 'b'"]);
  assert.deepEqual(run(allOrNone(names), { a: 1 }), ['expected a string']);
});

test('a field that is not honoured accepts its default only, and is named', () => {
  const fields = {
    plain: string({ default: 'a', unsupported: true }),
    unset: string({ unsupported: true }),
    mode: string({ one_of: ['v0', 'v1'], unsupported: { values: ['v1'] } }),
    why: boolean({ default: false, unsupported: { because: 'not here' } }),
    inner: record({ x: integer({ default: 5 }), y: string() }, { unsupported: true }),
    items: set(string(), { default: ['a', 'b'], unsupported: true }),
  };
  assert.deepEqual(
    texts(fields, { plain: 'a', unset: null, mode: 'v0', why: false, inner: { x: 5, y: null }, items: ['b', 'a'] }),
    {},
  );
  const usual = (value: string) =>
    `not supported yet by this version of Sallyport; leave it out or send its default (${value})`;
  assert.deepEqual(texts(fields, { plain: 'b', unset: 'x', mode: 'v1', why: true, inner: { x: 6 }, items: ['a'] }), {
    plain: usual('"a"'),
    unset: usual('null'),
    mode: "'v1' is not supported yet by this version of Sallyport",
    why: 'not here',
    inner: { x: usual('5') },
    items: usual('["a","b"]'),
  });
});

test('a vault reference is refused instead of being taken for the secret itself', () => {
  const fields = { secret: string({ referenceable: true }), plain: string() };
  assert.match(
    String(texts(fields, { secret: '{vault://env/x}' })['secret']),
    /vault references are not supported yet/,
  );
  assert.deepEqual(texts(fields, { plain: '{vault://env/x}' }), {});
});

test('defaults fill every field in order, generated ones included, and sets lose duplicates', () => {
  const schema = record({
    id: string({ uuid: true, auto: true }),
    created_at: integer({ auto: true, timestamp: true }),
    updated_at: integer({ auto: true, refreshed: true }),
    salt: string({ auto: true }),
    a: string(),
    b: integer({ default: 3 }),
    kept: array(string(), { default: ['x'], nullable: true }),
    tags: set(string()),
    inner: record({ c: boolean({ default: true }) }, { required: true }),
    open: record({ c: boolean({ default: true }) }),
    own: record({ c: boolean({ default: true }) }, { omitWhenUnset: true }),
  });
  const filled = applyDefaults(
    schema,
    { b: null, kept: null, tags: ['b', 'a', 'b'], updated_at: 1, later: 1 },
    generators,
  );
  assert.deepEqual(filled, {
    id: generators.uuid(),
    created_at: 1700000000,
    updated_at: 1700000000,
    salt: 'x'.repeat(32),
    a: null,
    b: 3,
    kept: null,
    tags: ['b', 'a'],
    inner: { c: true },
    open: null,
    later: 1,
  });
  assert.deepEqual(Object.keys(Object(filled)).slice(0, 4), ['id', 'created_at', 'updated_at', 'salt']);
});

test('the default of a list is never shared between entities', () => {
  const schema = record({ list: array(string(), { default: ['a'] }) });
  const first = Object(applyDefaults(schema, {}, generators));
  first.list.push('b');
  assert.deepEqual(applyDefaults(schema, {}, generators), { list: ['a'] });
});

test('PATCH merges records at every depth, replaces lists and maps, clears with null', () => {
  const schema = record({
    name: string({ default: 'd' }),
    note: string(),
    list: array(string()),
    m: map(string(), string()),
    r: record({ a: integer(), inner: record({ b: integer(), c: integer() }) }),
  });
  const stored = { name: 'n', note: 'x', list: ['a', 'b'], m: { k: 'v' }, r: { a: 1, inner: { b: 2, c: 3 } } };
  const patch = { name: null, note: null, list: ['c'], m: { z: 'w' }, r: { inner: { b: 9 } } };
  const done = processUpdate(schema, stored, patch, generators);
  assert.deepEqual(done, {
    kind: 'valid',
    value: { name: 'd', note: null, list: ['c'], m: { z: 'w' }, r: { a: 1, inner: { b: 9, c: 3 } } },
  });
  assert.deepEqual(stored.r, { a: 1, inner: { b: 2, c: 3 } });
});

test('an immutable field cannot be patched', () => {
  const schema = record({ name: string({ immutable: true }) });
  const done = processUpdate(schema, { name: 'a' }, { name: 'b' }, generators);
  assert.ok(done.kind === 'invalid');
  assert.deepEqual(faultFields(done.faults), { name: 'immutable field cannot be updated' });
});

test('a body that is no object is one fault, whatever it is', () => {
  for (const body of [null, undefined, 1, 'x', [], true]) {
    const done = processInsert(record({ a: string() }), body, 'insert', generators);
    assert.ok(done.kind === 'invalid');
    assert.equal(faultMessage(done.faults), 'schema violation (expected a record)');
  }
});

test('names of prototypes are unknown fields like any other and pollute nothing', () => {
  const body: unknown = JSON.parse(
    '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}, "toString": 1}',
  );
  const schema = record({ a: string(), m: map(string(), any()), r: record({ x: string() }) });
  const done = processInsert(schema, body, 'insert', generators);
  assert.ok(done.kind === 'invalid');
  assert.deepEqual(Object.entries(faultFields(done.faults)), [
    ['__proto__', 'unknown field'],
    ['constructor', 'unknown field'],
    ['toString', 'unknown field'],
  ]);
  const nested: unknown = JSON.parse('{"m": {"__proto__": {"polluted": 1}}, "r": {"__proto__": {"x": "y"}}}');
  processUpdate(schema, { m: {}, r: { x: 'a' } }, nested, generators);
  assert.equal(Reflect.get({}, 'polluted'), undefined);
});

test('values nested beyond the limit are refused without recursion to the end', () => {
  let deep: unknown = 1;
  for (let level = 0; level < 50_000; level++) deep = { x: deep };
  assert.deepEqual(texts({ a: any() }, { a: deep }), { a: 'nested too deeply' });
  assert.match(String(texts({ a: string({ unsupported: true }) }, { a: deep })['a']), /not supported yet/);
});

test('the number of faults reported for one input is bounded', () => {
  const value = { list: Array.from({ length: 100_000 }, () => 1) };
  assert.equal(validate(record({ list: array(string()) }), value, 'insert').length, 1000);
});

test('the inferred type follows required, default, nullable and one_of', () => {
  const schema = record(
    {
      needed: string({ required: true, one_of: ['a', 'b'] }),
      open: integer(),
      filled: integer({ default: 1 }),
      kept: array(string(), { default: ['x'], nullable: true }),
      made: string({ auto: true }),
      own: record({ x: boolean({ default: false }) }, { omitWhenUnset: true }),
    },
    { required: true },
  );
  const value: InferRecord<typeof schema> = {
    needed: 'a',
    open: null,
    filled: 1,
    kept: null,
    made: 'x',
    own: undefined,
  };
  // @ts-expect-error a defaulted field is never null
  const wrong: InferRecord<typeof schema> = { ...value, filled: null };
  // @ts-expect-error only the listed values
  const other: InferRecord<typeof schema> = { ...value, needed: 'c' };
  assert.ok(wrong !== other);
});
