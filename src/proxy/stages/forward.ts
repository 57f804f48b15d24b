import type {
  ForwardOutcome,
  ForwardPlan,
  HeaderBlock,
  RetryTarget,
  UpstreamEndpoint,
  UpstreamFault,
  UpstreamHead,
} from '../../http/index.ts';
import type { CompiledService } from '../../snapshot/snapshot.ts';
import { upstreamPath } from '../../snapshot/upstream-path.ts';
import type { DataPlane } from '../data-plane.ts';
import type { RequestContext } from '../request-context.ts';
import { requestHeaders } from '../request-headers.ts';
import { responseHeaders } from '../response-headers.ts';
import { answerError } from './send.ts';

/** Sends the request to the service and its answer to the client, streaming both ways. */
export function forward(plane: DataPlane, context: RequestContext): void {
  const { match, exchange } = context;
  const service = match?.route.service;
  if (match === undefined || service === undefined) {
    answerError(plane, context, 503, 'no Service found with those values');
    return;
  }
  const { request, edited: edits } = context;
  const query = edits.queryReplaced ? edits.query : request.query;
  const path = upstreamPath(service.path, match, request.path);
  if (match.route.stripPath) context.forwardedPrefix = match.matchedPrefix;
  exchange.forward(
    new Job(plane, context, {
      service,
      path: query === undefined ? path : `${path}?${query}`,
      headers: requestHeaders(plane, context, match, service),
    }),
  );
}

/** One plan for the HTTP layer; a class, so that a request makes no functions. */
class Job implements ForwardPlan {
  readonly endpoint: UpstreamEndpoint;
  readonly method: string;
  readonly path: string;
  readonly headers: HeaderBlock;
  readonly connectTimeoutMs: number;
  readonly writeTimeoutMs: number;
  readonly readTimeoutMs: number;
  readonly retries: number;
  readonly upgrade = undefined;
  readonly bodyBytesMax: number;
  readonly #plane: DataPlane;
  readonly #context: RequestContext;

  constructor(
    plane: DataPlane,
    context: RequestContext,
    parts: { readonly service: CompiledService; readonly path: string; readonly headers: HeaderBlock },
  ) {
    const { service } = parts;
    this.endpoint = endpointOf(plane, service);
    this.bodyBytesMax = plane.options.bodyBytesMax;
    this.method = context.request.method;
    this.path = parts.path;
    this.headers = parts.headers;
    this.connectTimeoutMs = service.connectTimeoutMs;
    this.writeTimeoutMs = service.writeTimeoutMs;
    this.readTimeoutMs = service.readTimeoutMs;
    this.retries = service.retries;
    this.#plane = plane;
    this.#context = context;
  }

  onHead(head: UpstreamHead): HeaderBlock {
    return responseHeaders(this.#plane, this.#context, head);
  }

  retry(): RetryTarget | undefined {
    return { endpoint: this.endpoint, headers: this.headers };
  }

  onTryEnded(endpoint: UpstreamEndpoint): void {
    this.#context.tries += 1;
    this.#context.upstreamAddress = `${endpoint.host}:${endpoint.port}`;
  }

  onOutcome(outcome: ForwardOutcome): void {
    settle(this.#plane, this.#context, outcome);
  }
}

function endpointOf(plane: DataPlane, service: CompiledService): UpstreamEndpoint {
  let endpoint = plane.endpoints.get(service);
  if (endpoint === undefined) {
    const tls = service.protocol === 'https' ? { serverName: service.host, verify: service.tls.verify } : undefined;
    endpoint = plane.pools.endpoint({ host: service.host, port: service.port, tls });
    plane.endpoints.set(service, endpoint);
  }
  return endpoint;
}

interface Blame {
  readonly status: number;
  readonly message: string;
}

const invalid = 'An invalid response was received from the upstream server';
const blames: Readonly<Record<UpstreamFault, Blame>> = {
  name_resolution: { status: 503, message: 'name resolution failed' },
  connect_refused: { status: 502, message: invalid },
  connect_failed: { status: 502, message: invalid },
  connect_timeout: { status: 504, message: 'The upstream server is timing out' },
  tls: { status: 502, message: invalid },
  write_timeout: { status: 504, message: 'The upstream server is timing out' },
  read_timeout: { status: 504, message: 'The upstream server is timing out' },
  reset: { status: 502, message: invalid },
  bad_response: { status: 502, message: invalid },
  too_many_connections: { status: 503, message: 'The upstream server is currently unavailable' },
};

function settle(plane: DataPlane, context: RequestContext, outcome: ForwardOutcome): void {
  if (outcome.kind === 'completed' || outcome.kind === 'client_gone') return;
  if (outcome.kind === 'bad_request_body') {
    if (outcome.headSent) return;
    const message =
      outcome.status === 413 ? 'Payload too large' : outcome.status === 408 ? 'Request timeout' : 'Bad request';
    answerError(plane, context, outcome.status, message, [], 'core');
    return;
  }
  plane.services.log.warn('proxy.upstream.fail', {
    request_id: context.requestId,
    route: context.route.name ?? context.route.id,
    service: context.service?.name ?? context.service?.id,
    fault: outcome.fault,
    detail: outcome.detail,
  });
  if (outcome.headSent) return;
  const blame = blames[outcome.fault];
  answerError(
    plane,
    context,
    blame.status,
    blame.message,
    [],
    outcome.fault === 'name_resolution' ? 'gateway' : 'core',
  );
}
