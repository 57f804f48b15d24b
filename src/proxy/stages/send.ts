import {
  appendField,
  appendTo,
  emptyBlock,
  fieldStart,
  type HeaderBlock,
  isFieldName,
  isHopByHop,
  joinBlocks,
} from '../../http/index.ts';
import type { PluginResponse } from '../../pdk/index.ts';
import { AnswerHeaders } from '../answer-headers.ts';
import type { DataPlane } from '../data-plane.ts';
import { debugFields } from '../debug-headers.ts';
import { chooseRepresentation, type ErrorOrigin, errorBody } from '../error-body.ts';
import { phasesOf } from '../phases.ts';
import type { RequestContext } from '../request-context.ts';
import { filterHeaders } from './filter.ts';

const server = fieldStart('Server');
const responseLatency = fieldStart('X-Kong-Response-Latency');

/** Answers from the gateway itself. `headers` is a flat list: name, value, name, value … */
export function answer(
  plane: DataPlane,
  context: RequestContext,
  status: number,
  headers: readonly string[],
  body: string | Buffer,
): void {
  const { adds } = plane;
  context.answered = true;
  context.leavePlugins();
  let block = emptyBlock;
  // A plugin may have said who serves in its own words.
  if (adds.server && !names(headers, 'server')) block = appendTo(block, server, plane.serverToken);
  block = joinBlocks(block, ownFields(plane, context, status, headers));
  if (adds.responseLatency) {
    const spent = Math.max(0, Math.round(performance.now() - context.request.receivedAt));
    block = appendTo(block, responseLatency, String(spent));
  }
  if (plane.options.allowDebugHeader) block = joinBlocks(block, debugFields(context));
  if (adds.requestId) block = joinBlocks(block, context.requestIdField);
  context.responseHeaders = block;
  context.exchange.respond({ status, headers: block, body });
}

/** What is said about this answer, after the plugins have seen it. */
function ownFields(plane: DataPlane, context: RequestContext, status: number, headers: readonly string[]): HeaderBlock {
  const added = context.edited.response;
  if (!phasesOf(context.chain).headerFilter) return appendPairs(appendPairs(emptyBlock, headers), added);
  const fields = new AnswerHeaders();
  let connectionFields = emptyBlock;
  for (const list of [headers, added]) {
    for (let index = 0; index + 1 < list.length; index += 2) {
      const [name = '', value = ''] = [list[index], list[index + 1]];
      if (!isFieldName(name)) continue;
      // A 426 tells what to upgrade to: fields of this connection, which are no plugin's business.
      if (isHopByHop(name.toLowerCase())) connectionFields = appendField(connectionFields, name, value);
      else fields.add(name, value);
    }
  }
  filterHeaders(plane, context, { status, source: 'gateway', headers: fields });
  return joinBlocks(fields.block(), connectionFields);
}

function appendPairs(start: HeaderBlock, pairs: readonly string[]): HeaderBlock {
  let block = start;
  for (let index = 0; index + 1 < pairs.length; index += 2) {
    const name = pairs[index] ?? '';
    // An answer must be given whatever a plugin calls its fields.
    if (isFieldName(name)) block = appendField(block, name, pairs[index + 1] ?? '');
  }
  return block;
}

function names(pairs: readonly string[], lower: string): boolean {
  for (let index = 0; index < pairs.length; index += 2) {
    if (pairs[index]?.toLowerCase() === lower) return true;
  }
  return false;
}

/**
 * An error, in the representation that the client accepts. `origin` tells what counts when it names none:
 * JSON for `gateway` (router, chain, balancer), `error_default_type` for `core` (what reads and writes messages).
 */
export function answerError(
  plane: DataPlane,
  context: RequestContext,
  status: number,
  message: string,
  headers: readonly string[] = [],
  origin: ErrorOrigin = 'gateway',
): void {
  const representation = chooseRepresentation(context.request.headers, origin, plane.options);
  const error = { status, message, requestId: context.requestId };
  const { contentType, body, headers: more } = errorBody(plane.options, error, representation);
  answer(plane, context, status, ['Content-Type', contentType, ...more, ...headers], body);
}

/** A plugin's answer: its own body, nothing for redirects and statuses without content, else an error body. */
export function answerPlugin(plane: DataPlane, context: RequestContext, response: PluginResponse): void {
  const { status, body } = response;
  const headers: string[] = [];
  for (const [name, value] of response.headers) headers.push(name, value);
  if (body !== undefined) {
    if (body.contentType !== '') headers.unshift('Content-Type', body.contentType);
    answer(plane, context, status, headers, body.bytes);
  } else if (status < 400 && (status >= 300 || status === 204 || status === 205)) {
    answer(plane, context, status, headers, '');
  } else answerError(plane, context, status, response.message, headers);
}

/** A fault of ours. The client learns only the id; the log gets the place, never the message, which may quote input. */
export function answerUnexpected(plane: DataPlane, context: RequestContext, error: unknown): void {
  plane.services.log.error('proxy.request.fail', {
    request_id: context.requestId,
    plugin: context.turn?.name,
    error: error instanceof Error ? error.name : typeof error,
    place: error instanceof Error ? placeOf(error) : undefined,
  });
  if (context.answered || context.exchange.status !== 0 || context.exchange.clientGone) return;
  answerError(plane, context, 500, 'An unexpected error occurred');
}

function placeOf(error: Error): string {
  const frames = (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '));
  return frames
    .slice(0, 6)
    .map((line) => line.trim())
    .join(' | ');
}
