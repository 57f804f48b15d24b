import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ConfigChange } from '../entities/index.ts';
import { Compilation } from './compilation.ts';
import type { CompileEnvironment, CompileOptions, CompileOutcome } from './compile-types.ts';
import { Pacer } from './pacer.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * The snapshot after a change. `previous` is not changed and shares with the result everything whose
 * entity did not change, down to the parts of the router. Works in slices; never throws on what a change
 * holds: every entity that cannot run is reported at once. Consumers and other kinds are left out.
 */
export async function compileSnapshot(
  previous: Snapshot,
  change: ConfigChange,
  env: CompileEnvironment,
  options: CompileOptions = {},
): Promise<CompileOutcome> {
  const pacer = new Pacer(options.sliceMs ?? 2, options.yieldNow ?? (() => nextTurn()));
  const compilation = new Compilation(previous, env);
  for (const gone of change.deletes) {
    compilation.remove(gone.kind, gone.id);
    if (pacer.due()) await pacer.pause();
  }
  // Plugins first, then services, then routes: each is built from the ones before.
  for (const upsert of change.upserts) {
    if (upsert.kind === 'plugins') compilation.setPlugin(upsert.entity);
    else if (upsert.kind === 'services') compilation.setService(upsert.entity);
    else if (upsert.kind === 'routes') compilation.setRoute(upsert.entity);
    if (pacer.due()) await pacer.pause();
  }
  for (const _step of compilation.build()) if (pacer.due()) await pacer.pause();
  const faults = compilation.faults;
  if (faults.length > 0) return { kind: 'faults', faults };
  return { kind: 'ok', snapshot: compilation.snapshot(change.revision) };
}

export type { CompileEnvironment, CompileFault, CompileOptions, CompileOutcome } from './compile-types.ts';
