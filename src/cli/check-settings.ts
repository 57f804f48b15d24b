import { readOptions } from './options.ts';
import { settingsOrFaults } from './settings-or-faults.ts';

/** `sallyport check-settings`: what `start` would say, without starting. */
export async function checkSettings(args: readonly string[]): Promise<number> {
  const options = readOptions(args, { conf: { type: 'string', short: 'c' } });
  const settings = settingsOrFaults({
    mode: 'start',
    ...(options.conf === undefined ? {} : { confFile: options.conf }),
  });
  if (settings === undefined) return 1;
  process.stdout.write('settings are right\n');
  return 0;
}
