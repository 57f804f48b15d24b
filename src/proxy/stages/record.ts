import type { LogContext, ResponseHeaders } from '../../pdk/index.ts';
import { fieldOf } from '../answer-headers.ts';
import type { DataPlane } from '../data-plane.ts';
import { PhaseView } from '../phase-view.ts';
import { phasesOf } from '../phases.ts';
import type { RequestContext } from '../request-context.ts';
import { chosenFor, reportPhaseFault } from './filter.ts';

/** When a request is over, whichever way: it is counted, plugins log it, and the access log gets its line. */
export function record(plane: DataPlane, context: RequestContext): void {
  context.leavePlugins();
  plane.metrics?.observe(context);
  if (phasesOf(context.chain).log) runLog(plane, context);
  plane.accessLog?.write(plane.accessLine(context));
}

/** Log phase of every plugin of the chain; a fault in one is nobody else's. */
function runLog(plane: DataPlane, context: RequestContext): void {
  const links = context.chain?.links ?? [];
  const view = new LogView(context);
  for (let index = 0; index < links.length; index += 1) {
    const plugin = links[index]?.plugin;
    if (plugin?.log === undefined) continue;
    const instance = chosenFor(context, index);
    if (instance === undefined) continue;
    view.state = context.keptBy(plugin);
    try {
      plugin.log(view, instance.prepared);
    } catch (error) {
      reportPhaseFault(plane, context, { phase: 'log', plugin: plugin.name, error });
    }
  }
}

class LogView extends PhaseView implements LogContext {
  readonly status: number;
  readonly source: 'upstream' | 'gateway';
  readonly responseHeaders: Pick<ResponseHeaders, 'get'>;
  readonly times: LogContext['times'];
  readonly bytes: LogContext['bytes'];

  constructor(context: RequestContext) {
    super(context);
    const { exchange } = context;
    const { times } = exchange;
    const totalMs = whole(times.finishedAt - times.receivedAt);
    const upstreamMs = times.upstreamHeadAt > 0 ? whole(times.upstreamHeadAt - times.forwardedAt) : undefined;
    this.status = exchange.status;
    this.source = context.answeredByUpstream ? 'upstream' : 'gateway';
    this.responseHeaders = { get: (lower) => fieldOf(context.responseHeaders, lower) };
    this.times = {
      startedAtEpochMs: Date.now() - totalMs,
      totalMs,
      gatewayMs: whole((times.forwardedAt > 0 ? times.forwardedAt : times.finishedAt) - times.receivedAt),
      upstreamMs,
    };
    this.bytes = { received: exchange.bytesReceived, sent: exchange.bytesSent };
  }
}

function whole(ms: number): number {
  return Math.max(0, Math.round(ms));
}
