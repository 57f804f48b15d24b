import { createLogger } from '../base/log.ts';
import { loadSettings } from '../settings/load-settings.ts';
import { type Gateway, startGateway } from './gateway/gateway.ts';
import { readOptions } from './options.ts';
import { Reloader } from './reloader.ts';
import { removePid, writePid, writeReport } from './run-files.ts';
import { readSettingsOrFaults } from './settings-or-faults.ts';
import { untilSignal } from './signals.ts';

/** `sallyport start`: the gateway alone, in the foreground. */
export async function start(args: readonly string[]): Promise<number> {
  const options = readOptions(args, { conf: { type: 'string', short: 'c' } });
  const input = { mode: 'start' as const, ...(options.conf === undefined ? {} : { confFile: options.conf }) };
  const loaded = readSettingsOrFaults(input);
  if (loaded === undefined) return 1;
  // Asked for before the start, so that a stop during it is not lost. A reload during it would change nothing.
  const signal = untilSignal();
  let reloader: Reloader | undefined;
  process.on('SIGHUP', () => void reloader?.request());
  const starting = startGateway(loaded.settings);
  const gateway = await Promise.race([starting, signal.then(() => undefined)]);
  if (gateway === undefined) {
    // Stopped while starting: nothing is served yet, so there is nothing to drain.
    starting.catch(() => undefined);
    process.exit(0);
  }
  const { prefix } = loaded.settings;
  reloader = reloaderOf(gateway, loaded, () => loadSettings({ ...input, env: process.env }));
  writePid(prefix, process.pid);
  const outcome = await Promise.race([signal.then(() => undefined), gateway.failed]);
  if (outcome !== undefined) process.stderr.write(`sallyport: ${outcome}\n`);
  await gateway.stop();
  removePid(prefix, process.pid);
  return outcome === undefined ? 0 : 1;
}

function reloaderOf(
  gateway: Gateway,
  running: ConstructorParameters<typeof Reloader>[0]['running'],
  load: () => ReturnType<typeof loadSettings>,
): Reloader {
  const { prefix, processLog } = running.settings;
  // One of its own: whatever the level is, this line is what somebody asked for.
  const log = createLogger({ level: 'info', name: 'main', destination: processLog });
  return new Reloader({
    running,
    load,
    apply: (settings) => gateway.reload(settings),
    report: (report) => {
      log.reopen();
      if (report.outcome === 'done') log.info('main.settings.reload', { lines: report.lines });
      else log.error('main.settings.refuse', { lines: report.lines });
      writeReport(prefix, report);
    },
  });
}
