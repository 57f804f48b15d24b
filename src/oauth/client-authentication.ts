import { formEncode } from './form.ts';

/** How a client proves itself to the provider; the ones that can be built here. */
export type ClientAuthMethod = 'client_secret_basic' | 'client_secret_post';

export interface ClientCredentials {
  readonly id: string;
  readonly secret: string;
}

/** What to add to a request to the provider. */
export interface ClientAuthEdits {
  readonly headers: readonly (readonly [string, string])[];
  readonly args: readonly (readonly [string, string])[];
}

/** The fields and arguments that authenticate this client (RFC 6749 section 2.3.1). */
export function authenticateClient(method: ClientAuthMethod, client: ClientCredentials): ClientAuthEdits {
  if (method === 'client_secret_post') {
    return {
      headers: [],
      args: [
        ['client_id', client.id],
        ['client_secret', client.secret],
      ],
    };
  }
  // Both parts are form-encoded first, so that a colon in the id cannot move the boundary.
  const pair = `${formEncode(client.id)}:${formEncode(client.secret)}`;
  return { headers: [['authorization', `Basic ${Buffer.from(pair, 'latin1').toString('base64')}`]], args: [] };
}

/**
 * The method for a client that has only a secret: the configured one where it can be used, else the
 * first usable one of the provider's metadata, else Basic (openid-connect.md (c)). A configured key or
 * certificate method is the plugin's own; a caller beside it is taken to be registered for Basic
 * unless the provider offers only the other.
 */
export function chooseMethod(
  configured: string | null | undefined,
  discoverySupported: readonly string[] | undefined,
): ClientAuthMethod {
  if (isBuilt(configured)) return configured;
  const usable = discoverySupported?.filter(isBuilt) ?? [];
  const isKeyMethod = configured !== undefined && configured !== null && configured !== 'none';
  if (isKeyMethod && usable.includes('client_secret_basic')) return 'client_secret_basic';
  return usable[0] ?? 'client_secret_basic';
}

function isBuilt(method: string | null | undefined): method is ClientAuthMethod {
  return method === 'client_secret_basic' || method === 'client_secret_post';
}
