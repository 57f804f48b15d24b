import { cookieValue } from '../../../base/cookies.ts';
import { parseAuthorization } from '../../../oauth/bearer-token.ts';
import type { AccessContext, Lookup, RequestArguments } from '../../../pdk/index.ts';
import { type Found, notFound } from '../credentials.ts';
import type { Location, RelyingParty } from '../relying-party.ts';

interface Candidate {
  readonly token: string;
  readonly location: Location;
  readonly name: string;
}

const tokenHeaders = ['access-token', 'x-access-token'] as const;

/** Looks for an access token in headers, cookie and query (RFC 6750 section 2; openid-connect.md (a)). */
export function findBearer(context: AccessContext, rp: RelyingParty, args: RequestArguments): Found {
  const { locations } = rp.bearer;
  const candidates: Candidate[] = [];
  if (locations.has('header')) {
    const bad = fromHeaders(context, rp, candidates);
    if (bad !== undefined) return bad;
  }
  if (locations.has('cookie')) fromCookie(context, rp.config.bearer_token_cookie_name ?? null, candidates);
  if (locations.has('query')) {
    const found = args.inQuery('access_token');
    if (found.kind === 'several') return conflict;
    if (found.kind === 'one') candidates.push({ token: found.value, location: 'query', name: 'access_token' });
  }
  return choose(candidates);
}

/** The same in a body that was read. */
export function findBearerInBody(args: RequestArguments): Found {
  const found: Lookup = args.inBody('access_token');
  if (found.kind === 'several') return conflict;
  if (found.kind === 'none') return notFound;
  return choose([{ token: found.value, location: 'body', name: 'access_token' }]);
}

const conflict: Found = { kind: 'conflict', what: 'two different access tokens' };

function fromHeaders(context: AccessContext, rp: RelyingParty, candidates: Candidate[]): Found | undefined {
  const { headers } = context.request;
  const only = rp.bearer.headerName;
  if (only !== null && only !== 'authorization') {
    const value = headers.get(only);
    if (value !== undefined && value !== '')
      candidates.push({ token: withoutScheme(value), location: 'header', name: only });
    return undefined;
  }
  const authorization = parseAuthorization(headers.get('authorization'));
  if (authorization.kind === 'bad') return { kind: 'bad', problem: authorization.problem, location: 'header' };
  // A DPoP token needs its proof checked; as a plain bearer token it is no credential here.
  if (authorization.kind === 'token' && authorization.scheme === 'bearer') {
    candidates.push({ token: authorization.token, location: 'header', name: 'authorization' });
  }
  if (only !== null) return undefined;
  for (const name of tokenHeaders) {
    const value = headers.get(name);
    if (value === undefined || value === '') continue;
    candidates.push({ token: withoutScheme(value), location: 'header', name });
  }
  return undefined;
}

function withoutScheme(value: string): string {
  return /^bearer[ \t]/i.test(value) ? value.slice(7).trim() : value;
}

function fromCookie(context: AccessContext, name: string | null, candidates: Candidate[]): void {
  if (name === null) return;
  const token = cookieValue(context.request.headers.all('cookie'), name);
  if (token !== undefined) candidates.push({ token, location: 'cookie', name });
}

/** The token's characters are looked at when it is verified first, not on every use. */
function choose(candidates: readonly Candidate[]): Found {
  const [first] = candidates;
  if (first === undefined) return notFound;
  for (const other of candidates) if (other.token !== first.token) return conflict;
  const { token, location, name } = first;
  return { kind: 'found', credential: { kind: 'bearer', token, location, name } };
}
