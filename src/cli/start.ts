import { startGateway } from './gateway/gateway.ts';
import { readOptions } from './options.ts';
import { settingsOrFaults } from './settings-or-faults.ts';
import { untilSignal } from './signals.ts';

/** `sallyport start`: the gateway alone, in the foreground. */
export async function start(args: readonly string[]): Promise<number> {
  const options = readOptions(args, { conf: { type: 'string', short: 'c' } });
  const settings = settingsOrFaults({
    mode: 'start',
    ...(options.conf === undefined ? {} : { confFile: options.conf }),
  });
  if (settings === undefined) return 1;
  // Asked for before the start, so that a stop during it is not lost.
  const signal = untilSignal();
  const starting = startGateway(settings);
  const gateway = await Promise.race([starting, signal.then(() => undefined)]);
  if (gateway === undefined) {
    // Stopped while starting: nothing is served yet, so there is nothing to drain.
    starting.catch(() => undefined);
    process.exit(0);
  }
  const outcome = await Promise.race([signal.then(() => undefined), gateway.failed]);
  if (outcome !== undefined) process.stderr.write(`sallyport: ${outcome}\n`);
  await gateway.stop();
  return outcome === undefined ? 0 : 1;
}
