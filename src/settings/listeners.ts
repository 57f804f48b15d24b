import { isIP } from 'node:net';
import type { Listener } from './settings.ts';

export interface ParsedListeners {
  readonly listeners: Listener[];
  readonly faults: string[];
  readonly warnings: string[];
}

/** What a listener value may look like, for messages. */
export const listenerForm = 'ADDRESS:PORT with flags such as ssl and reuseport, several separated by commas, or off';

/**
 * Parses `ADDRESS:PORT [flag …]` entries separated by commas; `off` is an empty list. Flags that
 * would change what bytes mean on the port (`proxy_protocol`, `udp`) are faults as long as they are
 * not honoured; `http2` only costs speed, so it is a warning.
 */
export function parseListeners(text: string): ParsedListeners {
  const parsed: ParsedListeners = { listeners: [], faults: [], warnings: [] };
  if (text.trim().toLowerCase() === 'off') return parsed;
  for (const entry of text.split(',')) parseEntry(entry.trim().replace(/\s+/g, ' '), parsed);
  return parsed;
}

function parseEntry(entry: string, parsed: ParsedListeners): void {
  const [address = '', ...flags] = entry.split(' ');
  const place = parseAddress(address);
  if (place === undefined) {
    parsed.faults.push(`"${entry}" is not ${listenerForm}`);
    return;
  }
  let ssl = false;
  let reuseport = false;
  let backlog: number | undefined;
  let ipv6Only = place.host.includes(':');
  for (const flag of flags) {
    const [name, value] = splitFlag(flag);
    if (flag === 'ssl') ssl = true;
    else if (flag === 'reuseport') reuseport = true;
    else if (flag === 'http2') parsed.warnings.push(`"${entry}": HTTP/2 comes later, this port speaks HTTP/1.1`);
    else if (flag === 'deferred' || flag === 'bind') continue;
    else if (name === 'backlog' && /^[1-9]\d{0,6}$/.test(value)) backlog = Number(value);
    else if (name === 'ipv6only' && /^(on|off)$/.test(value)) ipv6Only = ipv6Only && value === 'on';
    else if (name === 'so_keepalive' && /^(on|off|\d*[smh]?:\d*[smh]?:\d*)$/.test(value)) continue;
    else if (flag === 'proxy_protocol' || flag === 'udp') {
      parsed.faults.push(`"${entry}": the flag ${flag} is not supported by this version`);
    } else {
      parsed.faults.push(
        `"${entry}": "${flag}" is not a flag; accepted are ssl, reuseport, backlog=N, deferred, bind, ipv6only=on|off, so_keepalive=on|off`,
      );
    }
  }
  parsed.listeners.push({ ...place, ssl, reuseport, backlog, ipv6Only, listener: entry });
}

function splitFlag(flag: string): [string, string] {
  const equals = flag.indexOf('=');
  return equals === -1 ? [flag, ''] : [flag.slice(0, equals), flag.slice(equals + 1)];
}

function parseAddress(address: string): { host: string; port: number } | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.%\w]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(address);
  if (match === null) return undefined;
  const port = Number(match[3]);
  if (port > 65_535) return undefined;
  if (match[1] !== undefined) return isIP(match[1]) === 6 ? { host: match[1], port } : undefined;
  const host = match[2] ?? '';
  // What consists of digits and dots is meant as an address, so a mistyped one is not a host name.
  if (/^[\d.]+$/.test(host)) return isIP(host) === 4 ? { host, port } : undefined;
  const isName = /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/.test(host);
  return isName && host.length <= 253 ? { host: host.toLowerCase(), port } : undefined;
}

/** Pairs of listeners, from whatever settings, that cannot both get their port; one sentence each. */
export function listenerClashes(groups: readonly { name: string; listeners: readonly Listener[] }[]): string[] {
  const all = groups.flatMap(({ name, listeners }) => listeners.map((listener) => ({ name, listener })));
  const clashes: string[] = [];
  for (const [index, left] of all.entries()) {
    for (const right of all.slice(index + 1)) {
      if (!collide(left.listener, right.listener)) continue;
      const places = left.name === right.name ? `${left.name} twice` : `${left.name} and ${right.name}`;
      clashes.push(
        `port ${left.listener.port} is taken by ${places} ("${left.listener.listener}", "${right.listener.listener}"); give each listener a port of its own`,
      );
    }
  }
  return clashes;
}

function collide(left: Listener, right: Listener): boolean {
  if (left.port !== right.port || left.port === 0) return false;
  if (left.host === right.host) return true;
  return covers(left, right) || covers(right, left);
}

function covers(wide: Listener, narrow: Listener): boolean {
  const narrowIsV6 = narrow.host.includes(':');
  if (wide.host === '0.0.0.0') return !narrowIsV6;
  if (wide.host === '::') return narrowIsV6 || !wide.ipv6Only;
  return false;
}
