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
