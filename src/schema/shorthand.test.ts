import assert from 'node:assert/strict';
import test from 'node:test';
import { array, boolean, expandShorthands, faultFields, integer, processUpdate, record, string } from './index.ts';

const schema = record(
  {
    host: string(),
    port: integer(),
    redis: record({ host: string({ default: 'localhost' }), port: integer() }),
    claims: array(array(string())),
    later: integer({ default: 900, unsupported: true }),
    nodes: array(record({ host: string() }, { shorthands: [renamedTo('ip', 'host')] })),
  },
  {
    shorthands: [
      {
        kind: 'expanded',
        name: 'address',
        field: string(),
        expand: (value: string) => ({ host: value.split(':')[0], port: Number(value.split(':')[1]) }),
      },
      { kind: 'renamed', name: 'redis_host', field: string(), to: [['redis', 'host']] },
      { kind: 'renamed', name: 'both', field: integer(), to: [['port'], ['redis', 'port']] },
      { kind: 'renamed', name: 'claim', field: array(string()), to: [['claims']], convert: (path: string[]) => [path] },
      { kind: 'renamed', name: 'idle', field: integer(), to: [['later']], oldDefault: 60 },
      { kind: 'removed', name: 'gone', field: boolean() },
    ],
  },
);

function renamedTo(name: string, to: string) {
  return { kind: 'renamed', name, field: string(), to: [[to]] } as const;
}

function expand(input: unknown) {
  const { input: output, faults } = expandShorthands(schema, input);
  return { output, faults: faultFields(faults) };
}

test('a write-only shorthand overrides what it stands for', () => {
  assert.deepEqual(expand({ host: 'old', address: 'new:8' }), { output: { host: 'new', port: 8 }, faults: {} });
});

test('an old name is written to its new path, converted where the form changed', () => {
  assert.deepEqual(expand({ redis_host: 'a', claim: ['x', 'y'] }).output, {
    redis: { host: 'a' },
    claims: [['x', 'y']],
  });
  assert.deepEqual(expand({ both: 5 }).output, { port: 5, redis: { port: 5 } });
  assert.deepEqual(expand({ nodes: [{ ip: 'n' }] }).output, { nodes: [{ host: 'n' }] });
});

test('old and new name may agree; when they differ the fault shows both', () => {
  assert.deepEqual(expand({ redis_host: 'a', redis: { host: 'a' } }).faults, {});
  assert.deepEqual(expand({ redis_host: 'a', redis: { host: 'b' } }).faults, {
    redis_host: 'both deprecated and new field are used but their values mismatch: redis_host = a vs redis.host = b',
  });
});

test('null of an old name clears the new one but never contradicts it', () => {
  assert.deepEqual(expand({ redis_host: null }).output, { redis: { host: null } });
  assert.deepEqual(expand({ redis_host: null, redis: { host: 'b' } }), {
    output: { redis: { host: 'b' } },
    faults: {},
  });
});

test('an old name is checked by its own type', () => {
  assert.deepEqual(expand({ redis_host: 5, address: 5, gone: 'x' }).faults, {
    redis_host: 'expected a string',
    address: 'expected a string',
    gone: 'expected a boolean',
  });
});

test('what an old version spelled out as default is dropped while the new field is not honoured', () => {
  assert.deepEqual(expand({ idle: 60 }).output, {});
  assert.deepEqual(expand({ idle: null }).output, {});
  assert.deepEqual(expand({ idle: 61 }).output, { later: 61 });
});

test('a name without successor is accepted and dropped', () => {
  assert.deepEqual(expand({ gone: true }), { output: {}, faults: {} });
});

test('a patch by old name changes the new field and keeps its siblings', () => {
  const stored = { host: null, port: null, redis: { host: 'a', port: 1 }, claims: null, later: 900, nodes: null };
  const none = { uuid: () => '', now: () => 0, secret: () => '' };
  const done = processUpdate(schema, stored, { redis_host: 'b' }, none);
  assert.ok(done.kind === 'valid');
  assert.deepEqual(done.value['redis'], { host: 'b', port: 1 });
});

test('a wrong type at the new name is left for validation', () => {
  assert.deepEqual(expand({ redis_host: 'a', redis: 'text' }).output, { redis: 'text' });
});
