import { isIP } from 'node:net';
import { limits } from '../../base/limits.ts';
import type { DnsServer, ServerAnswer } from './ask-server.ts';
import type { RecordType, ResourceRecord } from './message.ts';
import type { HostsEntry } from './system-files.ts';

/** One place a name stands for. */
export interface ResolvedAddress {
  readonly ip: string;
  /** Of an SRV record; undefined leaves the port to whoever asked. */
  readonly port: number | undefined;
  /** Of an SRV record, where 0 counts as 1; else 1. */
  readonly weight: number;
  readonly srvName: string | undefined;
}

export type Resolution =
  | {
      readonly kind: 'found';
      readonly addresses: readonly ResolvedAddress[];
      readonly ttlSeconds: number;
      /** Where it comes from: a record type, or the hosts file. */
      readonly from: 'A' | 'AAAA' | 'SRV' | 'hosts';
    }
  /** There is no such name, or nothing under it that could be connected to. */
  | { readonly kind: 'not_found'; readonly detail: string }
  | { readonly kind: 'error'; readonly detail: string };

export interface ResolverOptions {
  readonly servers: readonly DnsServer[];
  readonly search: readonly string[];
  readonly ndots: number;
  readonly attempts: number;
  /** Record types in the order they are tried; LAST is the one that succeeded the last time. */
  readonly order: readonly ('LAST' | RecordType)[];
  readonly hosts: ReadonlyMap<string, HostsEntry>;
  /** Asks one server once. */
  readonly ask: (server: DnsServer, name: string, type: RecordType) => Promise<ServerAnswer>;
  readonly now: () => number;
}

/** An answer of the hosts file stays as long as the process. */
const hostsTtlSeconds = limits.dnsTtlSecondsMax;

type Found = Extract<Resolution, { kind: 'found' }>;
type Records =
  | { readonly kind: 'records'; readonly records: readonly ResourceRecord[] }
  | { readonly kind: 'none'; readonly detail: string }
  | { readonly kind: 'error'; readonly detail: string };

/** Turns names into addresses by the rules of conf.md `dns_*`; remembers nothing but the type that worked. */
export class Resolver {
  readonly #options: ResolverOptions;
  readonly #lastTypes = new Map<string, RecordType>();

  constructor(options: ResolverOptions) {
    this.#options = options;
  }

  /** Never throws, and ends within `limits.dnsLookupMs` and the time of one more question. */
  async resolve(name: string): Promise<Resolution> {
    const lower = name.toLowerCase();
    const plain = lower.replace(/\.$/, '');
    const local = this.#fromHosts(plain);
    if (local !== undefined) return local;
    const giveUpAt = this.#options.now() + limits.dnsLookupMs;
    let failure: string | undefined;
    for (const candidate of this.#candidates(lower)) {
      for (const type of this.#types(plain)) {
        if (this.#options.now() >= giveUpAt) return { kind: 'error', detail: 'no answer in time' };
        const outcome = await this.#lookUp(candidate, type, giveUpAt, 0);
        if (outcome.kind === 'found') {
          this.#remember(plain, outcome.from === 'hosts' ? type : outcome.from);
          return outcome;
        }
        if (outcome.kind === 'error') failure ??= outcome.detail;
      }
    }
    if (failure !== undefined) return { kind: 'error', detail: failure };
    return { kind: 'not_found', detail: 'no such name, or no address under it' };
  }

  #fromHosts(name: string): Found | undefined {
    const entry = this.#options.hosts.get(name);
    const listed = entry === undefined ? [] : entry.ipv4.length > 0 ? entry.ipv4 : entry.ipv6;
    // RFC 6761 §6.3: these names are this machine, whatever a name server says.
    const isLoopback = name === 'localhost' || name.endsWith('.localhost');
    const addresses = listed.length === 0 && isLoopback ? ['127.0.0.1'] : listed;
    if (addresses.length === 0) return undefined;
    return {
      kind: 'found',
      addresses: addresses.map((ip) => ({ ip, port: undefined, weight: 1, srvName: undefined })),
      ttlSeconds: hostsTtlSeconds,
      from: 'hosts',
    };
  }

