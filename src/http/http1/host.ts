/** Last good value: nearly every request of a connection names the same host. */
let lastSeen = '';
let lastHost = '';

const hostSyntax = /^(?:[A-Za-z0-9._~-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{0,5})?$/;

/**
 * Checks `uri-host [":" port]` (RFC 9110 §7.2) and returns it lower-cased, without an empty port.
 * Narrower than the grammar: no escapes and no sub-delimiters, since no resolvable name has them
 * and everything that reads the name after us may read them differently.
 *
 * @returns undefined when the value is not a host
 */
export function parseHost(value: string): string | undefined {
  if (value === lastSeen && lastSeen !== '') return lastHost;
  if (!hostSyntax.test(value)) return undefined;
  let host = value.toLowerCase();
  const colon = host.lastIndexOf(':');
  if (colon > host.lastIndexOf(']')) {
    if (colon === host.length - 1) host = host.slice(0, -1);
    else if (Number(host.slice(colon + 1)) > 65_535) return undefined;
  }
  lastSeen = value;
  lastHost = host;
  return host;
}
