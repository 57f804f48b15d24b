import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEcho } from '../../src/dev/echo.ts';
import { type Failure, Load } from '../../test/support/load.ts';
import { type Scene, startScene } from '../../test/support/scene.ts';
import { change, type Grounds, prepareGrounds } from './changes.ts';
import { type Sample, sampleOf } from './samples.ts';

export interface TrafficOptions {
  readonly minutes: number;
  readonly workers: number;
  /** Configuration changes in all. */
  readonly changes: number;
}

/** A failed request, and what was going on. */
export interface LoadFailure extends Failure {
  readonly load: string;
  readonly phase: Phase;
}

export interface TrafficRun extends TrafficOptions {
  readonly changed: number;
  readonly rotations: number;
  readonly answered: number;
  readonly failures: readonly LoadFailure[];
  readonly samples: readonly Sample[];
  /** Of the paced requests, ms, by what was going on. */
  readonly latencies: Readonly<Record<Phase, readonly number[]>>;
}

/** Nothing but traffic; configuration changing; neither counts: the provider fails, or a phase has just begun. */
export type Phase = 'rest' | 'changing' | 'between';

/** Rest and change take turns of this length, so that both see the same machine. */
const turnMs = 20_000;
const settleMs = 1000;
const troubleEveryMs = 60_000;
const sampleEveryMs = 5000;

/**
 * Steady traffic on a real gateway while its configuration changes, its provider rotates keys and fails for seconds.
 * Connections and caches are warm before anything is counted.
 */
export async function runTraffic(options: TrafficOptions): Promise<TrafficRun> {
  const probes = mkdtempSync(join(tmpdir(), 'sallyport-soak-'));
  const probe = fileURLToPath(new URL('./probe.ts', import.meta.url));
  const env = { NODE_OPTIONS: `--import ${probe}`, SOAK_PROBE_FOLDER: probes, SALLYPORT_LOG_LEVEL: 'warn' };
  const scene = await startScene({ workers: options.workers, env });
  const secondEcho = await startEcho();
  const traffic = new Traffic(scene, options, probes);
  try {
    await traffic.begin(secondEcho);
    await traffic.run();
    return await traffic.end();
  } finally {
    await traffic.stop();
    await scene.stop();
    await secondEcho.stop();
    rmSync(probes, { recursive: true, force: true });
  }
}

class Traffic {
  readonly #scene: Scene;
  readonly #options: TrafficOptions;
  readonly #probes: string;
  readonly #loads = new Map<string, Load>();
  readonly #phases: { readonly from: number; readonly phase: Phase }[] = [];
  readonly #latencies: Record<Phase, number[]> = { rest: [], changing: [], between: [] };
  readonly #samples: Sample[] = [];
  #grounds: Grounds | undefined = undefined;
  #phase: Phase = 'between';
  #startedAt = 0;
  #changed = 0;
  #rounds = 0;
  #rotations = 0;

  constructor(scene: Scene, options: TrafficOptions, probes: string) {
    this.#scene = scene;
    this.#options = options;
    this.#probes = probes;
  }

