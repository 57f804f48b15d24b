import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';

/**
 * Replaces a compiled module by one file with everything that it imports from its own program, since finding and
 * reading hundreds of files takes most of the time in which a thread starts. Packages and `import()` stay imports.
 */
export async function joinModules(root: string, entry: string): Promise<void> {
  const outfile = join(root, entry);
  await build({
    entryPoints: [outfile],
    outfile,
    allowOverwrite: true,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    packages: 'external',
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [keepsPlaces(root, dirname(outfile)), keepsLateImports(dirname(outfile))],
  });
}

/** Modules find files beside themselves by `import.meta.url`, which stays that of the module they came from. */
function keepsPlaces(root: string, from: string): Plugin {
  return {
    name: 'places',
    setup({ onLoad }) {
      onLoad({ filter: /\.js$/ }, async ({ path }) => {
        if (relative(root, path).startsWith('..')) return undefined;
        const place = `new URL(${JSON.stringify(relative(from, path))}, import.meta.url).href`;
        return { contents: (await readFile(path, 'utf8')).replaceAll('import.meta.url', place), loader: 'js' };
      });
    },
  };
}

/** What is imported late is not needed to start, so it is not read to start either. */
function keepsLateImports(from: string): Plugin {
  return {
    name: 'late imports',
    setup({ onResolve }) {
      onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
        if (kind !== 'dynamic-import') return undefined;
        const target = relative(from, join(resolveDir, path));
        return { path: target.startsWith('.') ? target : `./${target}`, external: true };
      });
    },
  };
}
