import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { get, inParallel } from './probe.ts';
import { cpuTimeOf, residentBytesOf } from './process-usage.ts';
import { type ProviderCalls, providerCalls } from './provider.ts';
import type { Scenario } from './scenarios.ts';
import { emptyAccessLogs, type Server, type Servers } from './servers.ts';
import { runWrk } from './wrk.ts';

/** One measured window. CPU is that of all threads of the measured process, per request. */
export interface Window {
  readonly cpuMicros: number;
  readonly userMicros: number;
  readonly systemMicros: number;
  readonly requestsPerSecond: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
}

export interface ScenarioResult {
  readonly name: string;
  readonly title: string;
  readonly windows: readonly Window[];
  readonly median: Window;
  /** Right after the last window. */
  readonly residentBytes: number;
  /** From the warm-up to the last window. */
  readonly providerCalls: ProviderCalls;
}

export interface RoundsInput {
  readonly servers: Servers;
  readonly scenarios: readonly Scenario[];
  readonly rounds: number;
  readonly windowSeconds: number;
  readonly warmSeconds: number;
  readonly connections: number;
  readonly say: (line: string) => void;
}

/** A scenario at its server, with what was measured so far. */
interface Running {
  readonly scenario: Scenario;
  readonly server: Server;
  readonly windows: Window[];
  residentBytes: number;
  calls: ProviderCalls;
}

/**
 * Every scenario once in each round, so that what the machine does at a time falls on all of them; every
 * other round goes backwards. Throws when an answer is not the expected one, or when a client asked the
 * provider for more or less than one token.
 */
export async function runRounds(input: RoundsInput): Promise<ScenarioResult[]> {
  const running: Running[] = [];
  for (const scenario of input.scenarios) {
    const server = input.servers.running.get(scenario.server);
    if (server === undefined) throw new Error(`${scenario.server} was not started`);
    running.push({ scenario, server, windows: [], residentBytes: 0, calls: { token: 0, discovery: 0, jwks: 0 } });
  }
  for (const entry of running) {
    await counted(input, entry, () => warmUp(input, entry));
    input.say(`warm: ${entry.scenario.name}`);
  }
  for (let round = 1; round <= input.rounds; round += 1) {
    for (const entry of round % 2 === 1 ? running : running.toReversed()) {
      const window = await counted(input, entry, () => measure(input, entry));
      entry.windows.push(window);
      entry.residentBytes = residentBytesOf(entry.server.processIds);
      const { cpuMicros, requestsPerSecond } = window;
      input.say(
        `round ${round}: ${entry.scenario.name} ${cpuMicros.toFixed(1)} µs, ${Math.round(requestsPerSecond)}/s`,
      );
    }
  }
  await checkTokenRequests(input);
  return running.map(({ scenario, windows, residentBytes, calls }) => ({
    name: scenario.name,
    title: scenario.title,
    windows,
    median: medianWindow(windows),
    residentBytes,
    providerCalls: calls,
  }));
}

async function counted<T>({ servers }: RoundsInput, entry: Running, work: () => Promise<T>): Promise<T> {
  const before = await providerCalls(servers.provider.control);
  const outcome = await work();
  const after = await providerCalls(servers.provider.control);
  entry.calls = {
    token: entry.calls.token + after.token - before.token,
    discovery: entry.calls.discovery + after.discovery - before.discovery,
    jwks: entry.calls.jwks + after.jwks - before.jwks,
  };
  return outcome;
}

async function measure(input: RoundsInput, { scenario, server }: Running): Promise<Window> {
  emptyAccessLogs(input.servers);
  const before = cpuTimeOf(server.processIds);
  const load = await runWrk({
    ...target(scenario, server),
    drive: scenario.drive(input.servers.files),
    seconds: input.windowSeconds,
    connections: input.connections,
  });
  const after = cpuTimeOf(server.processIds);
  const userMicros = (after.userMicros - before.userMicros) / load.requests;
  const systemMicros = (after.systemMicros - before.systemMicros) / load.requests;
  return {
    cpuMicros: userMicros + systemMicros,
    userMicros,
    systemMicros,
    requestsPerSecond: load.requests / load.seconds,
    p50Micros: load.p50Micros,
    p99Micros: load.p99Micros,
  };
}

/** Checks the answers, sends every credential twice at the same time, then load until the code is compiled. */
export async function warmUp(
  input: RoundsInput,
  { scenario, server }: Pick<Running, 'scenario' | 'server'>,
): Promise<void> {
  const drive = scenario.drive(input.servers.files);
  const lines = drive.kind === 'plain' ? [] : readFileSync(drive.file, 'utf8').trim().split('\n');
  if (drive.kind === 'header') {
    const refused = await get(server.port, scenario.path);
    if (refused.status !== 401) throw new Error(`${scenario.name}: ${refused.status} without credentials, not 401`);
    const agent = new Agent({ keepAlive: true, maxSockets: 64 });
    await inParallel(
      lines.flatMap((line) => [line, line]),
      64,
      async (line) => {
        check(scenario, await get(server.port, scenario.path, { authorization: line }, agent));
      },
    );
    agent.destroy();
  } else {
    const paths = drive.kind === 'plain' ? [scenario.path] : lines.slice(0, 100);
    const { port, secure = false } = target(scenario, server);
    for (const path of paths) check(scenario, await get(port, path, {}, undefined, secure));
  }
  emptyAccessLogs(input.servers);
  const seconds = input.warmSeconds;
  await runWrk({ ...target(scenario, server), drive, seconds, connections: input.connections });
}

function target({ path, secure }: Scenario, { port, tlsPort }: Server) {
  return secure === true ? { port: tlsPort, path, secure } : { port, path };
}

function check(scenario: Scenario, { status, body }: { status: number; body: string }): void {
  if (status === 200 && body.length === scenario.bodyBytes) return;
  throw new Error(`${scenario.name}: unexpected answer ${status}, ${body.length} bytes: ${body.slice(0, 300)}`);
}

async function checkTokenRequests({ servers, scenarios }: RoundsInput): Promise<void> {
  const { control, clientIds } = servers.provider;
  const { tokenRequestsByClient } = await control.state();
  for (const { name, clients } of scenarios) {
    if (clients === undefined) continue;
    const wrong = clientIds[clients].filter((id) => tokenRequestsByClient[id] !== 1);
    const [first] = wrong;
    if (first === undefined) continue;
    const count = tokenRequestsByClient[first] ?? 0;
    throw new Error(`${name}: ${wrong.length} clients made other than one token request (${first}: ${count})`);
  }
}

function medianWindow(windows: readonly Window[]): Window {
  const of = (pick: (window: Window) => number) => median(windows.map(pick));
  return {
    cpuMicros: of((window) => window.cpuMicros),
    userMicros: of((window) => window.userMicros),
    systemMicros: of((window) => window.systemMicros),
    requestsPerSecond: of((window) => window.requestsPerSecond),
    p50Micros: of((window) => window.p50Micros),
    p99Micros: of((window) => window.p99Micros),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
