import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invalidOption, invalidUnique, missingEntity, readOnly, storeFault, unresolvedReferences } from './errors.ts';

function text(answer: { json?: unknown }): unknown {
  return typeof answer.json === 'object' && answer.json !== null ? Reflect.get(answer.json, 'message') : undefined;
}

test('several unresolved references are counted and sorted', () => {
  const answer = unresolvedReferences([
    { field: 'service', by: 'name', value: 'x', to: 'services' },
    { field: 'route', by: 'name', value: 'y', to: 'routes' },
  ]);
  assert.equal(answer.status, 400);
  assert.match(String(text(answer)), /^2 foreign keys unresolved \(route\.name: .*; service\.name: .*\)$/);
});

test('faults of the store have the status and key text of Kong', () => {
  const fields = { consumer: null, name: 'a', route: null, service: { id: 'i' } };
  const unique = storeFault('plugins', { kind: 'unique', fields });
  assert.equal(unique.status, 409);
  assert.equal(text(unique), `UNIQUE violation detected on '{consumer=null,name="a",route=null,service={id="i"}}'`);
  assert.equal(storeFault('services', { kind: 'primary_key', id: 'i' }).status, 400);
  assert.equal(storeFault('services', { kind: 'referenced', by: 'routes', id: 'r' }).status, 400);
});

test('the long 404 tells a primary key from another key', () => {
  assert.equal(text(missingEntity({ id: 'i' })), `could not find the entity with primary key '{id="i"}'`);
  assert.equal(text(missingEntity({ username: 'u' })), `could not find the entity with '{username="u"}'`);
});

test('read-only texts name the operation, the kind and the key', () => {
  assert.equal(text(readOnly('insert', 'routes')), "cannot create 'routes' entities when not using a database");
  assert.equal(
    text(readOnly('delete', 'consumers', 'username')),
    "cannot remove 'consumers' entities by 'username' when not using a database",
  );
});

test('codes 10 and 11 name what they are about', () => {
  assert.deepEqual(invalidUnique('instance_name', 't').json, {
    code: 10,
    name: 'invalid unique instance_name',
    message: 't',
    fields: { instance_name: 't' },
  });
  assert.equal(text(invalidOption('tags', 't')), 'invalid option (tags: t)');
});