  async begin(secondEcho: Grounds['secondEcho']): Promise<void> {
    const scene = this.#scene;
    const guarded = await scene.protect(scene.guideConfig({ cache_tokens_salt: 'one-salt-for-the-whole-soak' }));
    const bearer = await scene.protect(scene.bearerConfig());
    const plain = await scene.expose();
    this.#grounds = await prepareGrounds(scene, secondEcho, plain.route);
    const token = await scene.sign({}, { expiresInSeconds: this.#options.minutes * 60 + 3600 });
    const { proxyUrl } = scene.gateway;
    const plainUrl = proxyUrl + plain.path;
    const balanced = proxyUrl + this.#grounds.balancedPath;
    const basic = { authorization: scene.basic()[1] };
    const paced = { lanes: 2, keepAlive: true, pauseMs: 4 };
    const onAnswered = (tookMs: number) => void this.#latencies[this.#phase].push(tookMs);
    this.#add('client credentials', { urls: [guarded.url], headers: basic, ...paced });
    this.#add('bearer token', {
      urls: [bearer.url],
      headers: { authorization: `Bearer ${token}` },
      ...paced,
      onAnswered,
    });
    this.#add('plain', { urls: [plainUrl], ...paced, onAnswered });
    this.#add('large bodies', { urls: [plainUrl], ...paced, bodyBytes: 20_000 });
    this.#add('balanced', { urls: [balanced], ...paced, onAnswered });
    this.#add('new connections', { urls: [plainUrl], lanes: 1, keepAlive: false, pauseMs: 10 });
    this.#add('without credentials', {
      urls: [guarded.url],
      lanes: 1,
      keepAlive: true,
      pauseMs: 10,
      expectedStatus: 401,
    });
  }

  #add(name: string, options: ConstructorParameters<typeof Load>[0]): void {
    this.#loads.set(name, new Load(options));
  }

  async run(): Promise<void> {
    this.#startedAt = Date.now();
    const end = this.#startedAt + this.#options.minutes * 60_000;
    let nextTrouble = this.#startedAt + troubleEveryMs / 2;
    for (let turn = 0; Date.now() < end; turn += 1) {
      if (Date.now() >= nextTrouble) {
        nextTrouble += troubleEveryMs;
        this.#enter('between');
        await this.#trouble();
      }
      this.#enter('between');
      await pause(settleMs);
      const turnEnd = Math.min(end, Date.now() + turnMs);
      if (turn % 2 === 0) await this.#rest(turnEnd);
      else await this.#changeUntil(turnEnd, end);
      this.#say();
    }
    // A short run may end before its last changes.
    this.#enter('changing');
    while (this.#changed < this.#options.changes) await this.#change();
    this.#enter('between');
  }

  async end(): Promise<TrafficRun> {
    await this.stop();
    this.#sample();
    const failures = [...this.#loads].flatMap(([load, { failures: failed }]) =>
      failed.map((failure) => ({ ...failure, load, phase: this.#phaseAt(failure.startedAt) })),
    );
    return {
      ...this.#options,
      changed: this.#changed,
      rotations: this.#rotations,
      answered: [...this.#loads.values()].reduce((sum, { answered }) => sum + answered, 0),
      failures,
      samples: this.#samples,
      latencies: this.#latencies,
    };
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#loads.values()].map((load) => load.stop()));
  }

  async #rest(until: number): Promise<void> {
    this.#enter('rest');
    while (Date.now() < until) {
      await pause(Math.min(sampleEveryMs, Math.max(0, until - Date.now())));
      this.#sample();
    }
  }

  /** Spreads what is left of the changes over what is left of the turns for them, which are half of the time. */
  async #changeUntil(until: number, end: number): Promise<void> {
    this.#enter('changing');
    const left = Math.max(1, this.#options.changes - this.#changed);
    const timeLeftMs = Math.max(until - Date.now(), (end - Date.now()) / 2);
    const perChangeMs = timeLeftMs / left;
    while (Date.now() < until && this.#changed < this.#options.changes) {
      const startedAt = Date.now();
      const made = await this.#change();
      await pause(Math.max(0, Math.min(until - Date.now(), made * perChangeMs - (Date.now() - startedAt))));
    }
    this.#sample();
  }

  async #change(): Promise<number> {
    if (this.#grounds === undefined) return 0;
    const made = await change(this.#grounds, this.#rounds);
    this.#rounds += 1;
    this.#changed += made;
    return made;
  }

  /** New keys beside the old ones, then seconds in which the provider answers nothing useful. Cached callers must not notice. */
  async #trouble(): Promise<void> {
    const { control } = this.#scene;
    this.#rotations += 1;
    await control.rotateKeys({ keepOld: true });
    await control.fault({ endpoint: 'all', kind: 'status', status: 500 });
    await pause(3000);
    await control.fault({ endpoint: 'all', kind: 'none' });
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#phases.push({ from: performance.now(), phase });
  }

  #phaseAt(at: number): Phase {
    return this.#phases.findLast(({ from }) => from <= at)?.phase ?? 'between';
  }

  #sample(): void {
    const pid = this.#scene.gateway.process.pid ?? 0;
    this.#samples.push(sampleOf(pid, this.#probes, (Date.now() - this.#startedAt) / 1000));
  }

  #say(): void {
    const failed = [...this.#loads.values()].reduce((sum, { failures }) => sum + failures.length, 0);
    const seconds = Math.round((Date.now() - this.#startedAt) / 1000);
    const { residentMb } = this.#samples.at(-1) ?? { residentMb: 0 };
    process.stdout.write(`${seconds} s, ${this.#changed} changes, ${residentMb} MB, ${failed} failed requests\n`);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
