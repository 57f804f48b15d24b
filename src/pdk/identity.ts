import type { Consumer } from '../entities/index.ts';
import type { AccessContext } from './contexts.ts';

/** Who the caller is, as far as plugins have established it. */
export interface Identity {
  readonly consumer: Consumer | null;
  /** Identifies the credential for rate limits and ACLs; null for the anonymous consumer. */
  readonly credential: { readonly id: string } | null;
  readonly authenticatedGroups: readonly string[] | null;
  readonly anonymous: boolean;
}

/** Headers that tell the upstream who called. They are the gateway's own: client copies never get through. */
export const identityHeaders = [
  'x-consumer-id',
  'x-consumer-custom-id',
  'x-consumer-username',
  'x-consumer-groups',
  'x-credential-identifier',
  'x-anonymous-consumer',
  'x-authenticated-groups',
] as const;

/** Makes `identity` the request's identity and tells the upstream (proxying.md 8.1). */
export function establishIdentity(
  context: AccessContext,
  identity: Identity,
  pairs: readonly string[] = identityPairs(identity),
): void {
  context.identity = identity;
  context.edits.setIdentity(pairs);
}

/** What the upstream is told of an identity, as name, value …; worth keeping with an identity that is kept. */
export function identityPairs(identity: Identity): readonly string[] {
  const { consumer, credential, authenticatedGroups } = identity;
  const pairs: string[] = [];
  if (consumer !== null) {
    pairs.push('X-Consumer-ID', consumer.id);
    if (consumer.custom_id !== null) pairs.push('X-Consumer-Custom-ID', consumer.custom_id);
    if (consumer.username !== null) pairs.push('X-Consumer-Username', consumer.username);
  }
  if (identity.anonymous) pairs.push('X-Anonymous-Consumer', 'true');
  else if (credential !== null) pairs.push('X-Credential-Identifier', credential.id);
  if (authenticatedGroups !== null && authenticatedGroups.length > 0) {
    pairs.push('X-Authenticated-Groups', authenticatedGroups.join(', '));
  }
  return pairs;
}
