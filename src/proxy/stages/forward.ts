import {
  appendParsed,
  emptyBlock,
  type ForwardOutcome,
  type ForwardPlan,
  type HeaderBlock,
  joinBlocks,
  type RetryTarget,
  requestedUpgrade,
  type TryResult,
  type UpstreamEndpoint,
  type UpstreamFault,
  type UpstreamHead,
} from '../../http/index.ts';
import type { PickedAddress, TryReport } from '../../runtime/worker-balancer.ts';
import type { CompiledService } from '../../snapshot/snapshot.ts';
import { upstreamPath } from '../../snapshot/upstream-path.ts';
import type { DataPlane } from '../data-plane.ts';
import { dashed } from '../edits.ts';
import { staysEndToEnd } from '../end-to-end.ts';
import type { RequestContext } from '../request-context.ts';
import { clientHost, fieldsWithoutHost, isGatewaysOwn } from '../request-headers.ts';
import { responseHeaders } from '../response-headers.ts';
import type { ServiceTarget } from '../service-targets.ts';
import { selectAgain } from './select.ts';
import { answerError } from './send.ts';

/** Sends the request to the place that was chosen and its answer to the client, streaming both ways. */
export function forward(plane: DataPlane, context: RequestContext): void {
  const { match, exchange, target } = context;
  const service = match?.route.service;
  // The stage before answered otherwise.
  if (match === undefined || service === undefined || target === undefined) return;
  const { request, edited: edits } = context;
  const query = edits.queryReplaced ? edits.query : request.query;
  const path = upstreamPath(service.path, match, request.path);
  if (match.route.stripPath) context.forwardedPrefix = match.matchedPrefix;
  exchange.forward(new Job(plane, context, service, target, query === undefined ? path : `${path}?${query}`));
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
  readonly upgrade: string | undefined;
  readonly bodyBytesMax: number;
  readonly #plane: DataPlane;
  readonly #context: RequestContext;
  readonly #service: CompiledService;
  readonly #fields: HeaderBlock;
  /** Where the try under way goes; undefined between two of them. */
  #target: ServiceTarget | undefined;
  #tried: PickedAddress[] | undefined = undefined;

  constructor(
    plane: DataPlane,
    context: RequestContext,
    service: CompiledService,
    target: ServiceTarget,
    path: string,
  ) {
    this.endpoint = target.endpoint;
    this.bodyBytesMax = plane.options.bodyBytesMax;
    this.method = context.request.method;
    this.path = path;
    this.#fields = fieldsWithoutHost(plane, context);
    this.headers = joinBlocks(hostOf(context, target), this.#fields);
    this.connectTimeoutMs = service.connectTimeoutMs;
    this.writeTimeoutMs = service.writeTimeoutMs;
    this.readTimeoutMs = service.readTimeoutMs;
    this.retries = service.retries;
    this.upgrade = requestedUpgrade(context.request);
    this.#plane = plane;
    this.#context = context;
    this.#service = service;
    this.#target = target;
    if (target.address !== undefined) target.upstream?.begin(target.address);
  }

  onHead(head: UpstreamHead): HeaderBlock {
    return responseHeaders(this.#plane, this.#context, head);
  }

  /** What a client may fetch early is all that is passed on: other fields may not be those of the final answer. */
  onEarlyHints({ headers }: UpstreamHead): HeaderBlock | undefined {
    let block = emptyBlock;
    for (let index = 0; index < headers.length; index += 1) {
      if (headers.lowers[index] === 'link') block = appendParsed(block, headers, index);
    }
    return block === emptyBlock ? undefined : block;
  }

  /** A backend may read trailers like headers, so what counts as a header by its name must not come as one. */
  passesTrailer(lower: string): boolean {
    return !staysEndToEnd(dashed(lower)) && !isGatewaysOwn(this.#context.chain, lower);
  }

  retry(): RetryTarget | undefined {
    const next = selectAgain(this.#plane, this.#context, this.#service, this.#tried ?? []);
    if (next === undefined) return undefined;
    this.#target = next;
    this.#context.target = next;
    if (next.address !== undefined) next.upstream?.begin(next.address);
    return { endpoint: next.endpoint, headers: joinBlocks(hostOf(this.#context, next), this.#fields) };
  }

  onTryEnded(endpoint: UpstreamEndpoint, result: TryResult): void {
    this.#context.tries += 1;
    this.#context.endpoint = endpoint;
    const address = this.#target?.address;
    if (address === undefined) return;
    if (result.fault !== undefined) {
      this.#tried ??= [];
      this.#tried.push(address);
    }
    this.#endTry(reportOf(result));
  }

  onOutcome(outcome: ForwardOutcome): void {
    // A request that was given up before its try began still holds its place.
    this.#endTry(untold);
    settle(this.#plane, this.#context, outcome);
  }

  #endTry(report: TryReport): void {
    const target = this.#target;
    this.#target = undefined;
    if (target?.address !== undefined) target.upstream?.end(target.address, report);
  }
}

const untold: TryReport = { status: undefined, fault: undefined, tookMs: 0 };

/** What a try says about the address: a fault of the request's or of ours says nothing. */
function reportOf({ fault, status, connectMs, headMs }: TryResult): TryReport {
  const tookMs = connectMs + headMs;
  if (fault === undefined) return { status, fault, tookMs };
  if (fault === 'name_resolution' || fault === 'too_many_connections') return untold;
  return { status: undefined, fault: fault.endsWith('_timeout') ? 'timeout' : 'connection', tookMs };
}

function hostOf(context: RequestContext, target: ServiceTarget): HeaderBlock {
  return context.match?.route.preserveHost === true ? clientHost(context) : target.host;
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
