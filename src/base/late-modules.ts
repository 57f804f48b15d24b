import { createRequire } from 'node:module';

/**
 * Loads a package at its first use, at once and in the calling thread: what not every gateway needs, or only later,
 * must not hold up the start. `load` gets a `require` that finds the packages of this program.
 */
export function lateModule<Module>(load: (require: NodeJS.Require) => Module): () => Module {
  let loaded: Module | undefined;
  return () => {
    loaded ??= load(createRequire(import.meta.url));
    return loaded;
  };
}

/**
 * node:http without `import`, which would read every export of it: some of them load a whole WebSocket client when
 * they are looked at, 40 ms for each thread.
 */
export const nodeHttp: typeof import('node:http') = process.getBuiltinModule('node:http');
