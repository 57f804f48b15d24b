/** A host and the port written behind it. */
export interface HostParts {
  readonly name: string;
  /** As written, without leading zeros' meaning: ports are compared as text. Undefined when none is given. */
  readonly port: string | undefined;
}

/** How a configured host is looked up. */
export interface HostPattern {
  readonly kind: 'plain' | 'suffix' | 'prefix';
  /** Lower case: the name, or what the host must end (`.a.com`) or begin (`a.`) with around the `*`. */
  readonly key: string;
  readonly port: string | undefined;
}

/** Splits `name:port`; brackets of an IPv6 address stay with the name. */
export function splitHost(host: string): HostParts {
  const colon = host.lastIndexOf(':');
  if (colon === -1 || host.charCodeAt(host.length - 1) === 0x5d) return { name: host, port: undefined };
  const port = host.slice(colon + 1);
  return { name: host.slice(0, colon), port: port === '' ? undefined : port };
}

/** Reads one entry of a route's `hosts` (proxying.md 2). */
export function parseHostPattern(host: string): HostPattern {
  const { name, port } = splitHost(host.toLowerCase());
  if (name.startsWith('*')) return { kind: 'suffix', key: name.slice(1), port };
  if (name.endsWith('*')) return { kind: 'prefix', key: name.slice(0, -1), port };
  return { kind: 'plain', key: name, port };
}
