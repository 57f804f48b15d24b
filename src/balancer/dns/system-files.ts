import { isIP } from 'node:net';
import { limits } from '../../base/limits.ts';
import type { DnsServer } from './ask-server.ts';

export interface HostsEntry {
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
}

/** Names of a hosts file, lower-cased; lines that are not right are left out. */
export function parseHostsFile(text: string): ReadonlyMap<string, HostsEntry> {
  const entries = new Map<string, { ipv4: string[]; ipv6: string[] }>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = withoutComment(line).split(/\s+/);
    const family = isIP(address);
    if (family === 0) continue;
    for (const name of names) {
      const lower = name.toLowerCase();
      let entry = entries.get(lower);
      if (entry === undefined) {
        entry = { ipv4: [], ipv6: [] };
        entries.set(lower, entry);
      }
      const list = family === 4 ? entry.ipv4 : entry.ipv6;
      if (!list.includes(address) && list.length < limits.dnsAddressesPerNameMax) list.push(address);
    }
  }
  return entries;
}

export interface ResolvConf {
  readonly servers: readonly DnsServer[];
  readonly search: readonly string[];
  readonly ndots: number;
  readonly timeoutMs: number;
  readonly attempts: number;
}

/** The parts of a resolv.conf that count here, with the usual defaults for what it leaves out. */
export function parseResolvConf(text: string): ResolvConf {
  const servers: DnsServer[] = [];
  let search: string[] = [];
  const options = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [keyword, ...values] = withoutComment(line).split(/\s+/);
    if (keyword === 'nameserver') {
      const host = (values[0] ?? '').replace(/%.*$/, '');
      if (isIP(host) !== 0) servers.push({ host, port: 53 });
    } else if (keyword === 'search' || keyword === 'domain') {
      // The last of them counts.
      search = values.map((domain) => domain.toLowerCase().replace(/\.$/, '')).filter((domain) => domain !== '');
    } else if (keyword === 'options') {
      for (const value of values) {
        const match = /^(ndots|timeout|attempts):(\d{1,3})$/.exec(value);
        if (match !== null) options.set(match[1] ?? '', Number(match[2]));
      }
    }
  }
  const timeoutSeconds = options.get('timeout');
  return {
    servers: (servers.length === 0 ? [{ host: '127.0.0.1', port: 53 }] : servers).slice(0, limits.dnsServersMax),
    search: search.slice(0, limits.dnsSearchMax),
    ndots: Math.min(15, options.get('ndots') ?? 1),
    timeoutMs: timeoutSeconds === undefined ? limits.dnsQueryMs : Math.min(30, Math.max(1, timeoutSeconds)) * 1000,
    attempts: Math.min(5, Math.max(1, options.get('attempts') ?? limits.dnsAttempts)),
  };
}

/** `ip`, `ip:port`, `[ipv6]` or `[ipv6]:port`; undefined for anything else. */
export function parseServer(text: string): DnsServer | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match === null ? text : (match[1] ?? match[2] ?? '');
  const port = match?.[3] === undefined ? 53 : Number(match[3]);
  return isIP(host) === 0 || port < 1 || port > 65_535 ? undefined : { host, port };
}

function withoutComment(line: string): string {
  return line.replace(/[#;].*$/, '').trim();
}
