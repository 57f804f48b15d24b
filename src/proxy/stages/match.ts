import { chainFor } from '../../snapshot/plugin-chain.ts';
import { matchRoute } from '../../snapshot/router/match.ts';
import type { DataPlane } from '../data-plane.ts';
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
    answerError(plane, context, 404, 'no Route matched with those values');
    return false;
  }
  context.match = found;
  context.chain = chainFor(context.snapshot, found.route);
  const { protocols } = found.route;
  if (context.scheme === 'http' && !protocols.http && protocols.https) {
    answerHttpsRequired(plane, context, found.route.httpsRedirectStatus);
    return false;
  }
  if (context.scheme === 'https' && !protocols.https && protocols.http) {
    // A route limited to http still serves https connections, as in Kong: only https is enforced.
    return true;
  }
  return true;
}

function answerHttpsRequired(plane: DataPlane, context: RequestContext, status: number): void {
  if (status === 426) {
    answerError(plane, context, 426, 'Please use HTTPS protocol', [
      'Connection',
      'Upgrade',
      'Upgrade',
      'TLS/1.2, HTTP/1.1',
    ]);
    return;
  }
  const told = context.trustedPeer ? context.request.headers.get('x-forwarded-host') : undefined;
  const host = (told ?? context.request.host).replace(/:\d+$/, '');
  answer(plane, context, status, ['Location', `https://${host}${context.request.target}`], '');
}
