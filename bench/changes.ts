/**
 * Latency while configuration changes: p99 of the same load at rest and while the Admin API writes, in turn over
 * several rounds, and the median of their ratios; the target is at most 1.5.
 *
 *   bin/node bench/changes.ts [seconds of a window] [--sources]     (the compiled build unless --sources)
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Children, freePorts } from './children.ts';
import { startGateway } from './gateway.ts';
import { moveSelf, planCores } from './machine.ts';
import { startUpstream } from './nginx.ts';
import { median } from './rounds.ts';
import { runWrk } from './wrk.ts';

const seconds = Number(process.argv.find((argument) => /^\d+$/.test(argument)) ?? 5);
const rounds = seconds > 1 ? 5 : 1;
/** Few enough that the gateway is not saturated: a queue would hide what a change costs. */
const connections = 4;
const changeEveryMs = 50;
const ratioMax = 1.5;

const folder = mkdtempSync(join(tmpdir(), 'sallyport-changes-'));
const children = new Children();
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const plan = planCores();
moveSelf(plan.others);
const [upstreamPort = 0] = await freePorts(1);
const upstream = await startUpstream(children, folder, upstreamPort, plan.others);
const gateway = await startGateway(children, {
  name: 'changes',
  folder,
  declarative: undefined,
  workers: 1,
  cores: plan.all,
  sources: process.argv.includes('--sources'),
});

await admin('POST', '/services', { name: 'small', url: `http://127.0.0.1:${upstreamPort}/` });
await admin('POST', '/services/small/routes', { name: 'small', paths: ['/small'] });
for (let index = 0; index < 500; index += 1) {
  await admin('POST', '/services/small/routes', { name: `other-${index}`, paths: [`/other-${index}`] });
}
await load(Math.max(1, seconds / 2));
const ratios: number[] = [];
let changes = 0;
for (let round = 1; round <= rounds; round += 1) {
  const rest = await load(seconds);
  const changing = new AbortController();
  const writer = write(changing.signal);
  const busy = await load(seconds);
  changing.abort();
  await writer;
  ratios.push(busy / rest);
  process.stdout.write(`round ${round}: p99 ${micros(rest)} at rest, ${micros(busy)} while configuration changes\n`);
}
const ratio = median(ratios);
process.stdout.write(
  `p99 while configuration changes: ${ratio.toFixed(2)} × p99 at rest (${changes} changes); target: at most ${ratioMax}\n`,
);
await gateway.child.stop();
await upstream.child.stop();
process.exit(ratio <= ratioMax ? 0 : 1);

/** p99 of one window, in microseconds. */
async function load(windowSeconds: number): Promise<number> {
  const { port } = gateway;
  const whole = Math.ceil(windowSeconds);
  return (await runWrk({ port, path: '/small', drive: { kind: 'plain' }, seconds: whole, connections })).p99Micros;
}

/** One write after the other, each of another kind, until told to stop. */
async function write(stop: AbortSignal): Promise<void> {
  for (let step = 0; !stop.aborted; step += 1) {
    const name = `changing-${step % 50}`;
    if (step % 2 === 0) await admin('PUT', `/services/small/routes/${name}`, { paths: [`/${name}-${step}`] });
    else await admin('PATCH', `/routes/other-${step % 500}`, { tags: [`step-${step}`] });
    changes += 1;
    await new Promise((resolve) => setTimeout(resolve, changeEveryMs));
  }
}

function admin(method: string, path: string, body: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const sent = request({ host: '127.0.0.1', port: gateway.adminPort, method, path, headers }, (answer) => {
      answer.resume().once('end', () => {
        const { statusCode = 0 } = answer;
        if (statusCode < 300) resolve();
        else reject(new Error(`${method} ${path}: ${statusCode}`));
      });
    });
    sent.once('error', reject);
    sent.end(JSON.stringify(body));
  });
}

function micros(value: number): string {
  return `${(value / 1000).toFixed(2)} ms`;
}
