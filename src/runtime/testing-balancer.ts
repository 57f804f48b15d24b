import assert from 'node:assert/strict';
import { NameDirectory } from '../balancer/dns/name-directory.ts';
import type { Resolution } from '../balancer/dns/resolver.ts';
import { cheapRandom } from '../balancer/random.ts';
import type {
  ActiveChecks,
  BalancingChange,
  BalancingPolicy,
  PassiveChecks,
  TargetSpec,
  UpstreamHealth,
  UpstreamSpec,
} from '../base/balancing.ts';
import { silentLogger } from '../base/log.ts';
import { BalancerHub } from './balancer-hub.ts';
import type { ProbeResult } from './probe.ts';
import { type Destination, type PickedAddress, WorkerBalancer } from './worker-balancer.ts';

export const policy: BalancingPolicy = {
  algorithm: 'round-robin',
  hashOn: { kind: 'none' },
  hashFallback: { kind: 'none' },
  slots: 100,
  hostHeader: undefined,
  useSrvName: false,
  threshold: 0,
};
export const noFailures = { statuses: [500], httpFailures: 0, tcpFailures: 0, timeouts: 0 };
export const active: ActiveChecks = {
  type: 'http',
  path: '/',
  headers: [],
  timeoutMs: 1000,
  concurrency: 2,
  serverName: undefined,
  verify: true,
  healthy: { statuses: [200], successes: 0 },
  unhealthy: noFailures,
  healthyIntervalMs: 0,
  unhealthyIntervalMs: 0,
};
export const passive: PassiveChecks = { healthy: { statuses: [200], successes: 0 }, unhealthy: noFailures };
export const passiveOn: PassiveChecks = {
  ...passive,
  unhealthy: { ...noFailures, httpFailures: 2, tcpFailures: 1, timeouts: 1 },
};

/** An upstream `u1` named `ups`, without checks. */
export const upstream = (changed: Partial<UpstreamSpec> = {}): UpstreamSpec => ({
  id: 'u1',
  name: 'ups',
  policy,
  active,
  passive,
  ...changed,
});
/** A target of `u1`. */
export const target = (id: string, host: string, changed: Partial<TargetSpec> = {}): TargetSpec => ({
  id,
  upstreamId: 'u1',
  host,
  port: 80,
  weight: 100,
  ...changed,
});
/** A change with nothing in it but what is given. */
export const change = (changed: Partial<BalancingChange>): BalancingChange => ({
  base: false,
  upstreams: [],
  targets: [],
  upstreamsGone: [],
  targetsGone: [],
  names: [],
  ...changed,
});

/** After what waits for promises has run. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A hub with workers that are objects in this thread; messages pass at once, as they are. */
export function scene(workerCount = 1) {
  const answers = new Map<string, Resolution>();
  const asked: string[] = [];
  const probes = new Map<string, ProbeResult>();
  const probed: string[] = [];
  /** While `held`, probes wait for `release`. */
  const probing = { now: 0, held: false };
  let go: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    go = resolve;
  });
  const hub = new BalancerHub({
    createNames: (onAnswer) =>
      new NameDirectory({
        resolve: async (name) => {
          asked.push(name);
          return answers.get(name) ?? { kind: 'not_found', detail: 'no such name' };
        },
        lifetimes: { validSeconds: undefined, staleSeconds: 60, notFoundSeconds: 30, errorSeconds: 1 },
        entriesMax: 100,
        now: () => performance.now(),
        delay: () => () => undefined,
        onAnswer,
      }),
    probe: async (_, { ip }) => {
      probed.push(ip);
      probing.now += 1;
      if (probing.held) await released;
      probing.now -= 1;
      return probes.get(ip) ?? { kind: 'status', status: 200 };
    },
    log: silentLogger,
    seats: 4,
    random: cheapRandom(1),
  });
  const join = (worker: number, seat = worker) => {
    const balancer: WorkerBalancer = new WorkerBalancer({
      post: (message) => hub.receive(worker, message),
      seat,
      random: cheapRandom(worker + 1),
    });
    hub.join(worker, (message) => balancer.receive(message));
    return balancer;
  };
  const workers = Array.from({ length: workerCount }, (_, worker) => join(worker));
  return { hub, answers, asked, probes, probed, probing, release: () => go(), join, workers };
}

/** Where a request would go now, or why nowhere. */
export function ipOf(destination: Destination | undefined): string {
  const picked = destination?.pick(performance.now(), 0);
  if (picked === undefined || picked instanceof Promise) return 'waiting';
  return picked.kind === 'address' ? picked.ip : picked.message;
}

/** Everywhere that many requests go. */
export function manyIps(destination: Destination | undefined, count = 12): string[] {
  return [...new Set(Array.from({ length: count }, () => ipOf(destination)))].sort();
}

/** The address for a request that need not wait. */
export function pickedOf(destination: Destination): PickedAddress {
  const picked = destination.pick(performance.now(), 0);
  assert.ok(!(picked instanceof Promise) && picked.kind === 'address');
  return picked;
}

/** What the Admin API is told of `u1`. */
export function healthOf(hub: BalancerHub): UpstreamHealth {
  const health = hub.answer({ kind: 'of', upstreamId: 'u1' }) as UpstreamHealth | undefined;
  assert.ok(health !== undefined);
  return health;
}
