import { BlockList, isIP } from 'node:net';
import { limits } from '../base/limits.ts';
import type { ConnectionInfo, HeaderList } from '../http/index.ts';

export interface TrustOptions {
  /** Networks as `address/length`. */
  readonly trustedIps: readonly string[];
  /** Lower-case name of the header in which a trusted peer tells the client's address. */
  readonly realIpHeader: string;
  /** Trusted addresses in that header are skipped from the right. */
  readonly realIpRecursive: boolean;
}

/** Which peers are believed when they speak for a client (`trusted_ips`, `real_ip_*`), and what they say. */
export class TrustedPeers {
  readonly #list: BlockList | undefined;
  readonly #known = new WeakMap<ConnectionInfo, boolean>();
  readonly #header: string;
  readonly #recursive: boolean;

  constructor(options: TrustOptions) {
    this.#header = options.realIpHeader;
    this.#recursive = options.realIpRecursive;
    if (options.trustedIps.length === 0) return;
    this.#list = new BlockList();
    for (const cidr of options.trustedIps) {
      const [address = '', bits] = cidr.split('/');
      const family = familyOf(address);
      if (family === undefined) continue;
      if (bits === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(bits), family);
    }
  }

  /** Whether this peer is believed; worked out once per connection. */
  trusts(connection: ConnectionInfo): boolean {
    if (this.#list === undefined) return false;
    let known = this.#known.get(connection);
    if (known === undefined) {
      known = this.#trustsAddress(plainAddress(connection.peerAddress));
      this.#known.set(connection, known);
    }
    return known;
  }

  /**
   * The client's address as a trusted peer tells it: the last one of the header, with `real_ip_recursive` the last
   * that is not trusted itself. Whatever stands left of something that is no address is not looked at, and a peer
   * that tells nothing usable is the client.
   */
  addressOf(connection: ConnectionInfo, headers: HeaderList): string {
    let found = plainAddress(connection.peerAddress);
    const told = headers.all(this.#header).join(',');
    if (told === '') return found;
    let end = told.length;
    for (let hops = 0; hops < limits.forwardedHopsMax && end > 0; hops += 1) {
      const comma = told.lastIndexOf(',', end - 1);
      const address = addressIn(told.slice(comma + 1, end));
      if (address === undefined) return found;
      found = address;
      if (!this.#recursive || !this.#trustsAddress(address)) return found;
      end = comma;
    }
    return found;
  }

  #trustsAddress(address: string): boolean {
    const family = familyOf(address);
    return family !== undefined && this.#list?.check(address, family) === true;
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = address.includes('%') ? 0 : isIP(address);
  return version === 4 ? 'ipv4' : version === 6 ? 'ipv6' : undefined;
}

/** The address in an element such as `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`. */
function addressIn(element: string): string | undefined {
  const text = element.trim();
  const bracketed = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text)?.[1];
  const address = bracketed ?? (/^[\d.]+:\d{1,5}$/.test(text) ? text.slice(0, text.indexOf(':')) : text);
  if (bracketed !== undefined && !bracketed.includes(':')) return undefined;
  return familyOf(address) === undefined ? undefined : plainAddress(address.toLowerCase());
}

/** IPv4 peers of a dual-stack listener appear as `::ffff:1.2.3.4`. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/**
 * The scheme the client used: X-Forwarded-Proto of a trusted peer, else that of the connection. A list counts as
 * https only where every part of the way was.
 */
export function schemeOf(connection: ConnectionInfo, headers: HeaderList, trusted: boolean): 'http' | 'https' {
  const own = connection.secure ? 'https' : 'http';
  if (!trusted) return own;
  const told = headers.get('x-forwarded-proto');
  if (told === undefined) return own;
  if (told === 'https' && headers.count('x-forwarded-proto') === 1) return told;
  const parts = headers
    .all('x-forwarded-proto')
    .join(',')
    .split(',')
    .map((part) => part.trim().toLowerCase());
  if (parts.some((part) => part !== 'http' && part !== 'https')) return own;
  return parts.every((part) => part === 'https') ? 'https' : 'http';
}
