import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { isOn, type SettingsInput } from './input.ts';
import type { DnsRecordType, DnsSettings } from './settings.ts';
import { listOf } from './values.ts';

/** Name resolution, from the `dns_*` settings, or from the `resolver_*` ones when `new_dns_client` is on. */
export function dnsSettings(input: SettingsInput): DnsSettings {
  const isNew = isOn(input.text('new_dns_client'));
  const names = isNew ? newNames : oldNames;
  for (const ignored of Object.values(isNew ? oldNames : newNames)) {
    if (!input.given(ignored)) continue;
    input.warnings.push(`${ignored}: has no effect while new_dns_client is ${isNew ? 'on' : 'off'}`);
  }
  const { text } = input;
  const seconds = (name: string) => Number(text(name) ?? 0);
  const valid = text(names.validTtl);
  return {
    nameServers: nameServersOf(names.servers, input),
    hostsFile: resolve(input.cwd, text(names.hostsFile) ?? '/etc/hosts'),
    order: orderOf(names.order, input),
    validTtlSeconds: valid === undefined ? undefined : Number(valid),
    staleTtlSeconds: seconds(names.staleTtl),
    // The newer client keeps one time for both.
    notFoundTtlSeconds: seconds(isNew ? names.errorTtl : 'dns_not_found_ttl'),
    errorTtlSeconds: seconds(names.errorTtl),
    cacheEntriesMax: seconds(names.cacheSize),
  };
}

const oldNames = {
  servers: 'dns_resolver',
  hostsFile: 'dns_hostsfile',
  order: 'dns_order',
  validTtl: 'dns_valid_ttl',
  staleTtl: 'dns_stale_ttl',
  errorTtl: 'dns_error_ttl',
  cacheSize: 'dns_cache_size',
  notFoundTtl: 'dns_not_found_ttl',
};

const newNames = {
  servers: 'resolver_address',
  hostsFile: 'resolver_hosts_file',
  order: 'resolver_family',
  validTtl: 'resolver_valid_ttl',
  staleTtl: 'resolver_stale_ttl',
  errorTtl: 'resolver_error_ttl',
  cacheSize: 'resolver_lru_cache_size',
};

function nameServersOf(name: string, { text, faults }: SettingsInput): string[] {
  const servers = listOf(text(name) ?? '');
  for (const server of servers) {
    if (isNameServer(server)) continue;
    faults.push(
      `${name}: ${JSON.stringify(server)} is not accepted; accepted: IP addresses, with :port where it is not 53, separated by commas`,
    );
  }
  return servers;
}

function isNameServer(server: string): boolean {
  if (isIP(server) !== 0) return true;
  const [, six, four, port] = /^(?:\[([^\]]+)\]|([\d.]+))(?::(\d{1,5}))?$/.exec(server) ?? [];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return false;
  return six === undefined ? isIP(four ?? '') === 4 : isIP(six) === 6;
}

const recordTypes: ReadonlySet<string> = new Set<DnsRecordType>(['LAST', 'SRV', 'A', 'AAAA', 'CNAME']);

function orderOf(name: string, { text, faults }: SettingsInput): DnsRecordType[] {
  const words = listOf(text(name) ?? '').map((word) => word.toUpperCase());
  const known = words.filter((word): word is DnsRecordType => recordTypes.has(word));
  if (known.length < words.length || !known.some((word) => word !== 'LAST')) {
    faults.push(
      `${name}: ${JSON.stringify(words.join(','))} is not accepted; accepted: ${[...recordTypes].join(', ')}, separated by commas`,
    );
  }
  return [...new Set(known)];
}
