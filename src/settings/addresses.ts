import { isIP } from 'node:net';

/** Reads one address or network (`10.0.0.1`, `10.0.0.0/8`, `::/0`) into `address/length`; undefined when it is neither. */
export function parseNetwork(text: string): string | undefined {
  const slash = text.indexOf('/');
  const address = slash === -1 ? text : text.slice(0, slash);
  const family = isIP(address);
  if (family === 0 || address.includes('%')) return undefined;
  const bits = family === 4 ? 32 : 128;
  if (slash === -1) return `${address}/${bits}`;
  const length = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(length) || Number(length) > bits) return undefined;
  return `${address}/${Number(length)}`;
}
