/**
 * Changes on a node with many routes: how long an Admin write takes until it is in force on the worker, and the
 * longest that a small request had to wait meanwhile, against the same requests at rest. Targets: in force within
 * 100 ms, and no worker kept from its requests for more than 5 ms (the median over the rounds of the longest wait).
 *
 *   bin/node bench/changes-at-scale.ts [routes, 10000] [--sources]     (the compiled build unless --sources)
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Children, freePorts } from './children.ts';
import { startGateway } from './gateway.ts';
import { moveSelf, planCores } from './machine.ts';
import { startUpstream } from './nginx.ts';
import { median } from './rounds.ts';

const routes = Number(process.argv.find((argument) => /^\d+$/.test(argument)) ?? 10_000);
const rounds = 10;
const writesPerRound = 20;
const inForceMsMax = 100;
const waitMsMax = 5;

const folder = mkdtempSync(join(tmpdir(), 'sallyport-scale-'));
const children = new Children();
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const plan = planCores();
moveSelf(plan.others);
const agent = new Agent({ keepAlive: true });
const [upstreamPort = 0] = await freePorts(1);
const upstream = await startUpstream(children, folder, upstreamPort, plan.others);
const gateway = await startGateway(children, {
  name: 'scale',
  folder,
  declarative: undefined,
  workers: 1,
  cores: plan.all,
  sources: process.argv.includes('--sources'),
});

for (let index = 0; index < routes; index += 1) {
  if (index % 10 === 0) await admin('PUT', `/services/s${index / 10}`, { url: `http://127.0.0.1:${upstreamPort}/` });
  const route = { paths: [`/r${index}/items`], service: { name: `s${Math.floor(index / 10)}` } };
  await admin('PUT', `/routes/r${index}`, route);
}
await probe(2000);

const inForceMs: number[] = [];
const waitsAtRest: number[] = [];
const waitsMeanwhile: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  waitsAtRest.push(await probe(500));
  let writing = true;
  const writer = write(round).finally(() => {
    writing = false;
  });
  waitsMeanwhile.push(await probe(60_000, () => writing));
  await writer;
}
const worst = Math.max(...inForceMs);
const wait = median(waitsMeanwhile);
process.stdout.write(
  `${routes} routes: a write is in force after ${median(inForceMs).toFixed(1)} ms (longest of ${inForceMs.length}: ${worst.toFixed(1)}); ` +
    `longest wait of a request: ${wait.toFixed(1)} ms while writing, ${median(waitsAtRest).toFixed(1)} at rest; ` +
    `targets: ${inForceMsMax} and ${waitMsMax}\n`,
);
await gateway.child.stop();
await upstream.child.stop();
process.exit(worst <= inForceMsMax && wait <= waitMsMax ? 0 : 1);

/** Writes of several kinds, one after the other. */
async function write(round: number): Promise<void> {
  for (let step = 0; step < writesPerRound; step += 1) {
    const index = (round * 997 + step * 131) % routes;
    const began = performance.now();
    if (step % 4 === 0) await admin('PATCH', `/services/s${Math.floor(index / 10)}`, { retries: step });
    else if (step % 4 === 1) await admin('PUT', `/routes/new-${round}-${step}`, { paths: [`/new-${round}-${step}`] });
    else if (step % 4 === 2) await admin('PATCH', `/routes/r${index}`, { paths: [`/r${index}/changed-${round}`] });
    else await admin('POST', `/routes/r${index}/plugins`, { name: 'correlation-id' });
    inForceMs.push(performance.now() - began);
  }
}

/** Small requests one after the other, for so long and while `more` says so; the longest took so many milliseconds. */
async function probe(forMs: number, more: () => boolean = () => true): Promise<number> {
  let longest = 0;
  for (const end = performance.now() + forMs; performance.now() < end && more(); ) {
    const began = performance.now();
    await send(gateway.port, 'GET', '/r1/items');
    longest = Math.max(longest, performance.now() - began);
  }
  return longest;
}

function admin(method: string, path: string, body: unknown): Promise<void> {
  return send(gateway.adminPort, method, path, JSON.stringify(body));
}

function send(port: number, method: string, path: string, body?: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const sent = request({ host: '127.0.0.1', port, method, path, headers, agent }, (answer) => {
      answer.resume().once('end', () => {
        const { statusCode = 0 } = answer;
        if (statusCode < 300) resolve();
        else reject(new Error(`${method} ${path}: ${statusCode}`));
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
