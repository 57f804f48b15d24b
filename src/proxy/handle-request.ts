import type { ServerExchange } from '../http/index.ts';
import type { DataPlane } from './data-plane.ts';
import type { RequestContext } from './request-context.ts';
import { runAccess, runRewrite } from './stages/access.ts';
import { forward } from './stages/forward.ts';
import { match } from './stages/match.ts';
import { receive } from './stages/receive.ts';
import { record } from './stages/record.ts';
import { select } from './stages/select.ts';
import { answerUnexpected } from './stages/send.ts';

/**
 * One request, one way: receive → rewrite → match → access → select → forward (or answer) → filter → record. Each
 * stage either lets the request go on or answers it. Nothing here waits unless a plugin must, or the service's name
 * is not known yet.
 */
export function handleRequest(plane: DataPlane, exchange: ServerExchange): void {
  const context = receive(plane, exchange);
  exchange.onFinished = () => record(plane, context);
  try {
    whenDone(plane, context, runRewrite(plane, context), findRoute);
  } catch (error) {
    answerUnexpected(plane, context, error);
  }
}

type Step = (plane: DataPlane, context: RequestContext) => void;

function findRoute(plane: DataPlane, context: RequestContext): void {
  if (!match(plane, context)) return;
  whenDone(plane, context, runAccess(plane, context), proceed);
}

function proceed(plane: DataPlane, context: RequestContext): void {
  const selected = select(plane, context);
  if (selected === true) forward(plane, context);
  else if (selected !== false) whenDone(plane, context, selected, forward);
}

/** Goes on at once unless there is something to wait for, and not at all when the request was answered meanwhile. */
function whenDone(plane: DataPlane, context: RequestContext, waiting: Promise<unknown> | undefined, next: Step): void {
  if (waiting === undefined) {
    goOn(plane, context, next);
    return;
  }
  waiting
    .then((result) => {
      if (result !== false) goOn(plane, context, next);
    })
    .catch((error: unknown) => answerUnexpected(plane, context, error));
}

function goOn(plane: DataPlane, context: RequestContext, next: Step): void {
  context.leavePlugins();
  if (context.answered || context.exchange.clientGone) return;
  next(plane, context);
}
