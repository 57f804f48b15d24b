import { dirname, join, normalize } from 'node:path/posix';
import type { SourceFile } from './source-files.ts';
import { lineOf } from './source-files.ts';

/** One import, export-from or dynamic import of a file. */
export interface ImportEdge {
  readonly from: string;
  readonly line: number;
  readonly specifier: string;
  /** Path from the root for relative specifiers, undefined for packages. */
  readonly target: string | undefined;
  /** Gone after compilation: `import type` and `export type`. */
  readonly typeOnly: boolean;
}

/** Every import of a file; text in comments and strings is not one. */
export function importsOf(file: SourceFile): ImportEdge[] {
  const patterns = [/\b(import|export)\b([^;'"()]*?)\bfrom\s*(['"])(.*?)\3/gs, /\b(import)(\s*)\(?\s*(['"])(.*?)\3/gs];
  const edges = new Map<number, ImportEdge>();
  for (const pattern of patterns) {
    for (const match of file.text.matchAll(pattern)) {
      const keyword = match[1] ?? '';
      // Masked text differs where the word stood in a comment or a string.
      if (file.code.slice(match.index, match.index + keyword.length) !== keyword) continue;
      const specifier = match[4] ?? '';
      edges.set(match.index, {
        from: file.path,
        line: lineOf(file.text, match.index),
        specifier,
        target: specifier.startsWith('.') ? normalize(join(dirname(file.path), specifier)) : undefined,
        typeOnly: /^\s*type\b/.test(match[2] ?? ''),
      });
    }
  }
  return [...edges.values()];
}

/** Package of a specifier: `jose`, `@types/node`, `node:sqlite`; undefined for relative ones. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('/')) return undefined;
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
}

/** One cycle of every knot of files that import each other; empty when there is none. */
export function importCycles(edges: readonly ImportEdge[]): string[][] {
  const targets = new Map<string, string[]>();
  for (const { from, target } of edges) {
    if (target !== undefined) targets.set(from, [...(targets.get(from) ?? []), target]);
  }
  const cycles: string[][] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: string[]) => {
    const seen = trail.indexOf(path);
    if (seen !== -1) {
      cycles.push([...trail.slice(seen), path]);
      return;
    }
    if (done.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of targets.keys()) visit(path, []);
  return cycles;
}
