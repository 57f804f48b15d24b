import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../scripts/steps/command.ts';
import { packageRoot } from '../src/base/paths.ts';
import { Children } from './children.ts';
import { runExtras } from './extras.ts';
import { type CorePlan, type MachineFacts, machineFacts, missingPrograms, moveSelf, planCores } from './machine.ts';
import { type BenchOptions, helpText, OptionError, readOptions } from './options.ts';
import { profile } from './profile.ts';
import { type BenchReport, checkoutState, markdownOf, writeReport } from './report.ts';
import { runRounds } from './rounds.ts';
import { installedScenarios, scenarios, selectScenarios } from './scenarios.ts';
import { startServers } from './servers.ts';
import { measureStarts } from './start-times.ts';
import { judge } from './targets.ts';

const say = (line: string) => console.log(line);
const progress = (line: string) => console.error(line);

/** No run may take longer, whatever hangs. */
const runSecondsMax = 2700;

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args, join(packageRoot(), 'bench', 'results'));
  if (options === 'help') return print(helpText.trimEnd());
  if (options === 'list') return print(scenarios.map(({ name, title }) => `${name.padEnd(12)} ${title}`).join('\n'));
  const missing = missingPrograms();
  if (missing !== undefined) throw new OptionError(missing);
  if (options.build && options.profile === undefined) await build();
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  const children = new Children();
  const interrupted = () => process.exit(130);
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  setTimeout(() => {
    progress(`the benchmark took longer than ${runSecondsMax / 60} minutes and was ended`);
    process.exit(1);
  }, runSecondsMax * 1000).unref();
  const machine = machineFacts();
  const plan = planCores(machine.cores);
  moveSelf(plan.others);
  if (options.extras === 'only') await runExtras(options.quick, say);
  else if (options.profile !== undefined) await profileOne(options, options.profile, children, folder, plan);
  else await measureAll({ options, children, folder, plan, machine });
  return 0;
}

function print(text: string): number {
  say(text);
  return 0;
}

async function build(): Promise<void> {
  progress('building dist/');
  const { code, stdout, stderr } = await runCommand('node', ['scripts/build.ts']);
  if (code !== 0) throw new Error(`the build failed:\n${stdout}${stderr}`);
}

async function profileOne(
  options: BenchOptions,
  name: string,
  children: Children,
  folder: string,
  plan: CorePlan,
): Promise<void> {
  const scenario = scenarios.find((candidate) => candidate.name === name);
  if (scenario === undefined) throw new OptionError(`--profile: there is no scenario "${name}"; --list names them`);
  const { windowSeconds, connections } = options;
  await profile({ scenario, children, folder, plan, windowSeconds, connections, say });
}

interface MeasureInput {
  readonly options: BenchOptions;
  readonly children: Children;
  readonly folder: string;
  readonly plan: CorePlan;
  readonly machine: MachineFacts;
}

async function measureAll({ options, children, folder, plan, machine }: MeasureInput): Promise<void> {
  const chosen = installedScenarios(selectScenarios(options.scenarios), progress);
  const state = checkoutState();
  const names = new Set(chosen.map(({ server }) => server));
  const servers = await startServers({ children, folder, plan, names });
  const { rounds, windowSeconds, connections } = options;
  const results = await runRounds({
    servers,
    scenarios: chosen,
    rounds,
    windowSeconds,
    warmSeconds: options.quick ? 2 : 5,
    connections,
    say: progress,
  }).finally(() => servers.stop());
  const routes = servers.declarative.routes;
  const starts =
    options.scenarios.length > 0
      ? undefined
      : await measureStarts({ children, folder, plan, routes, runs: options.quick ? 2 : 5 });
  const extras = options.extras === 'too' ? await runExtras(options.quick, progress) : [];
  const report: BenchReport = {
    format: 1,
    at: new Date().toISOString(),
    ...state,
    machine,
    setup: {
      cores: plan.text,
      rounds,
      windowSeconds,
      connections,
      accessLog: 'on for the gateway and for nginx (nginx: 64 KB buffer), to a file',
    },
    scenarios: results,
    starts,
    extras,
    verdicts: judge({ scenarios: results, starts, twoWorkersFree: plan.twoWorkersFree }),
  };
  say(markdownOf(report));
  if (options.resultsDir !== undefined) progress(`written: ${writeReport(report, options.resultsDir)}.{json,md}`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof OptionError) progress(error.message);
  else progress(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 1;
}
