import type { DataPlane } from '../data-plane.ts';
import type { RequestContext } from '../request-context.ts';

// Characters that JSON must escape; a normalised path hardly ever has one.
const unsafe = /["\\\u0000-\u001f\u007f-\uffff]/;

/**
 * One access log line per request. The path is logged without its query, since credentials may be in
 * there; so are no headers.
 */
export function record(plane: DataPlane, context: RequestContext): void {
  const log = plane.accessLog;
  if (log === undefined) return;
  const { exchange, request } = context;
  const { times } = exchange;
  const total = times.finishedAt - times.receivedAt;
  const upstream = times.upstreamHeadAt > 0 ? times.upstreamHeadAt - times.forwardedAt : 0;
  const consumer = context.identity?.consumer;
  log.write(
    `{"at":"${plane.timestamp(Date.now())}","request_id":"${context.requestId}","client":"${context.clientAddress}",` +
      `"method":"${request.method}","path":${quote(request.path)},"status":${exchange.status},` +
      `"route":${name(context.match?.route)},"service":${name(context.match?.route.service)},` +
      (consumer ? `"consumer":"${consumer.id}",` : '') +
      `"bytes_in":${exchange.bytesReceived},"bytes_out":${exchange.bytesSent},` +
      `"ms_total":${tenths(total)},"ms_upstream":${tenths(upstream)}}\n`,
  );
}

function quote(text: string): string {
  return unsafe.test(text) ? JSON.stringify(text) : `"${text}"`;
}

function name(entity: { readonly id: string; readonly name: string | null } | undefined): string {
  if (entity === undefined) return 'null';
  return entity.name === null ? `"${entity.id}"` : quote(entity.name);
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
