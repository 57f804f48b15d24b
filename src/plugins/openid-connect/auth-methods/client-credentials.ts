import { parseBasic } from '../../../oauth/basic-credentials.ts';
import type { AccessContext, Lookup, RequestArguments } from '../../../pdk/index.ts';
import { type ClientPair, type Found, notFound } from '../credentials.ts';
import type { Location, RelyingParty } from '../relying-party.ts';

const authorizationNames: ReadonlySet<string> = new Set(['authorization']);
const argumentNames: ReadonlySet<string> = new Set(['client_id', 'client_secret']);

/** Looks for a caller's client id and secret in Basic and query. */
export function findClient(context: AccessContext, rp: RelyingParty, args: RequestArguments): Found {
  const { locations } = rp.clientCredentials;
  let header: ClientPair | undefined;
  if (locations.has('header')) {
    const basic = parseBasic(context.request.headers.get('authorization'));
    if (basic.kind === 'bad') return { kind: 'bad', problem: basic.problem, location: 'header' };
    if (basic.kind === 'basic') {
      header = { kind: 'client', id: basic.id, secret: basic.secret, location: 'header', names: authorizationNames };
    }
  }
  if (!locations.has('query')) return header === undefined ? notFound : { kind: 'found', credential: header };
  const query = pairFrom('query', args.inQuery('client_id'), args.inQuery('client_secret'));
  if (header === undefined || query.kind !== 'found') {
    return header === undefined || query.kind === 'conflict' ? query : { kind: 'found', credential: header };
  }
  const other = query.credential;
  if (other.kind === 'client' && other.id === header.id && other.secret === header.secret) {
    // The same pair twice is one credential; both places are hidden.
    const names = new Set([...authorizationNames, ...argumentNames]);
    return { kind: 'found', credential: { ...header, names } };
  }
  return conflict;
}

/** The same in a body that was read. */
export function findClientInBody(args: RequestArguments): Found {
  return pairFrom('body', args.inBody('client_id'), args.inBody('client_secret'));
}

const conflict: Found = { kind: 'conflict', what: 'two different client credentials' };

function pairFrom(location: Location, id: Lookup, secret: Lookup): Found {
  if (id.kind === 'several' || secret.kind === 'several') return conflict;
  if (id.kind === 'none' || secret.kind === 'none') return notFound;
  return {
    kind: 'found',
    credential: { kind: 'client', id: id.value, secret: secret.value, location, names: argumentNames },
  };
}
