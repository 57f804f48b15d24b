import type { IncomingHttpHeaders } from 'node:http';
import { limits } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import { type AdminAnswer, type AdminRequest, message } from './answer.ts';
import { decodeBody, noBody } from './decode-body.ts';
import { methodNotAllowed, notFound, unexpected } from './errors.ts';
import { type FormPairs, parseFormPairs, percentDecode } from './form-pairs.ts';
import type { GuardedRequest, GuardVerdict } from './guard.ts';
import { Query } from './query.ts';
import { type AdminMethod, allowedMethods, pathSegments, type RouteMatch, type Router } from './router.ts';

/** The head of a request as the listener read it. */
export interface RawRequest extends GuardedRequest {
  /** The request target as sent. */
  readonly target: string;
  /** Reads the whole body; undefined when it is larger than the listener takes. */
  readBody(): Promise<Uint8Array | undefined>;
}

export interface DispatchParts {
  readonly router: Router;
  /** Path prefixes under which the same API answers, besides none. */
  readonly prefixes: readonly string[];
  readonly guard: (request: GuardedRequest) => GuardVerdict;
  /** Largest body; `limits.adminBodyBytesMax` unless given. */
  readonly bodyBytesMax?: number | undefined;
  readonly log: Logger;
}

export type Dispatch = (request: RawRequest) => Promise<AdminAnswer>;

/**
 * From a request's head to its answer: guard, target, route, body, handler. A fault of ours is a 500 and a line in
 * the log; it rejects only with what `readBody` rejects with, when the client is gone.
 */
export function createDispatch(parts: DispatchParts): Dispatch {
  return async (request) => {
    const verdict = parts.guard(request);
    if (verdict.kind === 'refused') return verdict.answer;
    const target = parseTarget(request.target, parts.prefixes);
    if (target.kind === 'refused') return withCors(target.answer, verdict.origin);
    const found = parts.router.match(target.segments);
    if (found === undefined) return withCors(notFound, verdict.origin);
    const answer = await answerRoute(parts, request, target, found);
    return withCors(answer, verdict.origin);
  };
}

interface Target {
  readonly kind: 'target';
  readonly prefix: string;
  readonly path: string;
  readonly segments: readonly string[];
  readonly query: Query;
}

async function answerRoute(
  parts: DispatchParts,
  request: RawRequest,
  target: Target,
  { route, params }: RouteMatch,
): Promise<AdminAnswer> {
  const { method } = request;
  if (method === 'OPTIONS') return optionsAnswer(allowedMethods(route), request.headers);
  const handler = route.methods[method === 'HEAD' ? 'GET' : (method as AdminMethod)];
  if (handler === undefined) return { ...methodNotAllowed, headers: { Allow: allowedMethods(route) } };
  let body = noBody;
  if (route.ignoresBody !== true && (method === 'POST' || method === 'PUT' || method === 'PATCH')) {
    const bytes = await request.readBody();
    if (bytes === undefined) {
      return message(413, `the body is larger than ${parts.bodyBytesMax ?? limits.adminBodyBytesMax} bytes`);
    }
    const decoded = decodeBody(request.headers['content-type'], bytes);
    if (decoded.kind === 'refused') return decoded.answer;
    body = decoded.body;
  }
  const { prefix, path, query } = target;
  const read: AdminRequest = { method, prefix, path, params, query, body };
  try {
    return await handler(read);
  } catch (error) {
    // The path pattern, not the path: the log needs no client text to find the fault.
    parts.log.error('admin.request.failed', { method, route: route.path, error });
    return unexpected;
  }
}

function optionsAnswer(allow: string, headers: IncomingHttpHeaders): AdminAnswer {
  return {
    status: 204,
    headers: {
      Allow: allow,
      'Access-Control-Allow-Methods': allow,
      'Access-Control-Allow-Headers': headers['access-control-request-headers'] ?? 'Content-Type',
    },
  };
}

/** Only a page whose origin the guard has admitted may read the answer. */
function withCors(answer: AdminAnswer, origin: string | undefined): AdminAnswer {
  const admitted =
    origin === undefined ? {} : { 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true' };
  return { ...answer, headers: { ...answer.headers, ...admitted, Vary: 'Origin' } };
}

type ParsedTarget = Target | { readonly kind: 'refused'; readonly answer: AdminAnswer };

function parseTarget(target: string, prefixes: readonly string[]): ParsedTarget {
  const mark = target.indexOf('?');
  const whole = mark < 0 ? target : target.slice(0, mark);
  // Absolute and asterisk forms (RFC 9112 §3.2) have no use here, and the former brings a second host name.
  if (!whole.startsWith('/')) return refuse(message(400, 'the request target must be a path'));
  const pairs = mark < 0 ? noPairs : parseFormPairs(target.slice(mark + 1), limits.adminArgumentsMax);
  if (pairs.kind === 'too_many') return refuse(message(400, 'Too many arguments'));
  if (pairs.kind === 'malformed') return refuse(message(400, 'the query is not valid UTF-8'));
  const prefix = prefixes.find((one) => whole === one || whole.startsWith(`${one}/`)) ?? '';
  const path = whole.slice(prefix.length) || '/';
  if (path.includes('//')) return refuse(notFound);
  const segments: string[] = [];
  for (const segment of pathSegments(path)) {
    const decoded = percentDecode(segment);
    if (decoded === undefined) return refuse(message(400, 'the path is not valid UTF-8'));
    segments.push(decoded);
  }
  const query = new Query(pairs.pairs.map(([name, value]) => [name, value === true ? '' : value]));
  return { kind: 'target', prefix, path, segments, query };
}

const noPairs = { kind: 'pairs', pairs: [] } satisfies FormPairs;

function refuse(answer: AdminAnswer): ParsedTarget {
  return { kind: 'refused', answer };
}
