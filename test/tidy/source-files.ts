import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/base/paths.ts';
import { maskCode } from './mask-code.ts';

/** One file of the repository, with its path from the root. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** The text with comments, strings and regular expressions blanked, same length. */
  readonly code: string;
}

/** Files that are in the repository or about to be: tracked ones and new ones that no rule ignores. */
export function repositoryPaths(): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: packageRoot(),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const paths = listed.split('\0').filter((path) => path !== '' && existsSync(join(packageRoot(), path)));
  return [...new Set(paths)].sort();
}

/** TypeScript files below the given folders, read once per process. */
export function typeScriptFiles(...folders: string[]): SourceFile[] {
  return repositoryPaths()
    .filter((path) => path.endsWith('.ts') && folders.some((folder) => path.startsWith(`${folder}/`)))
    .map(readSource);
}

const sources = new Map<string, SourceFile>();

function readSource(path: string): SourceFile {
  let source = sources.get(path);
  if (source === undefined) {
    const text = readFileSync(join(packageRoot(), path), 'utf8');
    source = { path, text, code: maskCode(text) };
    sources.set(path, source);
  }
  return source;
}

/** Test files, and what only they use: test folders may import anything and may be long. */
export function isTestFile(path: string): boolean {
  return path.endsWith('.test.ts') || path.startsWith('test/') || path.startsWith('bench/');
}

/** Line number of an offset, counted from 1. */
export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

/** `path:line` of every match of a pattern (with flag g) in the code, comments and strings left out. */
export function placesOf(file: SourceFile, pattern: RegExp): string[] {
  return [...file.code.matchAll(pattern)].map((match) => `${file.path}:${lineOf(file.text, match.index)}`);
}
