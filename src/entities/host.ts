import { isIP } from 'node:net';

/** A host name or address without a port, as `services.host` takes it. */
export function hostFault(value: string): string | undefined {
  const { host, port } = splitPort(value);
  if (!isHost(host)) return `invalid value: ${value}`;
  return port === undefined ? undefined : 'must not have a port';
}

/** A host of a route: an optional port, at most one `*` as the whole leftmost or rightmost label. */
export function routeHostFault(value: string): string | undefined {
  const { host, port } = splitPort(value);
  const wildcards = host.split('*').length - 1;
  if (wildcards > 1) return 'invalid wildcard: must have at most one wildcard';
  if (wildcards === 1 && !/^\*\.|\.\*$/.test(host)) {
    return 'invalid wildcard: must be placed at leftmost or rightmost label';
  }
  const valid = isHost(host.replace('*', 'wildcard')) && (port === undefined || isPort(port));
  return valid ? undefined : `invalid value: ${value}`;
}

/** `upstreams.host_header`: a host, and a port after it if need be. */
export function hostWithPortFault(value: string): string | undefined {
  const { host, port } = splitPort(value);
  return isHost(host) && (port === undefined || isPort(port)) ? undefined : `invalid value: ${value}`;
}

/** The name of an upstream: a host name, neither an address nor with a port. */
export function upstreamNameFault(value: string): string | undefined {
  const { host, port } = splitPort(value);
  if (isAddress(host)) return `Invalid name ('${value}'); no ip addresses allowed`;
  if (!isHost(host)) return `Invalid name ('${value}'); must be a valid hostname`;
  return port === undefined ? undefined : `Invalid name ('${value}'); no port allowed`;
}

/** The port of a target that names none. */
const targetPortDefault = 8000;

/** A target: a host name or address, IPv6 in brackets where a port follows. */
export function targetFault(value: string): string | undefined {
  const { host, port } = splitPort(value);
  if (isHost(host) && (port === undefined || isPort(port))) return undefined;
  return `Invalid target ('${value}'); not a valid hostname or ip address`;
}

/** A valid target in the form it is kept in: always with a port, an IPv6 address in brackets and in its short form. */
export function targetText(value: string): string {
  const { host, port } = splitPort(value);
  const bare = host.startsWith('[') ? host.slice(1, -1) : host;
  const written = isIP(bare) === 6 ? new URL(`http://[${bare}]/`).hostname : host;
  return `${written}:${port === undefined ? targetPortDefault : Number(port)}`;
}

/** A TLS server name (RFC 6066 §3): a host name, no address, no port. */
export function serverNameFault(value: string): string | undefined {
  const { host, port } = splitPort(value);
  if (isAddress(host)) return 'must not be an IP';
  if (!isHost(host)) return `invalid value: ${value}`;
  return port === undefined ? undefined : 'must not have a port';
}

/** A server name in which one `*` may stand at an end. */
export function wildcardServerNameFault(value: string): string | undefined {
  const wildcards = value.split('*').length - 1;
  if (wildcards > 1) return 'only one wildcard must be specified';
  if (value === '*' || wildcards === 0) return value === '*' ? undefined : serverNameFault(value);
  if (!/^\*\.|\.\*$/.test(value)) return 'wildcard must be leftmost or rightmost character';
  return serverNameFault(value.replace('*', 'wildcard')) === undefined ? undefined : `invalid value: ${value}`;
}

/** Splits `host:port`; an IPv6 address carries a port only in brackets. */
function splitPort(value: string): { readonly host: string; readonly port: string | undefined } {
  if (value.startsWith('[')) {
    const end = value.indexOf(']');
    const rest = value.slice(end + 1);
    return {
      host: value.slice(0, end + 1),
      port: rest.startsWith(':') ? rest.slice(1) : rest === '' ? undefined : rest,
    };
  }
  const colons = value.split(':').length - 1;
  if (colons !== 1) return { host: value, port: undefined };
  const colon = value.indexOf(':');
  return { host: value.slice(0, colon), port: value.slice(colon + 1) };
}

function isHost(host: string): boolean {
  if (host.startsWith('[') && host.endsWith(']')) return isIP(host.slice(1, -1)) === 6;
  if (host.includes(':')) return isIP(host) === 6;
  // Underscores are not host names by RFC 1123, but container networks use them and Kong takes them.
  return (
    host.length <= 253 &&
    /^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$/.test(host)
  );
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65535;
}

function isAddress(host: string): boolean {
  return isIP(host.startsWith('[') ? host.slice(1, -1) : host) !== 0;
}
