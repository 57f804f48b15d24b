import assert from 'node:assert/strict';
import test from 'node:test';
import {
  array,
  atLeastOneOf,
  boolean,
  foreign,
  integer,
  jsonSchema,
  kongSchema,
  map,
  markdownTable,
  record,
  set,
  string,
} from './index.ts';

const schema = record(
  {
    id: string({ uuid: true, auto: true }),
    name: string({ unique: true, description: 'A name.' }),
    kind: string({ required: true, default: 'a', one_of: ['a', 'b'] }),
    port: integer({ between: [0, 9], since: '3.4' }),
    methods: set(string({ match: { pattern: '^%u+$', test: /^[A-Z]+$/ }, validate: () => undefined })),
    service: foreign('services', { default: null }),
    consumer: foreign('consumers', { eq_null: true }),
    headers: map(string(), array(string())),
    inner: record({ on: boolean({ default: false, unsupported: true }) }, { checks: [atLeastOneOf(['on'])] }),
    nodes: array(record({ host: string() })),
  },
  {
    checks: [atLeastOneOf(['name', 'kind']), { fields: [], run: () => [] }],
    shorthands: [
      { kind: 'expanded', name: 'url', field: string() },
      { kind: 'renamed', name: 'inner_on', field: boolean(), to: [['inner', 'on']] },
    ].map((shorthand) => ({ expand: () => ({}), ...shorthand })) as never,
  },
);

test("the schema document has Kong's shape: single-key objects in order, attributes as declared, no functions", () => {
  const document = kongSchema(schema);
  assert.deepEqual(document.fields, [
    { id: { type: 'string', uuid: true, auto: true } },
    { name: { type: 'string', unique: true, description: 'A name.' } },
    { kind: { type: 'string', required: true, default: 'a', one_of: ['a', 'b'] } },
    { port: { type: 'integer', between: [0, 9] } },
    { methods: { type: 'set', elements: { type: 'string', match: '^%u+$' } } },
    { service: { type: 'foreign', reference: 'services', default: null } },
    { consumer: { type: 'foreign', reference: 'consumers', eq: null } },
    { headers: { type: 'map', keys: { type: 'string' }, values: { type: 'array', elements: { type: 'string' } } } },
    {
      inner: {
        type: 'record',
        fields: [{ on: { type: 'boolean', default: false } }],
        entity_checks: [{ at_least_one_of: ['on'] }],
      },
    },
    { nodes: { type: 'array', elements: { type: 'record', fields: [{ host: { type: 'string' } }] } } },
  ]);
  assert.deepEqual(document.entity_checks, [{ at_least_one_of: ['name', 'kind'] }]);
  assert.deepEqual(document.shorthand_fields, [
    { url: { type: 'string' } },
    {
      inner_on: {
        type: 'boolean',
        deprecation: {
          message: 'please use inner.on instead',
          removal_in_version: '4.0',
          replaced_with: [{ path: ['inner', 'on'] }],
        },
      },
    },
  ]);
  assert.deepEqual(JSON.parse(JSON.stringify(document)), document);
});

test('the JSON Schema admits null exactly where the record does', () => {
  const document = jsonSchema(schema);
  const properties = Object(document['properties']);
  assert.deepEqual(properties.name, { type: ['string', 'null'], minLength: 1, description: 'A name.' });
  assert.deepEqual(properties.kind, { type: 'string', minLength: 1, enum: ['a', 'b'], default: 'a' });
  assert.deepEqual(properties.port, { type: ['integer', 'null'], minimum: 0, maximum: 9 });
  assert.equal(properties.url.writeOnly, true);
  assert.equal(document['additionalProperties'], false);
  assert.equal(document['required'], undefined);
});

test('the reference table has a row for every field, nested ones too, and says what is not supported', () => {
  const table = markdownTable(schema);
  for (const name of ['`id`', '`inner.on`', '`nodes[].host`', '`url`', '`inner_on`']) {
    assert.ok(table.includes(`| ${name} |`), name);
  }
  assert.match(table, /`inner.on`.*Not supported yet/);
  assert.match(table, /`port` \| integer 0 to 9 .*Since 3.4/);
});
