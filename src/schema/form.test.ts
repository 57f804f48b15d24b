import assert from 'node:assert/strict';
import test from 'node:test';
import {
  array,
  boolean,
  type FormPair,
  foreign,
  inferForm,
  integer,
  map,
  number,
  record,
  set,
  string,
  validate,
} from './index.ts';

const schema = record(
  {
    name: string(),
    tags: set(string()),
    methods: array(string()),
    port: integer(),
    ratio: number(),
    enabled: boolean(),
    ports: array(integer()),
    service: foreign('services'),
    headers: map(string(), array(string())),
    sources: set(record({ ip: string(), port: integer() })),
    a: record({ b: record({ c: integer() }) }),
    config: record({ allow: array(string()), headers: map(string(), string()), on: boolean() }),
  },
  { shorthands: [{ kind: 'removed', name: 'old', field: array(integer()) }] },
);

/** `a=1&b` as pairs; no percent decoding, that is the caller's. */
function form(text: string): unknown {
  const pairs = text.split('&').map((part): FormPair => {
    const equals = part.indexOf('=');
    return equals < 0 ? [part, true] : [part.slice(0, equals), part.slice(equals + 1)];
  });
  return inferForm(schema, pairs);
}

const rows: [string, string, unknown][] = [
  ['dots nest', 'a.b.c=1', { a: { b: { c: 1 } } }],
  ['a scalar is wrapped for a list', 'tags=x', { tags: ['x'] }],
  ['a repeated name appends', 'tags=x&tags=y', { tags: ['x', 'y'] }],
  ['empty brackets append', 'tags[]=x&tags[]=y', { tags: ['x', 'y'] }],
  ['one value with empty brackets', 'tags[]=x', { tags: ['x'] }],
  ['indices count from 1', 'tags[1]=x&tags[2]=y', { tags: ['x', 'y'] }],
  ['indices give the position whatever the order', 'tags[2]=y&tags[1]=x', { tags: ['x', 'y'] }],
  ['index 0 is lost', 'tags[0]=x', {}],
  ['commas are not split', 'tags=x,y', { tags: ['x,y'] }],
  [
    'indexed records',
    'sources[1].ip=1.1.1.1&sources[1].port=80&sources[2].ip=2.2.2.2',
    { sources: [{ ip: '1.1.1.1', port: 80 }, { ip: '2.2.2.2' }] },
  ],
  ['a map of lists by repetition', 'headers.x-a=1&headers.x-a=2', { headers: { 'x-a': ['1', '2'] } }],
  ['a map of lists by brackets', 'headers.x-a[]=1', { headers: { 'x-a': ['1'] } }],
  ['a map key in brackets', 'headers[x-a][]=1', { headers: { 'x-a': ['1'] } }],
  ['a record member in brackets', 'config[allow][]=a', { config: { allow: ['a'] } }],
  ['a map key with dots in brackets', 'config.headers[x.a]=b', { config: { headers: { 'x.a': 'b' } } }],
  ['a reference in brackets', 'service[id]=u', { service: { id: 'u' } }],
  ['empty is null', 'name=', { name: null }],
  ['empty is null for sets too', 'tags=', { tags: null }],
  ['a name without = is true', 'name', { name: true }],
  ['a boolean without =', 'enabled', { enabled: true }],
  ['numeric text becomes a number', 'port=80&ratio=1.5', { port: 80, ratio: 1.5 }],
  ['other text stays text', 'port=eighty&ratio=0x10', { port: 'eighty', ratio: '0x10' }],
  ['only true and false are booleans', 'enabled=true&config.on=false', { enabled: true, config: { on: false } }],
  ['other booleans stay text', 'enabled=1', { enabled: '1' }],
  ['a list of numbers', 'ports=1&ports=2', { ports: [1, 2] }],
  ['one number for a list', 'ports=1', { ports: [1] }],
  ['a reference by id', 'service.id=u', { service: { id: 'u' } }],
  ['a reference by name', 'service.name=x', { service: { name: 'x' } }],
  ['a reference stays text', 'service=u', { service: 'u' }],
  ['shorthands are typed as well', 'old=1', { old: [1] }],
  ['unknown names stay text', 'zz=1&yy.x=', { zz: '1', yy: { x: null } }],
];

for (const [name, text, expected] of rows) {
  test(`form: ${name}: ${text}`, () => assert.deepEqual(form(text), expected));
}

test('what cannot be meant is left for validation to refuse', () => {
  const refused: [string, string, string][] = [
    ['tags[3]=x', 'tags', 'expected a set'],
    ['tags[1]=x&tags[]=y', 'tags', 'expected a set'],
    ['sources[].ip=1.1.1.1', 'sources', 'expected a set'],
    ['name', 'name', 'expected a string'],
    ['port=eighty', 'port', 'expected an integer'],
    ['.name=x', '.name', 'unknown field'],
    ['name.=x', 'name.', 'unknown field'],
    ['a..b=1', 'a..b', 'unknown field'],
    ['tags[=x', 'tags[', 'unknown field'],
    ['[x]=1', '[x]', 'unknown field'],
    ['name=a&name=b', 'name', 'expected a string'],
    ['a=x&a.b.c=1', 'a', ''],
  ];
  for (const [text, field, message] of refused) {
    const [fault] = validate(schema, form(text), 'insert');
    assert.equal(fault?.path[0], field, text);
    assert.equal(fault?.message, message === '' ? 'unknown field' : message, text);
  }
});

test('a reference sent as text is refused at its id', () => {
  const [fault] = validate(schema, form('service=not-an-object'), 'insert');
  assert.deepEqual([fault?.path, fault?.message], [['service', 'id'], 'missing primary key']);
});

test('a name nested beyond the limit is one unknown name', () => {
  const name = Array.from({ length: 5000 }, () => 'a').join('.');
  assert.deepEqual(Object.keys(Object(form(`${name}=1`))), [name]);
});

test('names of prototypes are plain members', () => {
  const value = form('__proto__.polluted=1&constructor.prototype.polluted=1&headers.__proto__=x&a[__proto__][x]=1');
  assert.equal(Reflect.get({}, 'polluted'), undefined);
  assert.ok(Object.hasOwn(Object(value), '__proto__'));
  assert.ok(validate(schema, value, 'insert').length >= 3);
});

test('thousands of arguments take no more than linear work', () => {
  const pairs = Array.from({ length: 20_000 }, (_, index): FormPair => [`tags[${20_000 - index}]`, 'x']);
  const started = performance.now();
  assert.equal(Object(inferForm(schema, pairs)).tags.length, 20_000);
  assert.ok(performance.now() - started < 10_000);
});
