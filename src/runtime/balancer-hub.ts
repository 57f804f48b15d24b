import { isIP } from 'node:net';
import type { HealthEvent } from '../balancer/address-cells.ts';
import type { NameDirectory } from '../balancer/dns/name-directory.ts';
import { joinPort } from '../balancer/join-port.ts';
import { createPoolCells } from '../balancer/pool-cells.ts';
import type { BalancePart, BalancingChange, HealthQuestion, UpstreamHealth } from '../base/balancing.ts';
import { limits } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import type { MainToWorker, WorkerToMain } from '../threads/messages.ts';
import { ActiveProbes } from './active-probes.ts';
import { type HubAddress, HubUpstream } from './hub-upstream.ts';
import type { Probe } from './probe.ts';

type ToWorker = Extract<MainToWorker, { kind: 'balance' }>;
export type FromWorker = Extract<WorkerToMain, { kind: 'balanced' | 'name' | 'health_flip' }>;

export interface BalancerHubOptions {
  /** Makes the node's directory of names, which calls back whenever it has looked one up. */
  readonly createNames: (onAnswer: (name: string) => void) => NameDirectory;
  readonly probe: Probe;
  readonly log: Logger;
  /** Workers that run at one time. */
  readonly seats: number;
  /** Whole numbers from 0 to 2³² − 1. */
  readonly random: () => number;
}

interface Member {
  readonly post: (message: ToWorker) => void;
}

interface Publication {
  readonly waitingFor: Set<number>;
  settle(): void;
}

/** Parts in one message, so that none blocks a worker for long. */
const partsPerMessage = 200;

/**
 * The node's one truth about balancing: which addresses upstreams and names stand for, and how they are. Lives in the
 * main thread, tells every worker what changed, and never waits.
 */
export class BalancerHub {
  readonly #options: BalancerHubOptions;
  readonly #names: NameDirectory;
  readonly #probes: ActiveProbes;
  readonly #upstreams = new Map<string, HubUpstream>();
  /** Upstream of each target. */
  readonly #targets = new Map<string, string>();
  /** How many targets of which upstreams have a name, by name. */
  readonly #users = new Map<string, Map<string, number>>();
  /** Names that a change took from a target; another target may have them. */
  readonly #released = new Set<string>();
  readonly #nameCells = new Map<string, SharedArrayBuffer>();
  readonly #members = new Map<number, Member>();
  readonly #publications = new Map<number, Publication>();
  #nextPublication = 1;
  #nextKey = 1;
  #hasBase = false;

