import { truncateSync } from 'node:fs';
import type { Child, Children } from './children.ts';
import { freePorts } from './children.ts';
import { writeManyRoutes, writeOrdinaryConfiguration } from './configuration.ts';
import { startGateway } from './gateway.ts';
import type { CorePlan } from './machine.ts';
import { startPeer, startUpstream } from './nginx.ts';
import { startOtherPeer } from './peers.ts';
import { type BenchProvider, startProvider } from './provider.ts';
import type { DriveFiles, ServerName } from './scenarios.ts';
import { writeCertificate } from './tls.ts';

/** A process under measurement. */
export interface Server {
  readonly port: number;
  /** The same over TLS. */
  readonly tlsPort: number;
  readonly processIds: readonly number[];
  readonly accessLog: string | undefined;
  readonly child: Child;
}

export interface Servers {
  readonly provider: BenchProvider;
  readonly files: DriveFiles;
  readonly running: ReadonlyMap<ServerName, Server>;
  readonly declarative: { readonly ordinary: string; readonly routes: string };
  stop(): Promise<void>;
}

export interface ServersInput {
  readonly children: Children;
  readonly folder: string;
  readonly plan: CorePlan;
  readonly names: ReadonlySet<ServerName>;
  /** Gateways run from sources under the profiler, which writes there. */
  readonly profileDir?: string;
}

/** Starts the upstream, the provider and the named servers. */
export async function startServers(input: ServersInput): Promise<Servers> {
  const { children, folder, plan, names } = input;
  const [upstreamPort = 0, peerPort = 0, peerTlsPort = 0] = await freePorts(3);
  const upstream = await startUpstream(children, folder, upstreamPort, plan.others);
  const tls = await writeCertificate(folder);
  const provider = await startProvider(folder);
  const ordinary = writeOrdinaryConfiguration(folder, upstreamPort, provider.issuer);
  const routes = writeManyRoutes(folder, upstreamPort);
  const running = new Map<ServerName, Server>();
  const stop = async () => {
    await Promise.all([...running.values()].map(({ child }) => child.stop()));
    await upstream.child.stop();
    await provider.stop();
  };
  const profile = input.profileDir === undefined ? {} : { profileDir: input.profileDir };
  const start = async (name: 'ordinary' | 'routes' | 'two-workers', declarative: string, workers: number) => {
    if (!names.has(name)) return;
    const cores = workers === 1 ? plan.measured : plan.measuredTwo;
    running.set(name, await startGateway(children, { name, folder, declarative, workers, cores, tls, ...profile }));
  };
  try {
    if (names.has('nginx'))
      running.set(
        'nginx',
        await startPeer({
          children,
          folder,
          port: peerPort,
          tlsPort: peerTlsPort,
          tls,
          upstreamPort,
          cores: plan.measured,
        }),
      );
    for (const name of ['haproxy', 'fastify'] as const) {
      if (!names.has(name)) continue;
      const { issuer } = provider;
      const peer = await startOtherPeer(name, { children, folder, upstreamPort, issuer, cores: plan.measured });
      // No scenario asks these for TLS.
      running.set(name, { ...peer, tlsPort: 0 });
    }
    await start('ordinary', ordinary, 1);
    await start('routes', routes.declarative, 1);
    await start('two-workers', ordinary, 2);
  } catch (error) {
    await stop();
    throw error;
  }
  const files = { ...provider.files, routePaths: routes.paths };
  return { provider, files, running, declarative: { ordinary, routes: routes.declarative }, stop };
}

/** Empties the access logs, which grow by several megabytes a second. Both servers append. */
export function emptyAccessLogs(servers: Servers): void {
  for (const { accessLog } of servers.running.values()) {
    if (accessLog !== undefined) truncateSync(accessLog);
  }
}
