import type { AccessContext } from '../../pdk/index.ts';
import type { ClientToken } from './client-token.ts';
import type { ClientPair, KnownClient } from './credentials.ts';
import { digest } from './digest.ts';
import type { RelyingParty } from './relying-party.ts';

/** A caller whose Authorization header bought a token before, and that token. */
export interface RepeatedClient {
  readonly client: KnownClient;
  readonly entry: ClientToken;
}

/**
 * The usual case of a headless service: the same Authorization header again, nothing else that could hold
 * a credential, and nothing of the request that shapes its token. It is recognised by a digest over policy
 * and header as sent, so that neither is taken apart again and no secret is kept.
 */
export function repeatedClient(context: AccessContext, rp: RelyingParty): RepeatedClient | undefined {
  const authorization = soleCredential(context, rp);
  if (authorization === undefined) return undefined;
  const known = cacheOf(context).get(digest([rp.policy, authorization]));
  return known !== undefined && context.services.now() < known.entry.usableUntil ? known : undefined;
}

/** Keeps what the header of this request bought, if the header alone decided it. */
export function keepRepeatedClient(
  context: AccessContext,
  rp: RelyingParty,
  { kind, id, location, names }: ClientPair,
  entry: ClientToken,
): void {
  const authorization = soleCredential(context, rp);
  if (authorization === undefined) return;
  cacheOf(context).set(digest([rp.policy, authorization]), { client: { kind, id, location, names }, entry });
}

function soleCredential({ request }: AccessContext, rp: RelyingParty): string | undefined {
  return rp.basicDecides && request.query === undefined ? request.headers.get('authorization') : undefined;
}

function cacheOf({ services }: AccessContext) {
  return services.cache<RepeatedClient>('oidc.repeated-clients');
}
