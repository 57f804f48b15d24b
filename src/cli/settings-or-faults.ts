import { type LoadedSettings, type LoadInput, loadSettings } from '../settings/load-settings.ts';
import type { Settings } from '../settings/settings.ts';

/** The process settings; undefined after every fault was printed. Warnings go to stderr as well. */
export function settingsOrFaults(input: Omit<LoadInput, 'env'>): Settings | undefined {
  return readSettingsOrFaults(input)?.settings;
}

/** The same with the texts by which another reading is compared. */
export function readSettingsOrFaults(
  input: Omit<LoadInput, 'env'>,
): Extract<LoadedSettings, { readonly kind: 'ok' }> | undefined {
  const loaded = loadSettings({ ...input, env: process.env });
  if (loaded.kind === 'faults') {
    for (const fault of loaded.faults) process.stderr.write(`sallyport: ${fault}\n`);
    return undefined;
  }
  for (const warning of loaded.warnings) process.stderr.write(`sallyport: warning: ${warning}\n`);
  return loaded;
}
