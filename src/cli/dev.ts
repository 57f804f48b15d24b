import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { EchoUpstream } from '../dev/echo.ts';
import type { LocalProvider } from '../dev/provider/start-provider.ts';
import { type Gateway, startGateway } from './gateway/gateway.ts';
import { portOption, readOptions, UsageError } from './options.ts';
import { settingsOrFaults } from './settings-or-faults.ts';
import { untilSignal } from './signals.ts';

const options = {
  'proxy-port': { type: 'string' },
  'admin-port': { type: 'string' },
  'provider-port': { type: 'string' },
  'echo-port': { type: 'string' },
  issuer: { type: 'string' },
  audience: { type: 'string' },
  reset: { type: 'boolean' },
  prefix: { type: 'string' },
  workers: { type: 'string' },
} as const;

interface DevPlan {
  readonly proxyPort: number;
  readonly adminPort: number;
  readonly providerPort: number;
  readonly echoPort: number;
  /** The user's own provider; undefined for the local one. */
  readonly issuer: string | undefined;
  readonly audience: string;
  readonly prefix: string;
  readonly workers: string;
}

/** `sallyport dev`: the whole guide on this machine. */
export async function dev(args: readonly string[]): Promise<number> {
  const given = readOptions(args, options);
  const plan = planOf(given);
  if (given.reset) forget(plan.prefix);
  const settings = settingsOrFaults({
    mode: 'dev',
    overrides: {
      proxy_listen: `127.0.0.1:${plan.proxyPort}`,
      admin_listen: `127.0.0.1:${plan.adminPort}`,
      prefix: plan.prefix,
      nginx_worker_processes: plan.workers,
      proxy_error_log: join(plan.prefix, 'logs', 'error.log'),
    },
  });
  if (settings === undefined) return 1;
  const signal = untilSignal();
  const parts: Parts = { provider: undefined, echo: undefined, gateway: undefined };
  try {
    await Promise.race([startParts(plan, settings, parts), signal]);
    if (parts.gateway === undefined) return 0;
    const ended: Promise<string | undefined>[] = [signal.then(() => undefined), parts.gateway.failed];
    if (parts.provider !== undefined) ended.push(parts.provider.exited.then(() => 'the local OpenID provider ended'));
    const reason = await Promise.race(ended);
    if (reason === undefined) return 0;
    process.stderr.write(`sallyport: ${reason}\n`);
    return 1;
  } finally {
    await parts.gateway?.stop();
    await Promise.all([parts.provider?.stop(), parts.echo?.stop()]);
  }
}

interface Parts {
  provider: LocalProvider | undefined;
  echo: EchoUpstream | undefined;
  gateway: Gateway | undefined;
}

async function startParts(plan: DevPlan, settings: Parameters<typeof startGateway>[0], parts: Parts): Promise<void> {
  const [{ startLocalProvider }, { startEcho }, { prepareGuide }, { guideSummary }] = await Promise.all([
    import('../dev/provider/start-provider.ts'),
    import('../dev/echo.ts'),
    import('../dev/guide.ts'),
    import('../dev/guide-summary.ts'),
  ]);
  // Everything starts side by side; what did start is stopped again when one of them cannot.
  const started = await Promise.allSettled([
    plan.issuer === undefined
      ? startLocalProvider({ stateDir: join(plan.prefix, 'provider'), port: plan.providerPort }).then((provider) => {
          parts.provider = provider;
        })
      : undefined,
    startEcho({ port: plan.echoPort }).then((echo) => {
      parts.echo = echo;
    }),
    startGateway(settings).then((gateway) => {
      parts.gateway = gateway;
    }),
  ]);
  for (const outcome of started) if (outcome.status === 'rejected') throw outcome.reason;
  const { provider, echo, gateway } = parts;
  const issuer = plan.issuer ?? provider?.issuer;
  if (issuer === undefined || echo === undefined || gateway === undefined) return;
  const adminUrl = urlOf(gateway.admin);
  await prepareGuide({ adminUrl, issuer, upstreamUrl: echo.url, audience: plan.audience });
  const lines = guideSummary({
    proxyUrl: urlOf(gateway.proxy),
    adminUrl,
    issuer,
    audience: plan.audience,
    echoUrl: echo.url,
    stateDir: plan.prefix,
    ...(provider === undefined ? {} : { client: provider.clients[0] }),
    color: process.stdout.isTTY === true && !process.env['NO_COLOR'],
  });
  process.stdout.write(`${lines.join('\n')}\n`);
}

function planOf(given: ReturnType<typeof readOptions<typeof options>>): DevPlan {
  if (given.issuer !== undefined && !/^https?:\/\/[^\s]+$/.test(given.issuer)) {
    throw new UsageError(`--issuer must be an http or https URL, not "${given.issuer}"`);
  }
  return {
    proxyPort: portOption('proxy-port', given['proxy-port'], 8000),
    adminPort: portOption('admin-port', given['admin-port'], 8001),
    providerPort: portOption('provider-port', given['provider-port'], 8090),
    echoPort: portOption('echo-port', given['echo-port'], 8091),
    issuer: given.issuer,
    audience: given.audience ?? 'https://example.com/',
    prefix: resolve(given.prefix ?? '.sallyport'),
    workers: given.workers ?? '1',
  };
}

/** What `dev` wrote, and only that: a state folder may have been pointed at something precious. */
const ownEntries = [
  'sallyport.db',
  'sallyport.db-wal',
  'sallyport.db-shm',
  'provider',
  'certificates',
  'logs',
  'node-id',
];

function forget(prefix: string): void {
  for (const entry of ownEntries) {
    const path = join(prefix, entry);
    if (existsSync(path)) rmSync(path, { recursive: true });
  }
}

function urlOf(listeners: Gateway['proxy']): string {
  const [first] = listeners;
  return first === undefined ? '' : `${first.ssl ? 'https' : 'http'}://localhost:${first.port}`;
}
