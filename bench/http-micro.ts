/**
 * CPU per proxied request of the HTTP layer alone: own server and forward in front of nginx (or of
 * a trivial upstream), driven by wrk. Prints microseconds of gateway CPU per request, and nginx
 * as a proxy in the same rounds for comparison.
 *
 *   bin/node bench/http-micro.ts [seconds] [rounds] [bodyBytes]
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { limits } from '../src/base/limits.ts';
import { appendParsed, createHttpServer, createUpstreamPools, emptyBlock, isHopByHop } from '../src/http/index.ts';
import type { ForwardPlan, HeaderBlock, HeaderList, ServerExchange } from '../src/http/types.ts';

const nginxPath = '/usr/sbin/nginx';
const wrkPath = '/usr/bin/wrk';
const upstreamPort = 18_781;
const nginxProxyPort = 18_782;
const gatewayPort = 18_783;

function copyEndToEnd(headers: HeaderList, skipHost: boolean): HeaderBlock {
  let block = emptyBlock;
  for (let i = 0; i < headers.length; i += 1) {
    const lower = headers.lowers[i] ?? '';
    if (isHopByHop(lower) || (skipHost && lower === 'host')) continue;
    block = appendParsed(block, headers, i);
  }
  return block;
}

/** The gateway process: the least a proxy does with this layer. */
async function runGateway(): Promise<void> {
  const pools = createUpstreamPools({ idleTimeoutMs: 60_000, poolSizeMax: 512, requestsPerConnectionMax: 1_000_000 });
  const endpoint = pools.endpoint({ host: '127.0.0.1', port: upstreamPort });
  const onHead: ForwardPlan['onHead'] = (head) => copyEndToEnd(head.headers, false);
  const onOutcome = (exchange: ServerExchange, kind: string): void => {
    if (kind === 'failed') exchange.respond({ status: 502, headers: emptyBlock, body: 'bad gateway' });
  };
  const server = createHttpServer({
    limits: { ...limits, requestsPerConnectionMax: 100_000_000 },
    onExchange(exchange) {
      const { request } = exchange;
      exchange.forward({
        endpoint,
        method: request.method,
        path: request.query === undefined ? request.path : `${request.path}?${request.query}`,
        headers: copyEndToEnd(request.headers, false),
        connectTimeoutMs: 60_000,
        writeTimeoutMs: 60_000,
        readTimeoutMs: 60_000,
        retries: 1,
        bodyBytesMax: 0,
        upgrade: undefined,
        retry: () => undefined,
        onTryEnded: () => undefined,
        onHead,
        onOutcome: (outcome) => onOutcome(exchange, outcome.kind),
      });
    },
    onRefused: ({ status }) => ({ status, headers: emptyBlock, body: 'refused' }),
  });
  await server.listen({ host: '127.0.0.1', port: gatewayPort, reusePort: false });
  process.on('message', () => process.send?.({ cpu: process.cpuUsage(), rss: process.memoryUsage.rss() }));
  process.on('SIGTERM', () => process.exit(0));
  process.send?.('ready');
}

function startNginx(folder: string, bodyBytes: number): ChildProcess {
  const configuration = `
daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 100000000;
  client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c;
  uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
  server { listen 127.0.0.1:${upstreamPort}; location / {
    set $k "${'x'.repeat(1024)}"; return 200 "${'x'.repeat(bodyBytes % 1024)}${'$k'.repeat(Math.floor(bodyBytes / 1024))}"; } }
}`;
  writeFileSync(join(folder, 'upstream.conf'), configuration);
  return spawn(nginxPath, ['-p', folder, '-c', join(folder, 'upstream.conf')], { stdio: 'inherit' });
}

function startNginxProxy(folder: string): ChildProcess {
  const configuration = `
daemon off; worker_processes 1; pid ${folder}/proxy.pid; error_log ${folder}/proxy-error.log;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 100000000;
  client_body_temp_path ${folder}/f; proxy_temp_path ${folder}/g; fastcgi_temp_path ${folder}/h;
  uwsgi_temp_path ${folder}/i; scgi_temp_path ${folder}/j;
  upstream u { server 127.0.0.1:${upstreamPort}; keepalive 512; keepalive_requests 100000000; }
  server { listen 127.0.0.1:${nginxProxyPort};
    location / { proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection ""; } }
}`;
  writeFileSync(join(folder, 'proxy.conf'), configuration);
  return spawn(nginxPath, ['-p', folder, '-c', join(folder, 'proxy.conf')], { stdio: 'inherit' });
}

/** User and system CPU of a process and its children in microseconds, from /proc (ticks of 10 ms). */
function cpuMicros(pidFile: string): number {
  const master = readFileSync(pidFile, 'utf8').trim();
  const children = readFileSync(`/proc/${master}/task/${master}/children`, 'utf8').trim().split(' ');
  let ticks = 0;
  for (const pid of [master, ...children]) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * 10_000;
}

async function load(port: number, seconds: number): Promise<number> {
  const run = promisify(execFile);
  const { stdout } = await run(wrkPath, ['-t1', '-c32', `-d${seconds}s`, `http://127.0.0.1:${port}/bench/path`]);
  if (/Non-2xx|Socket errors/.test(stdout)) console.log(stdout);
  return Number(/(\d+) requests in/.exec(stdout)?.[1] ?? 0);
}

async function main(): Promise<void> {
  if (!existsSync(nginxPath) || !existsSync(wrkPath)) throw new Error('nginx and wrk are needed');
  const seconds = Number(process.argv[2] ?? 3);
  const rounds = Number(process.argv[3] ?? 3);
  const bodyBytes = Number(process.argv[4] ?? 33);
  const folder = mkdtempSync(join(tmpdir(), 'http-micro-'));
  const children = [startNginx(folder, bodyBytes), startNginxProxy(folder)];
  const profile =
    process.env['CPU_PROF'] === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${process.env['CPU_PROF']}`];
  const gateway = spawn(process.execPath, [...profile, fileURLToPath(import.meta.url), '--gateway'], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  children.push(gateway);
  try {
    await new Promise((resolve) => gateway.once('message', resolve));
    const ask = (): Promise<{ cpu: NodeJS.CpuUsage; rss: number }> =>
      new Promise((resolve) => {
        gateway.once('message', (message) => resolve(message as { cpu: NodeJS.CpuUsage; rss: number }));
        gateway.send('cpu');
      });
    await load(gatewayPort, 2);
    for (let round = 1; round <= rounds; round += 1) {
      const nginxBefore = cpuMicros(join(folder, 'proxy.pid'));
      const nginxRequests = await load(nginxProxyPort, seconds);
      const nginx = (cpuMicros(join(folder, 'proxy.pid')) - nginxBefore) / nginxRequests;
      const before = await ask();
      const requests = await load(gatewayPort, seconds);
      const after = await ask();
      const used = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system;
      const own = used / requests;
      const share = (after.cpu.user - before.cpu.user) / used;
      console.log(
        `round ${round}: gateway ${own.toFixed(1)} us/request (${(share * 100).toFixed(0)}% user, ${Math.round(requests / seconds)}/s, ` +
          `${Math.round(after.rss / 1e6)} MB), nginx ${nginx.toFixed(1)}, ratio ${(own / nginx).toFixed(2)}`,
      );
    }
  } finally {
    const running = children.filter((child) => child.exitCode === null);
    const exits = running.map((child) => new Promise((resolve) => child.once('exit', resolve)));
    for (const child of running) child.kill('SIGTERM');
    await Promise.all(exits);
    rmSync(folder, { recursive: true, force: true });
  }
}

await (process.argv[2] === '--gateway' ? runGateway() : main());
