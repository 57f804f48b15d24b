import { isIP } from 'node:net';
import { AddressCells, createAddressCells } from '../balancer/address-cells.ts';
import { isUsable } from '../balancer/address-pool.ts';
import type { Resolution } from '../balancer/dns/resolver.ts';
import { joinPort } from '../balancer/join-port.ts';
import { createPoolCells, PoolCells } from '../balancer/pool-cells.ts';
import type {
  AddressHealth,
  BalancePart,
  PublishedAddress,
  TargetHealth,
  TargetSpec,
  UpstreamHealth,
  UpstreamSpec,
  WeightSums,
} from '../base/balancing.ts';
import { limits } from '../base/limits.ts';

/** One address of a target, with the memory that all threads share. */
export interface HubAddress extends PublishedAddress {
  readonly targetId: string;
  readonly state: AddressCells;
}

export interface HubUpstreamOptions {
  readonly seats: number;
  /** Where the wheel starts. */
  readonly position: number;
  readonly nextKey: () => number;
  readonly lookUp: (name: string) => Resolution | undefined;
}

/** Main's view of one upstream: its targets, the addresses they stand for, and the health of those. */
export class HubUpstream {
  spec: UpstreamSpec;
  readonly targets = new Map<string, TargetSpec>();
  readonly #options: HubUpstreamOptions;
  readonly #cells: PoolCells;
  /** By target name, address and port: what stays the same in those is the same address. */
  #byIdentity = new Map<string, HubAddress>();
  #byKey = new Map<number, HubAddress>();
  #addresses: readonly HubAddress[] = [];
  /** What of the last part can change by itself. */
  #published = '';

  constructor(spec: UpstreamSpec, options: HubUpstreamOptions) {
    this.spec = spec;
    this.#options = options;
    this.#cells = new PoolCells(createPoolCells(options.position));
  }

  get addresses(): readonly HubAddress[] {
    return this.#addresses;
  }

  byKey(key: number): HubAddress | undefined {
    return this.#byKey.get(key);
  }

  /** Something can change the health of an address (proxying.md 6.1). */
  get checksOn(): boolean {
    const { active } = this.spec;
    return active.healthyIntervalMs > 0 || active.unhealthyIntervalMs > 0 || this.#passiveOn;
  }

