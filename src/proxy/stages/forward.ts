import {
  appendField,
  appendParsed,
  emptyBlock,
  type ForwardOutcome,
  type HeaderBlock,
  hopByHopNames,
  isHopByHop,
  type UpstreamEndpoint,
  type UpstreamFault,
  type UpstreamHead,
} from '../../http/index.ts';
import type { RouteMatch } from '../../snapshot/router/match.ts';
import type { CompiledService } from '../../snapshot/snapshot.ts';
import { upstreamPath } from '../../snapshot/upstream-path.ts';
import { plainAddress } from '../client-address.ts';
import type { DataPlane } from '../data-plane.ts';
import { dashed, type RequestContext } from '../request-context.ts';
import { answerError } from './send.ts';

/** Sends the request to the service and its answer to the client, streaming both ways. */
export function forward(plane: DataPlane, context: RequestContext): void {
  const { match, exchange } = context;
  const service = match?.route.service;
  if (match === undefined || service === undefined) {
    answerError(plane, context, 503, 'no Service found with those values');
    return;
  }
  const { request, edits } = context;
  const query = edits.queryReplaced ? edits.query : request.query;
  const path = upstreamPath(service.path, match, request.path);
  if (match.route.stripPath) context.forwardedPrefix = match.matchedPrefix;
  exchange.forward({
    endpoint: endpointOf(plane, service),
    method: request.method,
    path: query === undefined ? path : `${path}?${query}`,
    headers: requestHeaders(plane, context, match, service),
    connectTimeoutMs: service.connectTimeoutMs,
    writeTimeoutMs: service.writeTimeoutMs,
    readTimeoutMs: service.readTimeoutMs,
    retries: service.retries,
    bodyBytesMax: 0,
    onHead: (head) => responseHeaders(plane, context, head),
    onOutcome: (outcome) => settle(plane, context, outcome),
  });
}

function endpointOf(plane: DataPlane, service: CompiledService): UpstreamEndpoint {
  let endpoint = plane.endpoints.get(service);
  if (endpoint === undefined) {
    const tls = service.protocol === 'https' ? { serverName: service.host, verify: service.tlsVerify } : undefined;
    endpoint = plane.pools.endpoint({ host: service.host, port: service.port, tls });
    plane.endpoints.set(service, endpoint);
  }
  return endpoint;
}

/** Fields the gateway writes itself; the client's own are merged or dropped, never copied. */
const written = new Set([
  'host',
  'x-real-ip',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-path',
  'x-forwarded-prefix',
  'x-kong-request-id',
  'via',
  'te',
  'upgrade',
  'expect',
  'proxy',
]);

function requestHeaders(
  plane: DataPlane,
  context: RequestContext,
  match: RouteMatch,
  service: CompiledService,
): HeaderBlock {
  const { headers } = context.request;
  const owned = context.chain?.ownedRequestHeaders;
  const { dropped, upstream } = context.edits;
  const named = hopByHopNames(headers);
  let block = appendField(emptyBlock, 'Host', match.route.preserveHost ? context.request.host : hostHeader(service));
  for (let index = 0; index < headers.length; index += 1) {
    const lower = headers.lowers[index] ?? '';
    if (isHopByHop(lower) || named?.has(lower)) continue;
    const spelled = dashed(lower);
    if (written.has(spelled) || owned?.has(spelled)) continue;
    if (dropped.length > 0 && dropped.includes(spelled)) continue;
    block = appendParsed(block, headers, index);
  }
  block = forwardedHeaders(context, block);
  block = appendField(block, 'Via', via(headers.get('via'), context.request.versionMinor, plane.serverToken));
  block = appendField(block, 'X-Kong-Request-Id', context.requestId);
  for (let index = 0; index + 1 < upstream.length; index += 2) {
    block = appendField(block, upstream[index] ?? '', upstream[index + 1] ?? '');
  }
  return block;
}

