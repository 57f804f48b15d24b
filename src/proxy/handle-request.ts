import type { ServerExchange } from '../http/index.ts';
import type { DataPlane } from './data-plane.ts';
import type { RequestContext } from './request-context.ts';
import { runAccess } from './stages/access.ts';
import { forward } from './stages/forward.ts';
import { match } from './stages/match.ts';
import { receive } from './stages/receive.ts';
import { record } from './stages/record.ts';
import { select } from './stages/select.ts';
import { answerUnexpected } from './stages/send.ts';

/**
 * One request, one way: receive → match → access → select → forward → record. Each stage either lets the
 * request go on or answers it. Nothing here waits unless a plugin must, or the service's name is not known yet.
 */
export function handleRequest(plane: DataPlane, exchange: ServerExchange): void {
  const context = receive(plane, exchange);
  exchange.onFinished = () => record(plane, context);
  try {
    if (!match(plane, context)) return;
    const waiting = runAccess(plane, context);
    if (waiting === undefined) proceed(plane, context);
    else {
      waiting.then(
        () => proceed(plane, context),
        (error: unknown) => answerUnexpected(plane, context, error),
      );
    }
  } catch (error) {
    answerUnexpected(plane, context, error);
  }
}

function proceed(plane: DataPlane, context: RequestContext): void {
  if (context.answered || context.exchange.clientGone) return;
  try {
    const selected = select(plane, context);
    if (selected === true) forward(plane, context);
    else if (selected !== false) {
      selected.then(
        (found) => found && send(plane, context),
        (error: unknown) => answerUnexpected(plane, context, error),
      );
    }
  } catch (error) {
    answerUnexpected(plane, context, error);
  }
}

function send(plane: DataPlane, context: RequestContext): void {
  if (context.answered || context.exchange.clientGone) return;
  try {
    forward(plane, context);
  } catch (error) {
    answerUnexpected(plane, context, error);
  }
}
