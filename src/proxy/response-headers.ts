import {
  appendField,
  appendParsed,
  appendTo,
  emptyBlock,
  type FieldStart,
  fieldStart,
  type HeaderBlock,
  hopByHop,
  hopByHopNames,
  joinBlocks,
  lastingBlock,
  type UpstreamHead,
} from '../http/index.ts';
import type { DataPlane } from './data-plane.ts';
import type { RequestContext } from './request-context.ts';
import { viaValue } from './request-headers.ts';

/** Fields of the upstream's answer that are not passed on: those of one connection, and what the gateway replaces. */
const notCopied: ReadonlySet<string> = new Set([
  ...hopByHop,
  'x-kong-request-id',
  'x-kong-upstream-latency',
  'x-kong-proxy-latency',
  'via',
]);

const upstreamLatency = latencyField('X-Kong-Upstream-Latency');
const proxyLatency = latencyField('X-Kong-Proxy-Latency');
const via = fieldStart('Via');

/** The fields of the client's answer: the upstream's end-to-end ones, the plugins', the gateway's. */
export function responseHeaders(plane: DataPlane, context: RequestContext, head: UpstreamHead): HeaderBlock {
  const { headers } = head;
  const { times } = context.exchange;
  const named = hopByHopNames(headers);
  let block = emptyBlock;
  for (let index = 0; index < headers.length; index += 1) {
    const lower = headers.lowers[index] ?? '';
    if (notCopied.has(lower) || named?.has(lower)) continue;
    block = appendParsed(block, headers, index);
  }
  const added = context.edits.response;
  for (let index = 0; index + 1 < added.length; index += 2) {
    block = appendField(block, added[index] ?? '', added[index + 1] ?? '');
  }
  block = joinBlocks(block, upstreamLatency(times.upstreamHeadAt - times.forwardedAt));
  block = joinBlocks(block, proxyLatency(times.forwardedAt - times.receivedAt));
  const passed = headers.get('via');
  if (passed === undefined) block = joinBlocks(block, plane.viaField);
  else block = appendTo(block, via, viaValue(passed, 1, plane.serverToken));
  return joinBlocks(block, context.requestIdField);
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
