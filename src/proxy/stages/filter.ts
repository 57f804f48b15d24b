import type { ResponseContext } from '../../pdk/index.ts';
import type { CompiledPlugin } from '../../snapshot/snapshot.ts';
import type { AnswerHeaders } from '../answer-headers.ts';
import type { DataPlane } from '../data-plane.ts';
import { PhaseView } from '../phase-view.ts';
import type { RequestContext } from '../request-context.ts';

type Source = 'upstream' | 'gateway';

class AnswerView extends PhaseView implements ResponseContext {
  readonly status: number;
  readonly source: Source;
  readonly headers: AnswerHeaders;

  constructor(context: RequestContext, status: number, source: Source, headers: AnswerHeaders) {
    super(context);
    this.status = status;
    this.source = source;
    this.headers = headers;
  }
}

/**
 * Header phase of every plugin of the chain, in its order, on the upstream's answers and on the gateway's own. A
 * plugin that came after one that refused has its turn too (proxying.md 11.1). A fault in one costs its changes only.
 */
export function filterHeaders(
  plane: DataPlane,
  context: RequestContext,
  answer: { readonly status: number; readonly source: Source; readonly headers: AnswerHeaders },
): void {
  const links = context.chain?.links ?? [];
  const view = new AnswerView(context, answer.status, answer.source, answer.headers);
  for (let index = 0; index < links.length; index += 1) {
    const plugin = links[index]?.plugin;
    if (plugin?.headerFilter === undefined) continue;
    const instance = chosenFor(context, index);
    if (instance === undefined) continue;
    view.state = context.keptBy(plugin);
    try {
      plugin.headerFilter(view, instance.prepared);
    } catch (error) {
      reportPhaseFault(plane, context, { phase: 'headerFilter', plugin: plugin.name, error });
    }
  }
}

/**
 * The configuration of the plugin at this place of the chain that later phases use: the one that was chosen when its
 * turn came, and where an earlier plugin answered before, the one that applies now.
 */
export function chosenFor(context: RequestContext, index: number): CompiledPlugin | undefined {
  const { choices, chain } = context;
  if (choices !== undefined && index < choices.length) return choices[index];
  return chain?.links[index]?.choose(context.identity?.consumer?.id);
}

/** Logs a fault in a phase that cannot answer; without the message, since that may quote input. */
export function reportPhaseFault(
  plane: DataPlane,
  context: RequestContext,
  fault: { readonly phase: string; readonly plugin: string; readonly error: unknown },
): void {
  plane.services.log.error('plugin.phase.fail', {
    request_id: context.requestId,
    plugin: fault.plugin,
    phase: fault.phase,
    error: fault.error instanceof Error ? fault.error.name : typeof fault.error,
  });
}
