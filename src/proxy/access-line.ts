import { joinPort } from '../balancer/join-port.ts';
import { type AccessLogFieldName, accessLogFieldNames, defaultAccessLogFields } from '../base/access-log-names.ts';
import { fieldOf } from './answer-headers.ts';
import { plainAddress } from './client-address.ts';
import { logText, maskedQuery, queryValue, requestHeaderValue } from './log-text.ts';
import type { RequestContext } from './request-context.ts';
import { chosenFor } from './stages/filter.ts';

/** Makes the line of one request, JSON with the newline at its end. */
export type AccessLine = (context: RequestContext) => string;

/** Epoch milliseconds in ISO 8601. */
type Timestamp = (epochMs: number) => string;

/**
 * The line with these fields in this order, the usual ones where none are named. `fields` must be good names
 * (`request_header.NAME`, `response_header.NAME` and `query.NAME` among them); others are left out.
 */
export function accessLine(fields: readonly string[], timestamp: Timestamp): AccessLine {
  if (fields.length === 0 || fields.join() === defaultAccessLogFields.join()) return usualLine(timestamp);
  const known = fields.flatMap((name) => {
    const read = readerOf(name, timestamp);
    return read === undefined ? [] : [{ start: `${JSON.stringify(name)}:`, read }];
  });
  return (context) => {
    let line = '';
    for (const { start, read } of known) line += `${line === '' ? '{' : ','}${start}${read(context)}`;
    return line === '' ? '{}\n' : `${line}}\n`;
  };
}

/** The usual fields in one piece: what this costs, every request pays. */
function usualLine(timestamp: Timestamp): AccessLine {
  return (context) => {
    const { exchange, request, match } = context;
    return (
      `{"at":"${timestamp(Date.now())}","request_id":"${context.requestId}","client":"${context.clientAddress}",` +
      `"method":"${request.method}","path":${logText(request.path)},"status":${exchange.status},` +
      `"route":${nameOf(match?.route)},"service":${nameOf(match?.route.service)},` +
      `"consumer":${idOf(context.identity?.consumer)},` +
      `"bytes_in":${exchange.bytesReceived},"bytes_out":${exchange.bytesSent},` +
      `"ms_total":${tenths(totalMs(context))},"ms_upstream":${tenths(upstreamMs(context))}}\n`
    );
  };
}

type Reader = (context: RequestContext) => string;

function readerOf(name: string, timestamp: Timestamp): Reader | undefined {
  if (name === 'at') return () => `"${timestamp(Date.now())}"`;
  if (Object.hasOwn(accessLogFieldNames, name)) return readers[name as Exclude<AccessLogFieldName, 'at'>];
  const dot = name.indexOf('.');
  const part = name.slice(dot + 1).toLowerCase();
  switch (name.slice(0, Math.max(0, dot))) {
    case 'request_header':
      return (context) => text(requestHeaderValue(context, part));
    case 'response_header':
      return (context) => text(responseHeaderValue(context, part));
    case 'query':
      return (context) => text(queryValue(context, name.slice(dot + 1)));
    default:
      return undefined;
  }
}

const readers: Readonly<Record<Exclude<AccessLogFieldName, 'at'>, Reader>> = {
  request_id: (context) => `"${context.requestId}"`,
  client: (context) => `"${context.clientAddress}"`,
  peer: ({ request: { connection } }) => `"${joinPort(plainAddress(connection.peerAddress), connection.peerPort)}"`,
  scheme: (context) => `"${context.scheme}"`,
  version: (context) => `"1.${context.request.versionMinor}"`,
  method: (context) => `"${context.request.method}"`,
  host: (context) => logText(context.request.host),
  path: (context) => logText(context.request.path),
  query: (context) => text(maskedQuery(context.request.query)),
  status: (context) => String(context.exchange.status),
  source: (context) => (context.answeredByUpstream ? '"upstream"' : '"gateway"'),
  route: (context) => nameOf(context.match?.route),
  route_id: (context) => idOf(context.match?.route),
  service: (context) => nameOf(context.match?.route.service),
  service_id: (context) => idOf(context.match?.route.service),
  consumer: (context) => idOf(context.identity?.consumer),
  consumer_username: (context) => plain(context.identity?.consumer?.username),
  credential: (context) => plain(context.identity?.credential?.id),
  upstream: ({ endpoint }) => (endpoint === undefined ? 'null' : `"${joinPort(endpoint.host, endpoint.port)}"`),
  upstream_status: (context) => (context.upstreamStatus === 0 ? 'null' : String(context.upstreamStatus)),
  tries: (context) => String(context.tries),
  tls_version: (context) => plain(context.request.connection.tlsVersion),
  sni: (context) => text(context.request.connection.serverName),
  bytes_in: (context) => String(context.exchange.bytesReceived),
  bytes_out: (context) => String(context.exchange.bytesSent),
  ms_total: (context) => tenths(totalMs(context)),
  ms_plugins: (context) => tenths(context.pluginMs),
  ms_upstream: (context) => tenths(upstreamMs(context)),
  ms_gateway: (context) => tenths(gatewayMs(context)),
  user_agent: (context) => text(context.request.headers.get('user-agent')),
  correlation_id: (context) => text(correlationId(context)),
};

function totalMs({ exchange: { times } }: RequestContext): number {
  return times.finishedAt - times.receivedAt;
}

function upstreamMs({ exchange: { times } }: RequestContext): number {
  return times.upstreamHeadAt > 0 ? times.upstreamHeadAt - times.forwardedAt : 0;
}

function gatewayMs({ exchange: { times }, pluginMs }: RequestContext): number {
  return (times.forwardedAt > 0 ? times.forwardedAt : times.finishedAt) - times.receivedAt - pluginMs;
}

/** Milliseconds with one digit behind the point; spelled out, because printing a fraction is slow. */
function tenths(ms: number): string {
  const all = ms > 0 ? Math.round(ms * 10) : 0;
  const whole = Math.floor(all / 10);
  const rest = all - whole * 10;
  return rest === 0 ? `${whole}` : `${whole}.${rest}`;
}

/** The field that the correlation-id plugin looks after, as the upstream gets it. */
function correlationId(context: RequestContext): string | undefined {
  const at = context.chain?.links.findIndex((link) => link.plugin.name === 'correlation-id') ?? -1;
  const name = at === -1 ? undefined : chosenFor(context, at)?.entity.config['header_name'];
  return typeof name === 'string' ? requestHeaderValue(context, name.toLowerCase()) : undefined;
}

function responseHeaderValue(context: RequestContext, lower: string): string | undefined {
  return fieldOf(context.responseHeaders, lower);
}

interface Named {
  readonly id: string;
  readonly name: string | null;
}

function nameOf(entity: Named | undefined): string {
  if (entity === undefined) return 'null';
  return entity.name === null ? `"${entity.id}"` : logText(entity.name);
}

function idOf(entity: { readonly id: string } | null | undefined): string {
  return entity ? `"${entity.id}"` : 'null';
}

/** Text of ours; empty stands for nothing. */
function plain(value: string | null | undefined): string {
  return value ? logText(value) : 'null';
}

function text(value: string | undefined): string {
  return value === undefined ? 'null' : logText(value);
}
