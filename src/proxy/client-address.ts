import { BlockList, isIP } from 'node:net';
import type { ConnectionInfo, HeaderList } from '../http/index.ts';

/** Which peers are believed when they speak for a client (`trusted_ips`). */
export class TrustedPeers {
  readonly #list: BlockList | undefined;
  readonly #known = new WeakMap<ConnectionInfo, boolean>();

  constructor(cidrs: readonly string[]) {
    if (cidrs.length === 0) return;
    this.#list = new BlockList();
    for (const cidr of cidrs) {
      const [address = '', bits] = cidr.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      if (isIP(address) === 0) continue;
      if (bits === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(bits), family);
    }
  }

  /** Answered once per connection. */
  trusts(connection: ConnectionInfo): boolean {
    if (this.#list === undefined) return false;
    let known = this.#known.get(connection);
    if (known === undefined) {
      const address = plainAddress(connection.peerAddress);
      known = isIP(address) !== 0 && this.#list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
      this.#known.set(connection, known);
    }
    return known;
  }
}

/** IPv4 peers of a dual-stack listener appear as `::ffff:1.2.3.4`. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}

/** The client's address: X-Real-IP of a trusted peer, else the peer itself. */
export function clientAddressOf(connection: ConnectionInfo, headers: HeaderList, trusted: boolean): string {
  const peer = plainAddress(connection.peerAddress);
  if (!trusted) return peer;
  const told = headers.get('x-real-ip');
  return told !== undefined && isIP(told) !== 0 ? told : peer;
}

/** The scheme the client used: X-Forwarded-Proto of a trusted peer, else that of the connection. */
export function schemeOf(connection: ConnectionInfo, headers: HeaderList, trusted: boolean): 'http' | 'https' {
  if (trusted) {
    const told = headers.get('x-forwarded-proto')?.toLowerCase();
    if (told === 'http' || told === 'https') return told;
  }
  return connection.secure ? 'https' : 'http';
}
