import type { AccessResult, PluginResponse } from '../../pdk/index.ts';
import { DecisionDraft } from '../../pdk/index.ts';
import { materialiseDecided } from '../../runtime/decision-rings.ts';
import { globalChain, type PluginChain } from '../../snapshot/plugin-chain.ts';
import type { CompiledPlugin } from '../../snapshot/snapshot.ts';
import type { DataPlane } from '../data-plane.ts';
import { phasesOf } from '../phases.ts';
import type { RequestContext } from '../request-context.ts';
import { answerPlugin } from './send.ts';

/**
 * Runs the chain in priority order. Undefined: it ended without waiting. A promise only when a plugin
 * returned one. `context.answered` tells whether a plugin answered.
 */
export function runAccess(plane: DataPlane, context: RequestContext): Promise<void> | undefined {
  const { chain } = context;
  if (chain === undefined || chain.links.length === 0) return undefined;
  const phases = phasesOf(chain);
  if (phases.headerFilter || phases.log) context.choices = [];
  context.enterPlugins();
  return runFrom(plane, context, { chain, phase: 'access' }, 0);
}

/** The same for the phase before the match, which only configurations that are bound to nothing have. */
export function runRewrite(plane: DataPlane, context: RequestContext): Promise<void> | undefined {
  const { snapshot } = context;
  if (snapshot.globals.anyone.length === 0) return undefined;
  const chain = globalChain(snapshot);
  // Whoever answers before the match: these plugins see the answer and are told when it is over.
  context.chain = chain;
  if (!phasesOf(chain).rewrite) return undefined;
  context.enterPlugins();
  return runFrom(plane, context, { chain, phase: 'rewrite' }, 0);
}

interface Run {
  readonly chain: PluginChain;
  readonly phase: 'rewrite' | 'access';
}

function runFrom(plane: DataPlane, context: RequestContext, run: Run, start: number): Promise<void> | undefined {
  const { links } = run.chain;
  for (let index = start; index < links.length; index += 1) {
    const link = links[index];
    if (link === undefined) continue;
    const runs = link.plugin[run.phase] !== undefined;
    const { choices } = context;
    if (!runs && choices === undefined) continue;
    const instance = link.choose(context.identity?.consumer?.id);
    if (choices !== undefined) choices[index] = instance;
    if (!runs || instance === undefined) continue;
    context.decision = new DecisionDraft();
    context.turn = link.plugin;
    const result = link.plugin[run.phase]?.(context, instance.prepared);
    if (result instanceof Promise) {
      return result.then((settled) => {
        if (finishLink(plane, context, instance, settled)) return undefined;
        return runFrom(plane, context, run, index + 1);
      });
    }
    if (finishLink(plane, context, instance, result)) return undefined;
  }
  context.turn = undefined;
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
  context.leavePlugins();
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
  plane.metrics?.observeDecision(instance.name, instance.definition.checks, draft);
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
