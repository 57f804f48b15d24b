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
export function establishIdentity(context: AccessContext, identity: Identity): void {
  context.identity = identity;
  const { consumer, credential, authenticatedGroups } = identity;
  const edits = context.edits;
  if (consumer !== null) {
    edits.setHeader('X-Consumer-ID', consumer.id);
    if (consumer.custom_id !== null) edits.setHeader('X-Consumer-Custom-ID', consumer.custom_id);
    if (consumer.username !== null) edits.setHeader('X-Consumer-Username', consumer.username);
  }
  if (identity.anonymous) edits.setHeader('X-Anonymous-Consumer', 'true');
  else if (credential !== null) edits.setHeader('X-Credential-Identifier', credential.id);
  if (authenticatedGroups !== null && authenticatedGroups.length > 0) {
    edits.setHeader('X-Authenticated-Groups', authenticatedGroups.join(', '));
  }
}
