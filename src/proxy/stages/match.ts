import { chainFor, globalChain } from '../../snapshot/plugin-chain.ts';
import { matchRoute } from '../../snapshot/router/match.ts';
import type { DataPlane } from '../data-plane.ts';
import { hostName, toldHost } from '../forwarded.ts';
import type { RequestContext } from '../request-context.ts';
import { answer, answerError } from './send.ts';

/** Finds route and plugin chain. False when the request was answered: no route, or the wrong protocol. */
export function match(plane: DataPlane, context: RequestContext): boolean {
  const { request } = context;
  const found = matchRoute(context.snapshot, {
    method: request.method,
    host: request.host,
    path: request.path,
    headers: request.headers,
    secure: request.connection.secure,
    serverName: request.connection.serverName,
  });
  if (found === undefined) {
    if (context.snapshot.globals.anyone.length > 0) context.chain = globalChain(context.snapshot);
    answerError(plane, context, 404, 'no Route matched with those values');
    return false;
  }
  context.match = found;
  context.chain = chainFor(context.snapshot, found.route);
  const { protocols } = found.route;
  // A route limited to http still serves https connections, as in Kong: only https is enforced.
  if (context.scheme === 'https' || protocols.http || !protocols.https) return true;
  answerHttpsRequired(plane, context, found.route.httpsRedirectStatus);
  return false;
}

const upgrade = ['Connection', 'Upgrade', 'Upgrade', 'TLS/1.2, HTTP/1.1'];

function answerHttpsRequired(plane: DataPlane, context: RequestContext, status: number): void {
  if (status === 426) {
    answerError(plane, context, 426, 'Please use HTTPS protocol', upgrade);
    return;
  }
  const { request } = context;
  const host = (context.trustedPeer ? toldHost(request.headers) : undefined) ?? request.host;
  const target = request.target.startsWith('/') ? request.target : '/';
  answer(plane, context, status, ['Location', `https://${hostName(host)}${target}`], '');
}
