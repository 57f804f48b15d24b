import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bundledPlugins } from './index.ts';

test('plugins run in the order of their priorities, which are those of Kong', () => {
  assert.deepEqual(
    bundledPlugins.map(({ name, priority }) => [name, priority]),
    [
      ['correlation-id', 100_001],
      ['cors', 2000],
      ['key-auth', 1250],
      ['openid-connect', 1050],
      ['tls-handshake-modifier', 997],
      ['acl', 950],
      ['rate-limiting', 910],
      ['request-termination', 2],
    ],
  );
});

test('no two plugins share a priority or a name', () => {
  assert.equal(new Set(bundledPlugins.map(({ priority }) => priority)).size, bundledPlugins.length);
  assert.equal(new Set(bundledPlugins.map(({ name }) => name)).size, bundledPlugins.length);
});

test('entries of these plugins may be bound to a consumer', () => {
  assert.deepEqual(
    bundledPlugins.filter(({ consumerScope }) => consumerScope).map(({ name }) => name),
    ['correlation-id', 'rate-limiting', 'request-termination'],
  );
});
