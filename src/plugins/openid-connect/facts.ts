import type { Location } from './relying-party.ts';
import type { VerifiedToken } from './verify/access-token.ts';

/** What a decision is about, kept by reference so that a record can be written out when somebody reads it. */
export interface Facts {
  readonly method: 'bearer' | 'client_credentials' | 'none';
  readonly location: Location | 'none';
  /** The caller's client id, for client credentials. */
  readonly clientId: string | undefined;
  readonly token: VerifiedToken | undefined;
  /** Why the anonymous consumer stands in. */
  readonly anonymousBecause: string | undefined;
  /** Consumer that was mapped. */
  readonly consumer: string | undefined;
  /** When the decision was made, epoch milliseconds. */
  readonly at: number;
}

export const noFacts: Facts = Object.freeze({
  method: 'none',
  location: 'none',
  clientId: undefined,
  token: undefined,
  anonymousBecause: undefined,
  consumer: undefined,
  at: 0,
});