  /** The name with and without the search list, in the order that `ndots` asks for. */
  #candidates(name: string): string[] {
    if (name.endsWith('.')) return [name.slice(0, -1)];
    const searched = this.#options.search.map((domain) => `${name}.${domain}`);
    const dots = name.split('.').length - 1;
    return dots >= this.#options.ndots ? [name, ...searched] : [...searched, name];
  }

  #types(name: string): RecordType[] {
    const last = this.#lastTypes.get(name);
    const types = this.#options.order.flatMap((type) => (type === 'LAST' ? (last ?? []) : type));
    return [...new Set(types)];
  }

  #remember(name: string, type: RecordType): void {
    if (this.#lastTypes.size >= limits.balancerNamesPerWorkerMax) this.#lastTypes.clear();
    this.#lastTypes.set(name, type);
  }

  async #lookUp(name: string, type: RecordType, giveUpAt: number, depth: number): Promise<Resolution> {
    const read = await this.#ask(name, type, giveUpAt);
    if (read.kind === 'error') return { kind: 'error', detail: read.detail };
    if (read.kind === 'none') return { kind: 'not_found', detail: read.detail };
    const chain = followAliases(name, read.records);
    const own = read.records.filter((record) => record.name === chain.name);
    if (type === 'SRV') return this.#expand(own, chain.ttlSeconds, giveUpAt, depth);
    const addresses = own.flatMap((record) => (record.type === type && 'address' in record ? [record] : []));
    if (addresses.length > 0 && (type === 'A' || type === 'AAAA')) {
      return {
        kind: 'found',
        addresses: [...new Set(addresses.map((record) => record.address))]
          .slice(0, limits.dnsAddressesPerNameMax)
          .map((ip) => ({ ip, port: undefined, weight: 1, srvName: undefined })),
        ttlSeconds: Math.min(chain.ttlSeconds, ...addresses.map((record) => record.ttlSeconds)),
        from: type,
      };
    }
    // The server knows an alias only; the name behind it has to be asked for.
    if (type !== 'CNAME' || chain.name === name || depth >= limits.dnsAliasesMax) {
      return { kind: 'not_found', detail: `no ${type} record` };
    }
    const behind = await this.#addressOf(chain.name, giveUpAt, depth + 1);
    return behind.kind === 'found' ? { ...behind, ttlSeconds: Math.min(behind.ttlSeconds, chain.ttlSeconds) } : behind;
  }

  /** The SRV records of the lowest priority, each with every address of its target. */
  async #expand(
    records: readonly ResourceRecord[],
    ttlSeconds: number,
    giveUpAt: number,
    depth: number,
  ): Promise<Resolution> {
    const all = records.flatMap((record) => (record.type === 'SRV' && record.target !== '' ? [record] : []));
    const lowest = Math.min(...all.map((record) => record.priority));
    const used = all.filter((record) => record.priority === lowest).slice(0, limits.dnsAddressesPerNameMax);
    let ttl = ttlSeconds;
    let failure: Resolution | undefined;
    const addresses: ResolvedAddress[] = [];
    const targets = await Promise.all(used.map(({ target }) => this.#addressOf(target, giveUpAt, depth + 1)));
    for (const [index, { port, weight, target, ttlSeconds: own }] of used.entries()) {
      const resolved = targets[index];
      ttl = Math.min(ttl, own);
      if (resolved?.kind !== 'found') {
        failure ??= resolved;
        continue;
      }
      ttl = Math.min(ttl, resolved.ttlSeconds);
      for (const { ip } of resolved.addresses)
        addresses.push({ ip, port, weight: Math.max(1, weight), srvName: target });
    }
    if (addresses.length === 0) return failure ?? { kind: 'not_found', detail: 'no SRV record' };
    return {
      kind: 'found',
      addresses: addresses.slice(0, limits.dnsAddressesPerNameMax),
      ttlSeconds: ttl,
      from: 'SRV',
    };
  }

  /** Addresses of a name that a record named, so without the search list. */
  async #addressOf(name: string, giveUpAt: number, depth: number): Promise<Resolution> {
    if (isIP(name) !== 0) {
      const addresses = [{ ip: name, port: undefined, weight: 1, srvName: undefined }];
      return { kind: 'found', addresses, ttlSeconds: hostsTtlSeconds, from: 'A' };
    }
    const local = this.#fromHosts(name);
    if (local !== undefined) return local;
    if (depth > limits.dnsAliasesMax) return { kind: 'error', detail: 'too many aliases' };
    let failure: Resolution | undefined;
    for (const type of ['A', 'AAAA', 'CNAME'] as const) {
      if (type !== 'A' && !this.#options.order.includes(type)) continue;
      const outcome = await this.#lookUp(name, type, giveUpAt, depth);
      if (outcome.kind === 'found') return outcome;
      if (failure?.kind !== 'error') failure = outcome;
    }
    return failure ?? { kind: 'not_found', detail: 'no address' };
  }

  /** Asks server after server until one answers. */
  async #ask(name: string, type: RecordType, giveUpAt: number): Promise<Records> {
    const { servers, attempts, ask, now } = this.#options;
    let failure = 'no name server';
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      for (const server of servers) {
        if (now() >= giveUpAt) return { kind: 'error', detail: 'no answer in time' };
        const answer = await ask(server, name, type);
        if (answer.kind === 'failed') failure = answer.detail;
        else if (answer.code === 0) return { kind: 'records', records: answer.answers };
        else if (answer.code === 3) return { kind: 'none', detail: 'no such name' };
        else failure = serverFaults[answer.code] ?? `the server answered with code ${answer.code}`;
      }
    }
    return { kind: 'error', detail: failure };
  }
}

const serverFaults: Readonly<Record<number, string>> = { 1: 'format error', 2: 'server failure', 5: 'refused' };

/** The name at the end of the aliases in an answer, and the shortest TTL on the way. */
function followAliases(name: string, records: readonly ResourceRecord[]): { name: string; ttlSeconds: number } {
  let at = name.toLowerCase();
  let ttlSeconds: number = limits.dnsTtlSecondsMax;
  for (let step = 0; step < limits.dnsAliasesMax; step += 1) {
    const alias = records.find((record) => record.type === 'CNAME' && record.name === at);
    if (alias?.type !== 'CNAME') break;
    ttlSeconds = Math.min(ttlSeconds, alias.ttlSeconds);
    at = alias.target;
  }
  return { name: at, ttlSeconds };
}
