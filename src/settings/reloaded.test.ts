import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { knownSettings } from './known-settings.ts';
import { reloadedSettings } from './reloaded.ts';
import { readFor } from './testing.ts';

const folder = mkdtempSync(join(tmpdir(), 'reloaded-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('what can change while the gateway runs is taken, the rest is named and stays', () => {
  const running = readFor({ KONG_LOG_LEVEL: 'warn', KONG_PREFIX: '/a' });
  const fresh = readFor({ KONG_LOG_LEVEL: 'debug', KONG_PREFIX: '/b', KONG_TRUSTED_IPS: '10.0.0.0/8' });
  const next = reloadedSettings(running, fresh);
  assert.deepEqual(next.live, ['log_level', 'trusted_ips']);
  assert.deepEqual(next.restart, ['prefix']);
  assert.equal(next.settings.logLevel, 'debug');
  assert.deepEqual(next.settings.trustedIps, ['10.0.0.0/8']);
  assert.equal(next.settings.prefix, '/a');
  assert.equal(next.settings.resolved['prefix'], '/a');
  assert.equal(next.settings.resolved['log_level'], 'debug');
});

test('a setting that needs a restart is named again until the restart', () => {
  const running = readFor({});
  const fresh = readFor({ KONG_PROXY_LISTEN: '0.0.0.0:9000' });
  const once = reloadedSettings(running, fresh);
  assert.deepEqual(once.restart, ['proxy_listen']);
  assert.deepEqual(reloadedSettings(once, fresh).restart, ['proxy_listen']);
  assert.deepEqual(reloadedSettings(once, running).restart, []);
});

test('more workers are taken, fewer need a restart', () => {
  const running = readFor({ KONG_NGINX_WORKER_PROCESSES: '2' });
  const more = reloadedSettings(running, readFor({ KONG_NGINX_WORKER_PROCESSES: '3' }));
  assert.deepEqual([more.settings.workers, more.live, more.restart], [3, ['nginx_worker_processes'], []]);
  const fewer = reloadedSettings(running, readFor({ KONG_NGINX_WORKER_PROCESSES: '1' }));
  assert.deepEqual([fewer.settings.workers, fewer.live, fewer.restart], [2, [], ['nginx_worker_processes']]);
});

test('a file with other contents under the same path is a change', () => {
  const path = join(folder, 'error.json');
  const env = { KONG_ERROR_TEMPLATE_JSON: path };
  writeFileSync(path, '{"old":"%s"}');
  const running = readFor(env);
  writeFileSync(path, '{"new":"%s"}');
  const next = reloadedSettings(running, readFor(env));
  assert.deepEqual(next.live, ['error_template_json']);
  assert.equal(next.settings.request.errorTemplates.json, '{"new":"%s"}');
});

test('a value that stays is no change, nor is one of a setting that is not honoured', () => {
  const next = reloadedSettings(readFor({ KONG_LOG_LEVEL: 'warn' }), readFor({ SALLYPORT_LOG_LEVEL: 'warn' }));
  assert.deepEqual([next.live, next.restart], [[], []]);
  const ignored = reloadedSettings(readFor({}), readFor({ KONG_PG_HOST: 'elsewhere' }));
  assert.deepEqual([ignored.live, ignored.restart], [[], []]);
});

test('another kind of store needs a restart and leaves the declarative file alone', () => {
  const file = join(folder, 'kong.yml');
  writeFileSync(file, '');
  const running = readFor({ KONG_DATABASE: 'off', KONG_DECLARATIVE_CONFIG: file });
  const next = reloadedSettings(running, readFor({}));
  assert.deepEqual(next.restart, ['database', 'declarative_config']);
  assert.equal(next.settings.declarativeConfig, file);
});

test('only settings that are honoured claim to change while the gateway runs', () => {
  const live = knownSettings.filter((known) => known.live);
  assert.ok(live.length > 20);
  assert.deepEqual(
    live.filter(({ honoured }) => !honoured),
    [],
  );
});
