import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findSetting, knownSettings } from './known-settings.ts';
import { parseValue } from './values.ts';

test('every name stands once and says what it means', () => {
  const names = knownSettings.map(({ name }) => name);
  assert.ok(names.length > 170);
  assert.deepEqual([...new Set(names)], names);
  for (const { name, meaning } of knownSettings) assert.match(meaning, /^\w.{9,}[^.]$/, name);
});

test('every default and every harmless value is accepted by its own setting', () => {
  for (const known of knownSettings) {
    for (const text of [known.default, ...known.harmless]) {
      if (text !== undefined) assert.equal(parseValue(known, text).kind, 'value', `${known.name}: ${text}`);
    }
  }
});

test('keys, passwords and tokens are marked as secrets', () => {
  for (const { name, secret } of knownSettings) {
    if (/(_key|_password|_token)$/.test(name)) assert.ok(secret, name);
  }
});

test('families that Kong leaves open are known by their form', () => {
  assert.equal(findSetting('nginx_http_anything_at_all')?.honoured, false);
  assert.equal(findSetting('pluginserver_go_socket')?.honoured, false);
  assert.equal(findSetting('nginx_anything'), undefined);
});
