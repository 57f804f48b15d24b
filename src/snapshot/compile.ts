import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ConfigChange } from '../entities/index.ts';
import { Compilation } from './compilation.ts';
import type { CompileEnvironment, CompileOptions, CompileOutcome } from './compile-types.ts';
import { Pacer } from './pacer.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * The snapshot after a change. `previous` is not changed and shares with the result everything whose
 * entity did not change, down to the parts of the router. Works in slices; never throws on what a change
 * holds: every entity that cannot run is reported at once. Consumers, their credentials and targets are left out.
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
    compilation.remove(gone);
    if (pacer.due()) await pacer.pause();
  }
  for (const upsert of change.upserts) {
    compilation.set(upsert);
    if (pacer.due()) await pacer.pause();
  }
  for (const _step of compilation.build()) if (pacer.due()) await pacer.pause();
  const faults = compilation.faults;
  if (faults.length > 0) return { kind: 'faults', faults };
  return { kind: 'ok', snapshot: compilation.snapshot(change.revision) };
}

export type { CompileEnvironment, CompileFault, CompileOptions, CompileOutcome } from './compile-types.ts';
