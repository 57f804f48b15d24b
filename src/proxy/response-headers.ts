import {
  appendField,
  appendParsed,
  appendTo,
  emptyBlock,
  type FieldStart,
  fieldStart,
  type HeaderBlock,
  type HeaderList,
  hopByHopNames,
  joinBlocks,
  lastingBlock,
  type UpstreamHead,
} from '../http/index.ts';
import { AnswerHeaders } from './answer-headers.ts';
import type { DataPlane } from './data-plane.ts';
import { debugFields } from './debug-headers.ts';
import { staysEndToEnd } from './end-to-end.ts';
import { phasesOf } from './phases.ts';
import type { RequestContext } from './request-context.ts';
import { viaValue } from './request-headers.ts';
import { filterHeaders } from './stages/filter.ts';

const upstreamLatency = latencyField('X-Kong-Upstream-Latency');
const proxyLatency = latencyField('X-Kong-Proxy-Latency');
const upstreamStatus = fieldStart('X-Kong-Upstream-Status');
const via = fieldStart('Via');

/** The fields of the client's answer: the upstream's end-to-end ones, the plugins', the gateway's. */
export function responseHeaders(plane: DataPlane, context: RequestContext, head: UpstreamHead): HeaderBlock {
  const { adds } = plane;
  const { times } = context.exchange;
  context.upstreamStatus = head.status;
  const filtered = phasesOf(context.chain).headerFilter;
  let block = filtered ? filteredFields(plane, context, head) : passedFields(plane, context, head);
  if (adds.upstreamLatency) block = joinBlocks(block, upstreamLatency(times.upstreamHeadAt - times.forwardedAt));
  if (adds.proxyLatency) block = joinBlocks(block, proxyLatency(times.forwardedAt - times.receivedAt));
  if (adds.upstreamStatus) block = appendTo(block, upstreamStatus, String(head.status));
  if (adds.via) block = joinBlocks(block, viaOf(plane, head.headers));
  if (plane.options.allowDebugHeader) block = joinBlocks(block, debugFields(context));
  if (adds.requestId) block = joinBlocks(block, context.requestIdField);
  context.responseHeaders = block;
  return block;
}

function passedFields(plane: DataPlane, context: RequestContext, { headers }: UpstreamHead): HeaderBlock {
  const named = hopByHopNames(headers);
  let block = emptyBlock;
  for (let index = 0; index < headers.length; index += 1) {
    if (passes(plane, context, headers.lowers[index] ?? '', named)) block = appendParsed(block, headers, index);
  }
  const added = context.edited.response;
  for (let index = 0; index + 1 < added.length; index += 2) {
    block = appendField(block, added[index] ?? '', added[index + 1] ?? '');
  }
  return block;
}

/** The same fields after plugins have had their way with them. */
function filteredFields(plane: DataPlane, context: RequestContext, { status, headers }: UpstreamHead): HeaderBlock {
  const named = hopByHopNames(headers);
  const fields = new AnswerHeaders();
  for (let index = 0; index < headers.length; index += 1) {
    if (passes(plane, context, headers.lowers[index] ?? '', named)) fields.take(headers, index);
  }
  const added = context.edited.response;
  for (let index = 0; index + 1 < added.length; index += 2) fields.add(added[index] ?? '', added[index + 1] ?? '');
  filterHeaders(plane, context, { status, source: 'upstream', headers: fields });
  return fields.block();
}

/** Fields of one connection stay there, and what the gateway sets is not taken from the upstream. */
function passes(
  plane: DataPlane,
  context: RequestContext,
  lower: string,
  named: ReadonlySet<string> | undefined,
): boolean {
  if (plane.adds.notCopied.has(lower)) return lower === 'trailer' && readsTrailers(context);
  return named?.has(lower) !== true || staysEndToEnd(lower);
}

/** Whether the client said that it reads trailers (RFC 9110 section 10.1.4). */
function readsTrailers(context: RequestContext): boolean {
  return context.request.headers.all('te').some((value) => /(?:^|,)\s*trailers\s*(?:;|,|$)/i.test(value));
}

function viaOf(plane: DataPlane, headers: HeaderList): HeaderBlock {
  if (headers.get('via') === undefined) return plane.viaField;
  return appendTo(emptyBlock, via, viaValue(headers.all('via').join(', '), 1, plane.serverToken));
}

/** Whole milliseconds; the usual ones are ready. */
function latencyField(name: string): (ms: number) => HeaderBlock {
  const start: FieldStart = fieldStart(name);
  const usual = Array.from({ length: 256 }, (_, ms) => lastingBlock(appendTo(emptyBlock, start, String(ms))));
  return (ms) => {
    const whole = Math.max(0, Math.round(ms));
    return usual[whole] ?? appendTo(emptyBlock, start, String(whole));
  };
}
