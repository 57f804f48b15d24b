import { randomInt } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { askServer } from '../balancer/dns/ask-server.ts';
import type { RecordType } from '../balancer/dns/message.ts';
import { NameDirectory } from '../balancer/dns/name-directory.ts';
import { Resolver } from '../balancer/dns/resolver.ts';
import { parseHostsFile, parseResolvConf, parseServer } from '../balancer/dns/system-files.ts';
import { cheapRandom } from '../balancer/random.ts';
import { limits } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import { BalancerHub } from './balancer-hub.ts';
import { probe } from './probe.ts';

/** The settings `dns_*`. */
export interface DnsOptions {
  /** `ip` or `ip:port`; empty for those of resolv.conf. */
  readonly nameServers: readonly string[];
  readonly hostsFile: string;
  readonly order: readonly ('LAST' | RecordType)[];
  readonly validTtlSeconds: number | undefined;
  readonly staleTtlSeconds: number;
  readonly notFoundTtlSeconds: number;
  readonly errorTtlSeconds: number;
  readonly cacheEntriesMax: number;
}

export interface HubParts {
  readonly dns: DnsOptions;
  readonly log: Logger;
  /** Workers that run at one time. */
  readonly seats: number;
}

/** The hub of a node, with the machine's hosts file and name servers. */
export function createBalancerHub({ dns, log, seats }: HubParts): BalancerHub {
  const machine = parseResolvConf(textOf('/etc/resolv.conf'));
  const named = dns.nameServers.flatMap((text) => parseServer(text) ?? []);
  const askOptions = { timeoutMs: machine.timeoutMs, randomId: () => randomInt(0x10000) };
  const resolver = new Resolver({
    servers: named.length === 0 ? machine.servers : named.slice(0, limits.dnsServersMax),
    search: machine.search,
    ndots: machine.ndots,
    attempts: machine.attempts,
    order: dns.order,
    hosts: parseHostsFile(textOf(dns.hostsFile)),
    ask: (server, name, type) => askServer(server, name, type, askOptions),
    now: () => performance.now(),
  });
  return new BalancerHub({
    createNames: (onAnswer) =>
      new NameDirectory({
        resolve: (name) => resolver.resolve(name),
        lifetimes: {
          validSeconds: dns.validTtlSeconds,
          staleSeconds: dns.staleTtlSeconds,
          notFoundSeconds: dns.notFoundTtlSeconds,
          errorSeconds: dns.errorTtlSeconds,
        },
        entriesMax: dns.cacheEntriesMax,
        now: () => performance.now(),
        delay: (callback, delayMs) => {
          const timer = setTimeout(callback, delayMs);
          timer.unref();
          return () => clearTimeout(timer);
        },
        onAnswer,
      }),
    probe,
    log,
    seats,
    random: cheapRandom(randomInt(1, 0xffff_ffff)),
  });
}

/** A file that is not there, or too large to be one of these, says nothing. */
function textOf(path: string): string {
  try {
    return statSync(path).size > limits.dnsFileBytesMax ? '' : readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
