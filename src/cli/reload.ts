import { setTimeout as delay } from 'node:timers/promises';
import { loadSettings } from '../settings/load-settings.ts';
import { readOptions } from './options.ts';
import { type ReloadReport, readReport, runningPid } from './run-files.ts';

const answerMsMax = 30_000;
const pollMs = 50;

/**
 * `sallyport reload`: has the running gateway read its settings anew. Status 0 when the new ones are in force, 1 when
 * they were refused, when nothing runs or when no answer came.
 */
export async function reload(args: readonly string[]): Promise<number> {
  const options = readOptions(args, { conf: { type: 'string', short: 'c' }, prefix: { type: 'string' } });
  const loaded = loadSettings({
    mode: 'start',
    env: process.env,
    ...(options.conf === undefined ? {} : { confFile: options.conf }),
    ...(options.prefix === undefined ? {} : { overrides: { prefix: options.prefix } }),
  });
  if (loaded.kind === 'faults') {
    for (const fault of loaded.faults) process.stderr.write(`sallyport: ${fault}\n`);
    process.stderr.write('sallyport: nothing was reloaded; the running gateway keeps its settings\n');
    return 1;
  }
  const { prefix } = loaded.settings;
  const pid = runningPid(prefix);
  if (pid === undefined) {
    process.stderr.write(`sallyport: no gateway runs with the state folder ${prefix}\n`);
    return 1;
  }
  const since = Date.now();
  try {
    process.kill(pid, 'SIGHUP');
  } catch {
    process.stderr.write(`sallyport: process ${pid} cannot be signalled; it belongs to another user\n`);
    return 1;
  }
  const report = await waitForReport(prefix, since, pid);
  if (report === undefined) {
    process.stderr.write(`sallyport: process ${pid} gave no answer; its log may tell more\n`);
    return 1;
  }
  const out = report.outcome === 'done' ? process.stdout : process.stderr;
  for (const line of report.lines) out.write(`sallyport: ${line}\n`);
  return report.outcome === 'done' ? 0 : 1;
}

async function waitForReport(prefix: string, since: number, pid: number): Promise<ReloadReport | undefined> {
  const giveUp = Date.now() + answerMsMax;
  while (Date.now() < giveUp) {
    const report = readReport(prefix, since);
    if (report !== undefined) return report;
    if (runningPid(prefix) !== pid) return undefined;
    await delay(pollMs);
  }
  return undefined;
}