  get #passiveOn(): boolean {
    const { unhealthy } = this.spec.passive;
    return unhealthy.httpFailures > 0 || unhealthy.tcpFailures > 0 || unhealthy.timeouts > 0;
  }

  /** Workers look at the health of this upstream's addresses again. */
  bump(): void {
    this.#cells.bump();
  }

  /**
   * Works the addresses out again after a change of targets, names or checks. What stays keeps its health. False when
   * workers would see no difference, unless the upstream itself changed.
   */
  rebuild(): boolean {
    const before = this.#byIdentity;
    this.#byIdentity = new Map();
    const targets = [...this.targets.values()].sort(byHost);
    for (const target of targets) {
      for (const found of this.#addressesOf(target)) {
        if (this.#byIdentity.size >= limits.balancerAddressesMax) break;
        const id = JSON.stringify([target.host, found.ip, found.port]);
        const known = before.get(id);
        const state = known?.state ?? new AddressCells(createAddressCells(this.#options.seats));
        const key = known?.key ?? this.#options.nextKey();
        this.#byIdentity.set(id, {
          ...found,
          key,
          hostname: target.host,
          targetId: target.id,
          state,
          cells: state.memory,
        });
      }
    }
    this.#addresses = [...this.#byIdentity.values()];
    this.#byKey = new Map(this.#addresses.map((address) => [address.key, address]));
    // Without checks nothing could ever bring an address back.
    if (!this.checksOn) for (const { state } of this.#addresses) state.set(true);
    this.bump();
    const { addresses, pending, nameFault } = this.part();
    const look = JSON.stringify([
      addresses.map(({ key, weight, srvName }) => [key, weight, srvName]),
      pending,
      nameFault,
    ]);
    const isSame = look === this.#published;
    this.#published = look;
    return !isSame;
  }

  part(): Extract<BalancePart, { kind: 'upstream' }> {
    const { id, name, policy, passive } = this.spec;
    const addresses = this.addresses
      .filter((address) => address.weight > 0)
      .map(({ key, ip, port, weight, hostname, srvName, cells }) => ({
        key,
        ip,
        port,
        weight,
        hostname,
        srvName,
        cells,
      }));
    return {
      kind: 'upstream',
      id,
      name,
      policy,
      passive: this.checksOn ? passive : undefined,
      addresses,
      cells: this.#cells.memory,
      pending: this.#named().some(({ host }) => this.#options.lookUp(host) === undefined),
      nameFault: addresses.length === 0 ? this.#nameFault() : undefined,
    };
  }

  health(): UpstreamHealth {
    const { id, name, policy } = this.spec;
    const targets = [...this.targets.values()].sort(byHost).map((target) => this.#targetHealth(target));
    const weight = sumsOf(targets.map((target) => target.weight));
    return {
      id,
      name,
      checksOn: this.checksOn,
      healthy: isUsable(weight.available, weight.total, policy.threshold),
      weight,
      targets,
    };
  }

  /** Sets addresses of a target by hand; undefined when the target has none such. */
  setHealth(targetId: string, address: string | undefined, healthy: boolean): readonly HubAddress[] | undefined {
    const chosen = this.addresses.filter(
      ({ targetId: of, ip, port }) => of === targetId && (address === undefined || address === joinPort(ip, port)),
    );
    if (chosen.length === 0) return undefined;
    const changed = chosen.filter(({ state }) => state.set(healthy));
    this.bump();
    return changed;
  }

  #named(): TargetSpec[] {
    return [...this.targets.values()].filter(({ host, weight }) => weight > 0 && isIP(host) === 0);
  }

  #nameFault() {
    for (const { host } of this.#named()) {
      const known = this.#options.lookUp(host);
      if (known !== undefined && known.kind !== 'found') return { fault: known.kind, name: host, detail: known.detail };
    }
    return undefined;
  }

  #addressesOf({ host, port, weight }: TargetSpec): Pick<HubAddress, 'ip' | 'port' | 'weight' | 'srvName'>[] {
    if (isIP(host) !== 0) return [{ ip: host, port, weight, srvName: undefined }];
    const known = this.#options.lookUp(host);
    if (known?.kind !== 'found') return [];
    return known.addresses.map((found) => ({
      ip: found.ip,
      port: found.port || port,
      // An SRV record brings a weight of its own; a target that is switched off stays so.
      weight: found.srvName === undefined || weight === 0 ? weight : found.weight,
      srvName: found.srvName,
    }));
  }

  #targetHealth(target: TargetSpec): TargetHealth {
    const { id, host, port } = target;
    const on = this.checksOn;
    const addresses = this.addresses
      .filter(({ targetId }) => targetId === id)
      .map(({ ip, port: at, weight, state }): AddressHealth => {
        const word = state.healthy ? 'HEALTHY' : 'UNHEALTHY';
        return { ip, port: at, weight, health: on ? word : 'HEALTHCHECKS_OFF' };
      });
    const weight = sumsOf(
      addresses.map((address) => {
        const available = address.health === 'UNHEALTHY' ? 0 : address.weight;
        return { total: address.weight, available, unavailable: address.weight - available };
      }),
    );
    return {
      id,
      host,
      port,
      dns: this.#describeName(host),
      nodeWeight: target.weight,
      weight,
      health: targetWord(addresses, on),
      addresses,
    };
  }

  #describeName(host: string): string {
    if (isIP(host) !== 0) return 'ip';
    const known = this.#options.lookUp(host);
    if (known === undefined) return 'not resolved yet';
    return known.kind === 'found' ? known.from : known.detail;
  }
}

function targetWord(addresses: readonly AddressHealth[], checksOn: boolean): TargetHealth['health'] {
  if (addresses.length === 0) return 'DNS_ERROR';
  if (!checksOn) return 'HEALTHCHECKS_OFF';
  return addresses.some(({ health }) => health === 'HEALTHY') ? 'HEALTHY' : 'UNHEALTHY';
}

function sumsOf(sums: readonly WeightSums[]): WeightSums {
  let [total, available, unavailable] = [0, 0, 0];
  for (const sum of sums) {
    total += sum.total;
    available += sum.available;
    unavailable += sum.unavailable;
  }
  return { total, available, unavailable };
}

/** The same order in every process, so that the rings and wheels of a node do not depend on history. */
function byHost(left: TargetSpec, right: TargetSpec): number {
  if (left.host !== right.host) return left.host < right.host ? -1 : 1;
  return left.port - right.port;
}
