import { isIP } from 'node:net';

/** True for addresses and names that can only mean this machine. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/**
 * True when a `Host` header names this machine or is an IP literal. A web page that points its own name at
 * 127.0.0.1 (DNS rebinding) sends that name, and is refused.
 */
export function isLocalHostHeader(host: string | undefined): boolean {
  if (host === undefined) return false;
  const url = URL.parse(`http://${host}/`);
  if (url === null || url.username !== '' || url.pathname !== '/') return false;
  const name = url.hostname.replace(/^\[|\]$/g, '');
  return isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost');
}

/** True when the request was not made by a web page, or by one of this very origin. */
export function isOwnOrigin(
  headers: { host?: string | undefined; origin?: string | undefined },
  fetchSite: unknown,
): boolean {
  if (headers.origin !== undefined && headers.origin !== `http://${headers.host}`) return false;
  return fetchSite === undefined || fetchSite === 'same-origin' || fetchSite === 'none';
}
