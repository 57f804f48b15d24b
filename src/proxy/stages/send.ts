import { appendField, emptyBlock } from '../../http/index.ts';
import type { PluginResponse } from '../../pdk/index.ts';
import type { DataPlane } from '../data-plane.ts';
import { errorBody } from '../error-body.ts';
import type { RequestContext } from '../request-context.ts';

/** Answers from the gateway itself. `headers` is a flat list: name, value, name, value … */
export function answer(
  plane: DataPlane,
  context: RequestContext,
  status: number,
  headers: readonly string[],
  body: string,
): void {
  context.answered = true;
  let block = appendField(emptyBlock, 'Server', plane.serverToken);
  for (let index = 0; index + 1 < headers.length; index += 2) {
    block = appendField(block, headers[index] ?? '', headers[index + 1] ?? '');
  }
  const added = context.edits.response;
  for (let index = 0; index + 1 < added.length; index += 2) {
    block = appendField(block, added[index] ?? '', added[index + 1] ?? '');
  }
  const spent = Math.max(0, Math.round(performance.now() - context.request.receivedAt));
  block = appendField(block, 'X-Kong-Response-Latency', String(spent));
  block = appendField(block, 'X-Kong-Request-Id', context.requestId);
  context.exchange.respond({ status, headers: block, body });
}

/** An error of router, chain or plugin: JSON when the client named no preference. */
export function answerError(
  plane: DataPlane,
  context: RequestContext,
  status: number,
  message: string,
  headers: readonly string[] = [],
  fallback: 'json' | 'plain' = 'json',
): void {
  const { contentType, body } = errorBody(message, context.requestId, context.request.headers.get('accept'), fallback);
  answer(plane, context, status, ['Content-Type', contentType, ...headers], body);
}

export function answerPlugin(plane: DataPlane, context: RequestContext, response: PluginResponse): void {
  const headers: string[] = [];
  for (const [name, value] of response.headers) headers.push(name, value);
  if (response.status >= 300 && response.status < 400) answer(plane, context, response.status, headers, '');
  else answerError(plane, context, response.status, response.message, headers);
}

/** A fault of ours. The client learns only the id; the log gets the place, never the message, which may quote input. */
export function answerUnexpected(plane: DataPlane, context: RequestContext, error: unknown): void {
  plane.services.log.error('proxy.request.fail', {
    request_id: context.requestId,
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
