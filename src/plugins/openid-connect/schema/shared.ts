import { headerNameFault } from '../../../pdk/index.ts';

/** Values and rules that several groups of fields share. */

export { headerName } from '../../../pdk/index.ts';

export const authMethods = [
  'password',
  'client_credentials',
  'authorization_code',
  'bearer',
  'introspection',
  'userinfo',
  'kong_oauth2',
  'refresh_token',
  'session',
] as const;

export const clientAuthMethods = [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
  'none',
] as const;

export const unsupportedClientAuth = {
  values: clientAuthMethods.filter((method) => method !== 'client_secret_basic' && method !== 'client_secret_post'),
} as const;

export const argumentLocations = ['header', 'query', 'body'] as const;
export const tokenLocations = ['header', 'cookie', 'query', 'body'] as const;

export const sameSite = ['Strict', 'Lax', 'None', 'Default'] as const;

export const sessionHeaders = [
  'id',
  'audience',
  'subject',
  'timeout',
  'idling-timeout',
  'rolling-timeout',
  'absolute-timeout',
] as const;

export const proofModes = ['off', 'strict', 'optional'] as const;

/** Kong's rule for cookie paths. */
export const cookiePath = {
  starts_with: '/',
  match_none: [{ pattern: '//', test: /\/\//, err: 'must not have empty segments' }],
} as const;

/** An address that the gateway calls: what a URL may hide from the reader of a configuration is refused. */
export const endpointUrl = { validate: urlFault } as const;

/** A place that browsers are sent to; a fragment is theirs to have. */
export const redirectUrl = { validate: redirectFault } as const;

/** A header field value. */
export const headerValue = { validate: headerValueFault } as const;

/** A header that receives a token: a name, or a name with a scheme as in `authorization:bearer`. */
export const tokenHeader = { validate: tokenHeaderFault } as const;

/** Seconds, zero included. */
export const seconds = { validate: negativeFault } as const;

/** Faults of a URL that the gateway calls: absolute, http or https, no user information, no fragment. */
export function urlFault(value: string): string | undefined {
  const url = parseUrl(value);
  if (url !== undefined && url.hash === '' && !value.includes('#')) return undefined;
  return 'expected an absolute http or https URL without user information or fragment';
}

function redirectFault(value: string): string | undefined {
  return parseUrl(value) === undefined ? 'expected an absolute http or https URL without user information' : undefined;
}

function parseUrl(value: string): URL | undefined {
  // The parser drops spaces and control characters silently; here they are mistakes.
  if (/[\u0000-\u0020\u007f\\]/.test(value) || !/^https?:\/\//i.test(value)) return undefined;
  const url = URL.parse(value);
  return url !== null && url.username === '' && url.password === '' ? url : undefined;
}

function headerValueFault(value: string): string | undefined {
  return /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value) ? undefined : 'must not hold control characters';
}

function tokenHeaderFault(value: string): string | undefined {
  const colon = value.indexOf(':');
  if (colon < 0) return headerNameFault(value);
  if (!/^[A-Za-z]+$/.test(value.slice(colon + 1))) return `invalid header '${value}': expected name or name:bearer`;
  return headerNameFault(value.slice(0, colon));
}

function negativeFault(value: number): string | undefined {
  return value >= 0 ? undefined : 'value should be 0 or greater';
}
