import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Children } from './children.ts';
import { readProfiles, type SelfTime } from './cpu-profile.ts';
import type { CorePlan } from './machine.ts';
import { cpuTimeOf } from './process-usage.ts';
import { warmUp } from './rounds.ts';
import type { Scenario } from './scenarios.ts';
import { emptyAccessLogs, startServers } from './servers.ts';
import { runWrk } from './wrk.ts';

export interface ProfileInput {
  readonly scenario: Scenario;
  readonly children: Children;
  readonly folder: string;
  readonly plan: CorePlan;
  readonly windowSeconds: number;
  readonly connections: number;
  readonly say: (line: string) => void;
}

const functionsShown = 45;
const linesShown = 30;

/**
 * One scenario under V8's profiler, all threads, from sources so that lines are theirs. Prints what took
 * the time of the busiest threads during one window. The profiler itself costs a few per cent.
 */
export async function profile(input: ProfileInput): Promise<void> {
  const { scenario, say } = input;
  if (scenario.server === 'nginx') throw new Error('nginx has no JavaScript to profile');
  const profileDir = join(input.folder, 'profiles');
  mkdirSync(profileDir);
  const servers = await startServers({ ...input, names: new Set([scenario.server]), profileDir });
  const server = servers.running.get(scenario.server);
  if (server === undefined) throw new Error('the gateway was not started');
  const { windowSeconds, connections } = input;
  try {
    const rounds = { ...input, servers, scenarios: [scenario], rounds: 1, warmSeconds: 4 };
    await warmUp(rounds, { scenario, server });
    emptyAccessLogs(servers);
    const cpuBefore = cpuTimeOf(server.processIds);
    const fromMicros = nowMicros();
    const drive = scenario.drive(servers.files);
    const load = await runWrk({ port: server.port, path: scenario.path, drive, seconds: windowSeconds, connections });
    const toMicros = nowMicros();
    const cpuAfter = cpuTimeOf(server.processIds);
    await server.child.stop();
    const user = (cpuAfter.userMicros - cpuBefore.userMicros) / load.requests;
    const system = (cpuAfter.systemMicros - cpuBefore.systemMicros) / load.requests;
    say(
      `${scenario.title}: ${load.requests} requests, ${user.toFixed(1)} µs user + ${system.toFixed(1)} µs system each`,
    );
    for (const thread of readProfiles(profileDir, fromMicros, toMicros)) {
      const share = thread.busyMicros / (toMicros - fromMicros);
      say(`\n${thread.thread}: busy ${(share * 100).toFixed(1)} % of the window`);
      if (share < 0.02) continue;
      printTimes(say, 'self time by function', thread.functions.slice(0, functionsShown), load.requests);
      printTimes(say, 'self time by line', thread.lines.slice(0, linesShown), load.requests);
    }
  } finally {
    await servers.stop();
  }
}

/** `--cpu-prof` stamps samples with the same clock. */
function nowMicros(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

function printTimes(say: (line: string) => void, title: string, times: readonly SelfTime[], requests: number): void {
  say(`  µs per request, ${title}`);
  for (const { name, micros } of times) say(`  ${(micros / requests).toFixed(3).padStart(8)}  ${name}`);
}
