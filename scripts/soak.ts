import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Load } from '../test/support/load.ts';
import { type Scene, startScene } from '../test/support/scene.ts';

// `npm run soak`: a real gateway under steady traffic while its configuration changes and its provider
// rotates keys and fails now and then. Too long for `npm run check`; its report is committed.

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    workers: { type: 'string', default: '2' },
    out: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});

if (values.help) {
  process.stdout.write(
    'Usage: npm run soak -- [--minutes N] [--workers N] [--out FILE.md]\n\n' +
      'Steady traffic on a real gateway for N minutes (10) while routes and plugins change and the provider\n' +
      'rotates its keys and fails for seconds. Exit status 1 when a request failed or memory or sockets grew.\n',
  );
} else {
  process.exitCode = (await soak(Number(values.minutes), Number(values.workers), values.out)) ? 0 : 1;
}

interface Sample {
  readonly atSeconds: number;
  readonly residentMb: number;
  readonly descriptors: number;
}

async function soak(minutes: number, workers: number, out: string | undefined): Promise<boolean> {
  const scene = await startScene({ workers });
  const samples: Sample[] = [];
  const loads: Load[] = [];
  let changes = 0;
  let rotations = 0;
  try {
    const guarded = await scene.protect(scene.guideConfig({ cache_tokens_salt: 'one-salt-for-the-whole-soak' }));
    const bearer = await scene.protect(scene.bearerConfig());
    const plain = await scene.expose();
    const token = await scene.sign({}, { expiresInSeconds: minutes * 60 + 600 });
    const { proxyUrl } = scene.gateway;
    loads.push(
      new Load({ urls: [guarded.url], headers: { authorization: scene.basic()[1] }, lanes: 4, keepAlive: true }),
      new Load({ urls: [bearer.url], headers: { authorization: `Bearer ${token}` }, lanes: 4, keepAlive: true }),
      new Load({ urls: [proxyUrl + plain.path], lanes: 4, keepAlive: true, bodyBytes: 20_000 }),
      new Load({ urls: [proxyUrl + plain.path], lanes: 1, keepAlive: false }),
      new Load({ urls: [guarded.url], lanes: 1, keepAlive: true, expectedStatus: 401 }),
    );
    const started = Date.now();
    const end = started + minutes * 60_000;
    let nextSample = 0;
    let nextTrouble = started + 20_000;
    while (Date.now() < end) {
      await change(scene, changes);
      changes += 3;
      const now = Date.now();
      if (now >= nextSample) {
        samples.push(sample(scene, (now - started) / 1000));
        nextSample = now + 5000;
        const failed = loads.reduce((sum, load) => sum + load.failures.length, 0);
        process.stdout.write(
          `${Math.round((now - started) / 1000)} s, ${changes} changes, ${failed} failed requests\n`,
        );
      }
      if (now >= nextTrouble) {
        nextTrouble = now + 30_000;
        rotations += 1;
        await trouble(scene);
      }
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    await Promise.all(loads.map((load) => load.stop()));
    samples.push(sample(scene, (Date.now() - started) / 1000));
    return report({ minutes, workers, changes, rotations, samples, loads, out });
  } finally {
    await Promise.all(loads.map((load) => load.stop()));
    await scene.stop();
  }
}

/** A route comes with a plugin of its own and goes again. */
async function change(scene: Scene, index: number): Promise<void> {
  const name = `soak-${index}`;
  await scene.admin.must('PUT', `/services/service-1/routes/${name}`, { paths: [`/${name}`] });
  await scene.admin.must('POST', `/routes/${name}/plugins`, { name: 'openid-connect', config: scene.bearerConfig() });
  await scene.admin.must('DELETE', `/routes/${name}`);
}

/** New keys beside the old ones, then seconds in which the provider answers nothing useful. Cached callers must not notice. */
async function trouble(scene: Scene): Promise<void> {
  await scene.control.rotateKeys({ keepOld: true });
  await scene.control.fault({ endpoint: 'all', kind: 'status', status: 500 });
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await scene.control.fault({ endpoint: 'all', kind: 'none' });
}

function sample(scene: Scene, atSeconds: number): Sample {
  const pid = scene.gateway.process.pid ?? 0;
  const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return {
    atSeconds: Math.round(atSeconds),
    residentMb: Math.round(Number(resident) / 1024),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}

function report(run: {
  minutes: number;
  workers: number;
  changes: number;
  rotations: number;
  samples: readonly Sample[];
  loads: readonly Load[];
  out: string | undefined;
}): boolean {
  const { samples } = run;
  const settled = samples.filter(({ atSeconds }) => atSeconds >= (run.minutes * 60) / 3);
  const early = median(settled.slice(0, Math.ceil(settled.length / 3)).map(({ residentMb }) => residentMb));
  const late = median(settled.slice(-Math.ceil(settled.length / 3)).map(({ residentMb }) => residentMb));
  const growth = ((late - early) / early) * 100;
  const descriptors = settled.map((one) => one.descriptors);
  const failures = run.loads.flatMap((load) => load.failures);
  const answered = run.loads.reduce((sum, load) => sum + load.answered, 0);
  const good = failures.length === 0 && growth < 10 && Math.max(...descriptors) - Math.min(...descriptors) < 64;
  const lines = [
    '# Soak',
    '',
    `${new Date().toISOString().slice(0, 10)}, ${run.minutes} minutes, ${run.workers} workers, ${availableParallelism()} cores, Node ${process.versions.node}: ${good ? 'passed' : 'NOT passed'}`,
    '',
    '| what | figure | bound |',
    '|---|---|---|',
    `| requests answered | ${answered} | |`,
    `| requests failed | ${failures.length} | 0 |`,
    `| configuration changes | ${run.changes} | |`,
    `| key rotations, each with 3 s of a failing provider | ${run.rotations} | |`,
    `| resident memory, second third and last third | ${early} MB, ${late} MB (${growth.toFixed(1)} %) | +10 % |`,
    `| open descriptors once settled | ${Math.min(...descriptors)} to ${Math.max(...descriptors)} | within 64 |`,
    '',
    ...failures.slice(0, 5).map(({ what }) => `- failed: ${what}`),
  ];
  const text = `${lines.join('\n').trimEnd()}\n`;
  process.stdout.write(text);
  if (run.out !== undefined) writeFileSync(run.out, text);
  return good;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