function hostHeader(service: CompiledService): string {
  const usual = service.protocol === 'https' ? 443 : 80;
  const host = service.host.includes(':') && !service.host.startsWith('[') ? `[${service.host}]` : service.host;
  return service.port === usual ? host : `${host}:${service.port}`;
}

function via(incoming: string | undefined, versionMinor: number, token: string): string {
  const own = `1.${versionMinor} ${token}`;
  return incoming === undefined ? own : `${incoming}, ${own}`;
}

/** proxying.md 8.1: X-Forwarded-For grows even for untrusted peers, the rest is believed of trusted ones only. */
function forwardedHeaders(context: RequestContext, start: HeaderBlock): HeaderBlock {
  const { headers, connection, host, rawPath } = context.request;
  const peer = plainAddress(connection.peerAddress);
  const trusted = context.trustedPeer;
  const chain = headers.get('x-forwarded-for');
  let block = appendField(start, 'X-Real-IP', context.clientAddress);
  block = appendField(block, 'X-Forwarded-For', chain === undefined ? context.clientAddress : `${chain}, ${peer}`);
  block = appendField(block, 'X-Forwarded-Proto', context.scheme);
  const told = trusted ? headers.get('x-forwarded-host') : undefined;
  block = appendField(block, 'X-Forwarded-Host', told ?? host.replace(/:\d+$/, ''));
  const toldPort = trusted ? headers.get('x-forwarded-port') : undefined;
  block = appendField(block, 'X-Forwarded-Port', toldPort ?? String(connection.localPort));
  const toldPath = trusted ? headers.get('x-forwarded-path') : undefined;
  block = appendField(block, 'X-Forwarded-Path', toldPath ?? rawPath);
  const toldPrefix = trusted ? headers.get('x-forwarded-prefix') : undefined;
  const own = context.forwardedPrefix;
  if (toldPrefix !== undefined) return appendField(block, 'X-Forwarded-Prefix', toldPrefix);
  return own !== '' && own !== '/' ? appendField(block, 'X-Forwarded-Prefix', own) : block;
}

/** Fields of the upstream's answer that the gateway replaces. */
const replaced = new Set(['x-kong-request-id', 'x-kong-upstream-latency', 'x-kong-proxy-latency', 'via']);

function responseHeaders(plane: DataPlane, context: RequestContext, head: UpstreamHead): HeaderBlock {
  const { headers } = head;
  const { times } = context.exchange;
  const named = hopByHopNames(headers);
  let block = emptyBlock;
  for (let index = 0; index < headers.length; index += 1) {
    const lower = headers.lowers[index] ?? '';
    if (isHopByHop(lower) || lower === 'upgrade' || named?.has(lower) || replaced.has(lower)) continue;
    block = appendParsed(block, headers, index);
  }
  const added = context.edits.response;
  for (let index = 0; index + 1 < added.length; index += 2) {
    block = appendField(block, added[index] ?? '', added[index + 1] ?? '');
  }
  const waited = Math.max(0, Math.round(times.upstreamHeadAt - times.forwardedAt));
  const gateway = Math.max(0, Math.round(times.forwardedAt - times.receivedAt));
  block = appendField(block, 'X-Kong-Upstream-Latency', String(waited));
  block = appendField(block, 'X-Kong-Proxy-Latency', String(gateway));
  block = appendField(block, 'Via', via(headers.get('via'), 1, plane.serverToken));
  return appendField(block, 'X-Kong-Request-Id', context.requestId);
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
};

function settle(plane: DataPlane, context: RequestContext, outcome: ForwardOutcome): void {
  if (outcome.kind === 'completed' || outcome.kind === 'client_gone') return;
  if (outcome.kind === 'bad_request_body') {
    if (outcome.headSent) return;
    const message =
      outcome.status === 413 ? 'Payload too large' : outcome.status === 408 ? 'Request timeout' : 'Bad request';
    answerError(plane, context, outcome.status, message, [], 'plain');
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
  answerError(plane, context, blame.status, blame.message, [], outcome.fault === 'name_resolution' ? 'json' : 'plain');
}
