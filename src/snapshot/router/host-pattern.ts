/** A host and the port written behind it. */
export interface SplitHost {
  readonly name: string;
  /** As written; undefined when none is given. Ports are compared as text. */
  readonly port: string | undefined;
}

/** How a configured host is looked up. */
export interface HostPattern {
  readonly kind: 'plain' | 'suffix' | 'prefix';
  /** Lower case: the name, or what the host must end (`.a.com`) or begin (`a.`) with around the `*`. */
  readonly key: string;
  readonly port: string | undefined;
}

/** Splits `name:port`; an IPv6 address carries a port only in brackets, which stay with the name. */
export function splitHost(host: string): SplitHost {
  const colon = host.lastIndexOf(':');
  const bracket = host.lastIndexOf(']');
  if (colon === -1 || colon < bracket) return { name: host, port: undefined };
  if (bracket === -1 && host.indexOf(':') !== colon) return { name: host, port: undefined };
  const port = host.slice(colon + 1);
  return { name: host.slice(0, colon), port: port === '' ? undefined : port };
}

/** Reads one entry of a route's `hosts` (proxying.md 2). */
export function parseHostPattern(host: string): HostPattern {
  const split = splitHost(host.toLowerCase());
  const port = split.port === undefined ? undefined : String(Number(split.port));
  // A Host header writes an IPv6 address in brackets, a configuration may do without.
  const name = split.name.includes(':') && !split.name.startsWith('[') ? `[${split.name}]` : split.name;
  if (name.startsWith('*')) return { kind: 'suffix', key: name.slice(1), port };
  if (name.endsWith('*')) return { kind: 'prefix', key: name.slice(0, -1), port };
  return { kind: 'plain', key: name, port };
}
