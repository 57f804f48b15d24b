import type { AccessContext, RequestArguments } from '../../../pdk/index.ts';
import type { Found } from '../credentials.ts';
import type { Location, RelyingParty } from '../relying-party.ts';
import { findBearer, findBearerInBody } from './bearer.ts';
import { findClient, findClientInBody } from './client-credentials.ts';

/** One value of `config.auth_methods`. */
export interface AuthMethod {
  readonly name: string;
  readonly locations: (rp: RelyingParty) => ReadonlySet<Location>;
  /** Headers, cookie and query. */
  readonly find: (context: AccessContext, rp: RelyingParty, args: RequestArguments) => Found;
  readonly findInBody: (args: RequestArguments) => Found;
}

/** In the fixed order of precedence (openid-connect.md (a)); the first that finds a credential decides. */
export const authMethods: readonly AuthMethod[] = [
  {
    name: 'bearer',
    locations: (rp) => rp.bearer.locations,
    find: findBearer,
    findInBody: findBearerInBody,
  },
  {
    name: 'client_credentials',
    locations: (rp) => rp.clientCredentials.locations,
    find: findClient,
    findInBody: findClientInBody,
  },
];
