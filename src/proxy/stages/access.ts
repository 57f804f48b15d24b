import type { AccessResult, PluginResponse } from '../../pdk/index.ts';
import { DecisionDraft } from '../../pdk/index.ts';
import { materialiseDecided } from '../../runtime/decision-rings.ts';
import type { PluginChain } from '../../snapshot/plugin-chain.ts';
import type { CompiledPlugin } from '../../snapshot/snapshot.ts';
import type { DataPlane } from '../data-plane.ts';
import type { RequestContext } from '../request-context.ts';
import { answerPlugin } from './send.ts';

/**
 * Runs the chain in priority order. Undefined: it ended without waiting. A promise only when a plugin
 * returned one. `context.answered` tells whether a plugin answered.
 */
export function runAccess(plane: DataPlane, context: RequestContext): Promise<void> | undefined {
  const { chain } = context;
  if (chain === undefined || chain.links.length === 0) return undefined;
  return runFrom(plane, context, chain, 0);
}

function runFrom(
  plane: DataPlane,
  context: RequestContext,
  chain: PluginChain,
  start: number,
): Promise<void> | undefined {
  for (let index = start; index < chain.links.length; index += 1) {
    const link = chain.links[index];
    if (link?.plugin.access === undefined) continue;
    const instance = link.choose(context.identity?.consumer?.id);
    if (instance === undefined) continue;
    context.decision = new DecisionDraft();
    const result = link.plugin.access(context, instance.prepared);
    if (result instanceof Promise) {
      return result.then((settled) => {
        if (finishLink(plane, context, instance, settled)) return undefined;
        return runFrom(plane, context, chain, index + 1);
      });
    }
    if (finishLink(plane, context, instance, result)) return undefined;
  }
  return undefined;
}

/** Records the plugin's decision; true when it answered. */
function finishLink(
  plane: DataPlane,
  context: RequestContext,
  instance: CompiledPlugin,
  result: AccessResult,
): boolean {
  if (context.decision.decided) recordDecision(plane, context, instance, result);
  if (result === undefined) return false;
  if (!context.exchange.clientGone) answerPlugin(plane, context, result);
  context.answered = true;
  return true;
}

function recordDecision(
  plane: DataPlane,
  context: RequestContext,
  instance: CompiledPlugin,
  result: PluginResponse | undefined,
): void {
  const draft = context.decision;
  const decided = {
    requestId: context.requestId,
    at: plane.services.now(),
    status: result?.status ?? 200,
    route: context.route,
    plugin: instance.definition,
    instance,
    prepared: instance.prepared,
    draft,
  };
  plane.rings.record(decided);
  if (draft.failure === undefined) return;
  const view = materialiseDecided(decided);
  const failed = view.checks.find((check) => check.verdict === 'fail');
  plane.services.log.warn('plugin.request.refuse', {
    request_id: view.request_id,
    plugin: instance.name,
    plugin_id: instance.id,
    route: context.route.name ?? context.route.id,
    status: view.status,
    check: view.failed,
    text: view.text,
    seen: failed?.seen,
    expected: failed?.expected,
    field: failed?.field,
    hint: failed?.hint,
  });
}
