import assert from 'node:assert/strict';
import { type LoadInput, loadSettings } from './load-settings.ts';
import type { Settings } from './settings.ts';

type Env = Readonly<Record<string, string>>;

/** Settings of a gateway with this environment and no file. */
export function settingsFor(env: Env, extra: Partial<LoadInput> = {}): Settings {
  return readFor(env, extra).settings;
}

/** The same with warnings and texts; fails when there are faults. */
export function readFor(env: Env, extra: Partial<LoadInput> = {}) {
  const loaded = loadSettings({ env, mode: 'start', cwd: '/', cores: 2, confFiles: [], ...extra });
  return loaded.kind === 'ok' ? loaded : assert.fail(loaded.faults.join('\n'));
}

/** The faults of settings that are not accepted. */
export function faultsFor(env: Env, extra: Partial<LoadInput> = {}): string {
  const loaded = loadSettings({ env, mode: 'start', cwd: '/', cores: 2, confFiles: [], ...extra });
  return loaded.kind === 'faults' ? loaded.faults.join('\n') : assert.fail('was accepted');
}