  constructor(options: BalancerHubOptions) {
    this.#options = options;
    this.#names = options.createNames((name) => this.#onName(name));
    this.#probes = new ActiveProbes({
      probe: options.probe,
      random: options.random,
      onEvent: (upstream, address, event, detail) => this.#onProbed(upstream, address, event, detail),
    });
  }

  /** Takes a change in; `done` is called once every worker has it in force, or was given up waiting for. */
  apply(change: BalancingChange, done: () => void): void {
    const touched = new Set<string>();
    const gone = change.base ? [...this.#upstreams.keys()] : change.upstreamsGone;
    // What the base still has is not gone, only written again.
    const kept = new Set(change.base ? change.upstreams.map(({ id }) => id) : []);
    const parts: BalancePart[] = [];
    if (change.base)
      for (const { id } of [...this.#upstreams.values()].flatMap(targetsOf)) this.#dropTarget(id, touched);
    for (const id of change.targetsGone) this.#dropTarget(id, touched);
    for (const id of gone) if (!kept.has(id) && this.#dropUpstream(id)) parts.push({ kind: 'upstream_gone', id });
    for (const spec of change.upstreams) {
      const known = this.#upstreams.get(spec.id);
      if (known !== undefined) known.spec = spec;
      else this.#upstreams.set(spec.id, this.#create(spec));
      touched.add(spec.id);
    }
    for (const target of change.targets) {
      this.#dropTarget(target.id, touched);
      const upstream = this.#upstreams.get(target.upstreamId);
      if (upstream === undefined || upstream.targets.size >= limits.balancerTargetsMax) continue;
      upstream.targets.set(target.id, target);
      this.#targets.set(target.id, target.upstreamId);
      this.#use(target.host, target.upstreamId);
      touched.add(target.upstreamId);
    }
    this.#forgetNames();
    for (const id of touched) {
      const upstream = this.#upstreams.get(id);
      if (upstream === undefined) continue;
      upstream.rebuild();
      this.#probes.set(upstream);
      parts.push(upstream.part());
    }
    if (change.base && !this.#hasBase) {
      this.#hasBase = true;
      for (const member of this.#members.keys()) this.#tellEverything(member);
      done();
    } else this.#publish(parts, done);
    for (const name of change.names.slice(0, limits.upstreamHostNamesMax)) if (isIP(name) === 0) this.#warm(name);
  }

  /** A worker was started in that seat: it gets everything, then every change, in order. */
  join(worker: number, post: (message: ToWorker) => void): void {
    this.#members.set(worker, { post });
    if (this.#hasBase) this.#tellEverything(worker);
  }

  /** A worker ended: what it had running runs no more. */
  leave(worker: number, seat: number): void {
    this.#members.delete(worker);
    for (const upstream of this.#upstreams.values()) for (const { state } of upstream.addresses) state.releaseAll(seat);
    for (const publication of this.#publications.values()) {
      if (publication.waitingFor.delete(worker) && publication.waitingFor.size === 0) publication.settle();
    }
  }

  receive(worker: number, message: FromWorker): void {
    switch (message.kind) {
      case 'balanced': {
        const publication = this.#publications.get(message.id);
        if (publication?.waitingFor.delete(worker) && publication.waitingFor.size === 0) publication.settle();
        return;
      }
      case 'name':
        this.#names.want(message.name);
        return;
      case 'health_flip': {
        const upstream = this.#upstreams.get(message.upstream);
        const address = upstream?.byKey(message.address);
        if (upstream !== undefined && address !== undefined) this.#tellFlip(upstream, address, 'traffic');
        return;
      }
    }
  }

  /** Answers the control thread: `UpstreamHealth | undefined`, `UpstreamHealth[]`, or `set`, `no_checker`, `unknown`. */
  answer(question: HealthQuestion): unknown {
    switch (question.kind) {
      case 'of':
        return this.#upstreams.get(question.upstreamId)?.health();
      case 'all':
        return this.health();
      case 'set':
        return this.#setHealth(question);
    }
  }

  health(): UpstreamHealth[] {
    return [...this.#upstreams.values()].map((upstream) => upstream.health());
  }

  close(): void {
    this.#probes.close();
    this.#names.close();
    for (const publication of this.#publications.values()) publication.settle();
  }

  #create(spec: BalancingChange['upstreams'][number]): HubUpstream {
    return new HubUpstream(spec, {
      seats: this.#options.seats,
      position: this.#options.random() & 0xffff,
      nextKey: () => this.#nextKey++,
      lookUp: (name) => this.#names.lookUp(name),
    });
  }

  #dropUpstream(id: string): boolean {
    const upstream = this.#upstreams.get(id);
    if (upstream === undefined) return false;
    for (const target of targetsOf(upstream)) this.#dropTarget(target.id, new Set());
    this.#probes.remove(id);
    return this.#upstreams.delete(id);
  }

  #dropTarget(id: string, touched: Set<string>): void {
    const upstreamId = this.#targets.get(id);
    const upstream = upstreamId === undefined ? undefined : this.#upstreams.get(upstreamId);
    const target = upstream?.targets.get(id);
    this.#targets.delete(id);
    if (upstreamId === undefined || target === undefined) return;
    upstream?.targets.delete(id);
    touched.add(upstreamId);
    const users = this.#users.get(target.host);
    if (users === undefined) return;
    const left = (users.get(upstreamId) ?? 0) - 1;
    if (left > 0) users.set(upstreamId, left);
    else users.delete(upstreamId);
    this.#released.add(target.host);
  }

  #use(host: string, upstreamId: string): void {
    if (isIP(host) !== 0) return;
    let users = this.#users.get(host);
    if (users === undefined) {
      users = new Map();
      this.#users.set(host, users);
      this.#names.watch(host);
    }
    users.set(upstreamId, (users.get(upstreamId) ?? 0) + 1);
  }

  /** Names that no target has any more are not kept fresh. */
  #forgetNames(): void {
    for (const host of this.#released) {
      if (this.#users.get(host)?.size !== 0) continue;
      this.#users.delete(host);
      this.#names.unwatch(host);
    }
    this.#released.clear();
  }

  #warm(name: string): void {
    if (this.#names.lookUp(name) === undefined && !this.#isUpstream(name)) this.#names.want(name);
  }

  #isUpstream(name: string): boolean {
    for (const { spec } of this.#upstreams.values()) if (spec.name === name) return true;
    return false;
  }

  #onName(name: string): void {
    const parts: BalancePart[] = [];
    for (const id of this.#users.get(name)?.keys() ?? []) {
      const upstream = this.#upstreams.get(id);
      if (upstream?.rebuild() === true) parts.push(upstream.part());
    }
    const part = this.#namePart(name);
    if (part !== undefined) parts.push(part);
    this.#publish(parts);
  }

  #namePart(name: string): BalancePart | undefined {
    const record = this.#names.recordOf(name);
    if (record === undefined) return undefined;
    let cells = this.#nameCells.get(name);
    if (cells === undefined) {
      if (this.#nameCells.size >= limits.balancerNamesPerWorkerMax) this.#nameCells.clear();
      cells = createPoolCells(this.#options.random() & 0xffff);
      this.#nameCells.set(name, cells);
    }
    return { kind: 'name', name, record, cells };
  }

  #tellEverything(worker: number): void {
    const parts: BalancePart[] = [...this.#upstreams.values()].map((upstream) => upstream.part());
    for (const name of this.#names.names()) {
      const part = this.#namePart(name);
      if (part !== undefined) parts.push(part);
    }
    const member = this.#members.get(worker);
    if (member !== undefined) this.#send(member, parts, 0);
  }

  #publish(parts: readonly BalancePart[], done: () => void = () => undefined): void {
    if (!this.#hasBase || this.#members.size === 0 || parts.length === 0) {
      done();
      return;
    }
    const id = this.#nextPublication++;
    const publication: Publication = {
      waitingFor: new Set(this.#members.keys()),
      settle: () => {
        clearTimeout(timer);
        this.#publications.delete(id);
        done();
      },
    };
    const timer = setTimeout(() => publication.settle(), limits.balancerAcknowledgeMs);
    this.#publications.set(id, publication);
    for (const member of this.#members.values()) this.#send(member, parts, id);
  }

  /** The last message of a run carries the id that is acknowledged. */
  #send(member: Member, parts: readonly BalancePart[], id: number): void {
    for (let start = 0; start === 0 || start < parts.length; start += partsPerMessage) {
      const last = start + partsPerMessage >= parts.length;
      member.post({ kind: 'balance', id, parts: parts.slice(start, start + partsPerMessage), last });
    }
  }

  #onProbed(upstream: HubUpstream, address: HubAddress, event: HealthEvent, detail: string): void {
    // It may have left while it was asked.
    if (upstream.byKey(address.key) === undefined) return;
    const { healthy, unhealthy } = upstream.spec.active;
    if (address.state.note(event, healthy, unhealthy) === undefined) return;
    upstream.bump();
    this.#tellFlip(upstream, address, `probe: ${detail}`);
  }

  #setHealth(question: Extract<HealthQuestion, { kind: 'set' }>): 'set' | 'no_checker' | 'unknown' {
    const upstream = this.#upstreams.get(question.upstreamId);
    if (upstream === undefined || !upstream.targets.has(question.targetId)) return 'unknown';
    if (!upstream.checksOn) return 'no_checker';
    const changed = upstream.setHealth(question.targetId, question.address, question.healthy);
    for (const address of changed ?? []) this.#tellFlip(upstream, address, 'set by hand');
    return changed === undefined ? 'unknown' : 'set';
  }

  #tellFlip(upstream: HubUpstream, { ip, port, hostname, state }: HubAddress, reason: string): void {
    const health = state.healthy ? 'HEALTHY' : 'UNHEALTHY';
    const about = { upstream: upstream.spec.name, target: hostname, address: joinPort(ip, port), health, reason };
    if (state.healthy) this.#options.log.info('balancer.address.flip', about);
    else this.#options.log.warn('balancer.address.flip', about);
  }
}

function targetsOf(upstream: HubUpstream) {
  return [...upstream.targets.values()];
}
