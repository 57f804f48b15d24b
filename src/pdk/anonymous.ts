import type { Consumer } from '../entities/index.ts';
import type { AccessContext, ConsumerDirectory } from './contexts.ts';
import type { CheckSpec } from './decision.ts';
import { establishIdentity } from './identity.ts';

/*
 * Several authentication plugins on one request (proxying.md 11.4). Those without `anonymous` must all pass, and the
 * last one says who the caller is. Those with it are alternatives: the first that recognises the caller is
 * enough, and where none does, the anonymous consumer stands in.
 */

/** True when this plugin is an alternative and another one has recognised the caller already: nothing is left to do. */
export function isAlreadyRecognised(context: AccessContext, anonymous: string | null | undefined): boolean {
  if (anonymous === null || anonymous === undefined) return false;
  return context.identity !== null && !context.identity.anonymous;
}

/** The consumer that `config.anonymous` names, by id or username; undefined when there is none. */
export function anonymousConsumer(consumers: ConsumerDirectory, name: string): Consumer | undefined {
  return consumers.byId(name) ?? consumers.byUsername(name);
}

/**
 * Makes the anonymous consumer the caller, without a credential, and tells the upstream. Undefined, and nothing is
 * changed, when that consumer does not exist: the request then ends with `unknownAnonymous`.
 */
export function letAnonymousIn(context: AccessContext, name: string): Consumer | undefined {
  const consumer = anonymousConsumer(context.services.consumers, name);
  if (consumer === undefined) return undefined;
  establishIdentity(context, { consumer, credential: null, authenticatedGroups: null, anonymous: true });
  return consumer;
}

/** The check that every authentication plugin with `config.anonymous` makes. */
export const anonymousCheck: Omit<CheckSpec, 'name'> = {
  about: 'The anonymous consumer exists.',
  field: 'config.anonymous',
};

/** The refusal of a request for whose caller a consumer that does not exist should stand in. */
export function unknownAnonymous(name: string) {
  return {
    status: 500,
    text: 'anonymous consumer was not found',
    seen: 'none',
    expected: name,
    hint: 'Create this consumer (POST /consumers), or correct config.anonymous.',
  } as const;
}
