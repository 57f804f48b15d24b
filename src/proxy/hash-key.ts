import { randomUUID } from 'node:crypto';
import { xxhash32 } from '../balancer/xxhash32.ts';
import type { BalancingPolicy, HashInput } from '../base/balancing.ts';
import { cookieValue } from '../base/cookies.ts';
import { limits } from '../base/limits.ts';
import type { RequestContext } from './request-context.ts';

/**
 * The hash by which consistent hashing chooses (proxying.md 6): of the first input that the request has, else of
 * nothing, which is one fixed place. A missing cookie is made up and sent back with the answer.
 */
export function balancingHash(context: RequestContext, policy: BalancingPolicy): number {
  const key = inputOf(context, policy.hashOn) || inputOf(context, policy.hashFallback) || '';
  return xxhash32(key.slice(0, limits.hashKeyCharsMax));
}

function inputOf(context: RequestContext, input: HashInput): string | undefined {
  const { request, identity, match } = context;
  switch (input.kind) {
    case 'none':
      return undefined;
    case 'consumer':
      return identity?.consumer?.id ?? identity?.credential?.id;
    case 'ip':
      return context.clientAddress;
    case 'path':
      return request.path;
    case 'header':
      return request.headers.all(input.name).join(',');
    case 'cookie':
      return cookieValue(request.headers.all('cookie'), input.name) || newCookie(context, input.name, input.path);
    case 'query_arg':
      return argumentOf(context.edited.queryReplaced ? context.edited.query : request.query, input.name);
    case 'uri_capture':
      return match?.captures?.named[input.name] ?? match?.captures?.groups[Number(input.name) - 1];
  }
}

/** Kong's spelling of the attributes, to the letter: clients of Kong may have been written against it. */
function newCookie(context: RequestContext, name: string, path: string): string {
  const value = randomUUID();
  context.edits.setResponseHeader('Set-Cookie', `${name}=${value}; Path=${path}; Same-Site=Lax; HttpOnly`);
  return value;
}

/** Every value of a query argument, sorted, so that their order does not move a client. */
function argumentOf(query: string | undefined, name: string): string | undefined {
  if (query === undefined || query === '') return undefined;
  const values: string[] = [];
  for (const pair of query.split('&', limits.queryArgumentsMax)) {
    const equals = pair.indexOf('=');
    if (equals === -1 || decoded(pair.slice(0, equals)) !== name) continue;
    values.push(decoded(pair.slice(equals + 1)));
  }
  return values.length === 0 ? undefined : values.sort().join(',');
}

/** Percent-escapes and `+` undone; what is no escape stays as it is. */
function decoded(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  return spaced.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    const bytes = Buffer.from(run.replaceAll('%', ''), 'hex');
    return bytes.toString('utf8');
  });
}
