import { isIP } from 'node:net';
import type {
  ActiveChecks,
  BalancingChange,
  HashInput,
  PassiveChecks,
  TargetSpec,
  UpstreamSpec,
} from '../../base/balancing.ts';
import type { ConfigChange, Target, Upstream } from '../../entities/index.ts';
import type { ControlToMain, MainToControl } from '../../threads/messages.ts';

/** Tells the main thread what changes of the configuration mean for balancing. */
export class BalancingFeed {
  readonly #post: (message: ControlToMain) => void;
  readonly #waiting = new Map<number, () => void>();
  #nextId = 1;

  constructor(post: (message: ControlToMain) => void) {
    this.#post = post;
  }

  /** The whole configuration, once, before any change. */
  base(everything: ConfigChange): void {
    const change = balancingChange(everything, true);
    if (change !== undefined) this.#post({ kind: 'balancing', id: this.#nextId++, change });
  }

  /** Sends before it returns; resolves when every worker has it in force. Most changes have nothing to tell. */
  publish(config: ConfigChange): Promise<void> {
    const change = balancingChange(config, false);
    if (change === undefined) return Promise.resolve();
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#post({ kind: 'balancing', id, change });
    });
  }

  receive(message: Extract<MainToControl, { kind: 'balanced' }>): void {
    const resolve = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    resolve?.();
  }
}

/** What a change means for balancing; undefined when that is nothing. */
export function balancingChange(config: ConfigChange, base: boolean): BalancingChange | undefined {
  const change = {
    base,
    upstreams: [] as UpstreamSpec[],
    targets: [] as TargetSpec[],
    upstreamsGone: config.deletes.flatMap(({ kind, id }) => (kind === 'upstreams' ? id : [])),
    targetsGone: config.deletes.flatMap(({ kind, id }) => (kind === 'targets' ? id : [])),
    names: [] as string[],
  };
  for (const upsert of config.upserts) {
    if (upsert.kind === 'upstreams') change.upstreams.push(upstreamSpec(upsert.entity));
    else if (upsert.kind === 'targets') change.targets.push(targetSpec(upsert.entity));
    else if (upsert.kind === 'services' && upsert.entity.enabled && isIP(upsert.entity.host) === 0) {
      change.names.push(upsert.entity.host);
    }
  }
  const { upstreams, targets, upstreamsGone, targetsGone, names } = change;
  const isEmpty = [upstreams, targets, upstreamsGone, targetsGone, names].every((list) => list.length === 0);
  return isEmpty && !base ? undefined : change;
}

function upstreamSpec(entity: Upstream): UpstreamSpec {
  const { active, passive, threshold } = entity.healthchecks;
  return {
    id: entity.id,
    name: entity.name,
    policy: {
      algorithm: entity.algorithm,
      hashOn: hashInput(entity, 'hash_on'),
      hashFallback: hashInput(entity, 'hash_fallback'),
      slots: entity.slots,
      hostHeader: entity.host_header ?? undefined,
      useSrvName: entity.use_srv_name,
      threshold: threshold ?? 0,
    },
    active: activeChecks(active),
    passive: passiveChecks(passive),
  };
}

function hashInput(entity: Upstream, which: 'hash_on' | 'hash_fallback'): HashInput {
  const kind = entity[which];
  switch (kind) {
    case 'none':
    case 'consumer':
    case 'ip':
    case 'path':
      return { kind };
    case 'cookie':
      return { kind, name: entity.hash_on_cookie ?? '', path: entity.hash_on_cookie_path };
    case 'header':
      return { kind, name: (entity[`${which}_header`] ?? '').toLowerCase() };
    case 'query_arg':
      return { kind, name: entity[`${which}_query_arg`] ?? '' };
    case 'uri_capture':
      return { kind, name: entity[`${which}_uri_capture`] ?? '' };
  }
}

function activeChecks(active: Upstream['healthchecks']['active']): ActiveChecks {
  const { healthy, unhealthy } = active;
  return {
    // Others are refused before they get here.
    type: active.type === 'tcp' || active.type === 'https' ? active.type : 'http',
    path: active.http_path,
    headers: Object.entries(active.headers ?? {}).flatMap(([name, values]) =>
      values.map((value) => [name, value] as const),
    ),
    timeoutMs: active.timeout * 1000,
    concurrency: active.concurrency,
    serverName: active.https_sni ?? undefined,
    verify: active.https_verify_certificate,
    healthy: { statuses: healthy.http_statuses, successes: healthy.successes },
    unhealthy: unhealthyRules(unhealthy),
    healthyIntervalMs: healthy.interval * 1000,
    unhealthyIntervalMs: unhealthy.interval * 1000,
  };
}

/** A check of type tcp looks at connections alone, so no status counts. */
function passiveChecks({ type, healthy, unhealthy }: Upstream['healthchecks']['passive']): PassiveChecks {
  const looksAtStatuses = type !== 'tcp';
  return {
    healthy: { statuses: looksAtStatuses ? healthy.http_statuses : [], successes: healthy.successes },
    unhealthy: { ...unhealthyRules(unhealthy), statuses: looksAtStatuses ? unhealthy.http_statuses : [] },
  };
}

function unhealthyRules(rules: {
  readonly http_statuses: readonly number[];
  readonly http_failures: number;
  readonly tcp_failures: number;
  readonly timeouts: number;
}) {
  return {
    statuses: rules.http_statuses,
    httpFailures: rules.http_failures,
    tcpFailures: rules.tcp_failures,
    timeouts: rules.timeouts,
  };
}

/** `target` is kept as `host:port`, an IPv6 address in brackets. */
function targetSpec({ id, upstream, target, weight }: Target): TargetSpec {
  const colon = target.lastIndexOf(':');
  return {
    id,
    upstreamId: upstream.id,
    host: target.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(target.slice(colon + 1)),
    weight,
  };
}
