import assert from 'node:assert/strict';
import test from 'node:test';
import {
  array,
  faultFields,
  type Generators,
  integer,
  processInsert,
  processUpdate,
  record,
  string,
} from '../schema/index.ts';
import {
  type PluginShape,
  pluginProtocolsFault,
  pluginRecord,
  pluginSchemaDocument,
  unknownPluginText,
} from './index.ts';

const generators: Generators = { uuid: () => '11111111-1111-4111-8111-111111111111', now: () => 7, secret: () => 's' };
const shape: PluginShape = {
  name: 'sample',
  consumerScope: false,
  config: record({ minute: integer({ required: true }), names: array(string(), { default: ['a'] }) }),
};

test('an entry is filled by the configuration record of its plugin', () => {
  const done = processInsert(pluginRecord(shape), { name: 'sample', config: { minute: 5 } }, 'insert', generators);
  assert.ok(done.kind === 'valid');
  assert.deepEqual(done.value, {
    id: generators.uuid(),
    name: 'sample',
    instance_name: null,
    created_at: 7,
    updated_at: 7,
    route: null,
    service: null,
    consumer: null,
    config: { minute: 5, names: ['a'] },
    protocols: ['grpc', 'grpcs', 'http', 'https'],
    enabled: true,
    tags: null,
  });
});

test('faults inside the configuration carry their path, also when it was left out or null', () => {
  const fields = (body: object) => {
    const done = processInsert(pluginRecord(shape), { name: 'sample', ...body }, 'insert', generators);
    assert.ok(done.kind === 'invalid');
    return faultFields(done.faults);
  };
  assert.deepEqual(fields({}), { config: { minute: 'required field missing' } });
  assert.deepEqual(fields({ config: null }), { config: 'required field missing' });
  assert.deepEqual(fields({ config: 'x' }), { config: 'expected a record' });
  assert.deepEqual(fields({ config: { minute: 1, bogus: 2 } }), { config: { bogus: 'unknown field' } });
  assert.deepEqual(fields({ config: { minute: 1 }, consumer: { id: generators.uuid() } }), {
    consumer: 'value must be null',
  });
  assert.deepEqual(fields({ config: { minute: 1 }, protocols: ['http', 'tcp'] }), {
    protocols: [null, "'tcp' is not supported yet by this version of Sallyport"],
  });
});

test('a patch merges into the configuration', () => {
  const schema = pluginRecord(shape);
  const stored = processInsert(schema, { name: 'sample', config: { minute: 5 } }, 'insert', generators);
  assert.ok(stored.kind === 'valid');
  const done = processUpdate(schema, stored.value, { config: { names: ['b'] } }, generators);
  assert.ok(done.kind === 'valid');
  assert.deepEqual(done.value['config'], { minute: 5, names: ['b'] });
});

test('without a plugin the configuration is kept unread', () => {
  const done = processInsert(pluginRecord(), { name: 'x', config: { a: [{ b: 1 }] } }, 'insert', generators);
  assert.ok(done.kind === 'valid');
  assert.deepEqual(done.value['config'], { a: [{ b: 1 }] });
  assert.equal(unknownPluginText('x'), "plugin 'x' not enabled; add it to the 'plugins' configuration property");
});

test('the plugin document has consumer only where it is pinned, then protocols and config', () => {
  const document = pluginSchemaDocument(shape);
  const names = (value: unknown) => Array.from(Object(value), (field) => Object.keys(Object(field))[0]);
  assert.deepEqual(names(document['fields']), ['consumer', 'protocols', 'config']);
  assert.deepEqual(names(pluginSchemaDocument({ ...shape, consumerScope: true })['fields']), ['protocols', 'config']);
  assert.deepEqual(Object(document['fields'])[0].consumer.eq, null);
  assert.equal(Object(document['fields'])[2].config.required, true);
});

test('an entry must share a protocol with its route, or with one route of its service', () => {
  const route = (...protocols: string[]) => ({ to: 'route', protocols }) as const;
  assert.equal(pluginProtocolsFault(['http'], route('http', 'https')), undefined);
  assert.equal(pluginProtocolsFault(['http'], route('https')), "must match the associated route's protocols");
  assert.equal(pluginProtocolsFault(['http'], { to: 'service', routes: [] }), undefined);
  assert.equal(pluginProtocolsFault(['http'], { to: 'service', routes: [['https'], ['http']] }), undefined);
  assert.equal(
    pluginProtocolsFault(['http'], { to: 'service', routes: [['https']] }),
    "must match the protocols of at least one route pointing to this Plugin's service",
  );
});
