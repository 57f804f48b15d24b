import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Children } from './children.ts';
import { startGateway } from './gateway.ts';
import type { CorePlan } from './machine.ts';
import { median } from './rounds.ts';

/** From the spawn to the first 200 of `GET /status`, milliseconds, each time on a fresh state folder. */
export interface StartTimes {
  readonly emptyDatabaseMs: readonly number[];
  readonly manyRoutesMs: readonly number[];
  readonly medians: { readonly emptyDatabaseMs: number; readonly manyRoutesMs: number };
}

export interface StartTimesInput {
  readonly children: Children;
  readonly folder: string;
  readonly plan: CorePlan;
  /** Declarative file with 10,000 routes. */
  readonly routes: string;
  readonly runs: number;
}

/** Starts the gateway again and again on all cores, with nothing else running. */
export async function measureStarts(input: StartTimesInput): Promise<StartTimes> {
  const emptyDatabaseMs: number[] = [];
  const manyRoutesMs: number[] = [];
  for (let run = 0; run < input.runs; run += 1) {
    emptyDatabaseMs.push(await startOnce(input, undefined));
    manyRoutesMs.push(await startOnce(input, input.routes));
  }
  const medians = { emptyDatabaseMs: median(emptyDatabaseMs), manyRoutesMs: median(manyRoutesMs) };
  return { emptyDatabaseMs, manyRoutesMs, medians };
}

async function startOnce(
  { children, folder, plan }: StartTimesInput,
  declarative: string | undefined,
): Promise<number> {
  const name = 'start';
  const gateway = await startGateway(children, { name, folder, declarative, workers: 1, cores: plan.all });
  await gateway.child.stop();
  rmSync(join(folder, name), { recursive: true, force: true });
  return gateway.readyMs;
}
