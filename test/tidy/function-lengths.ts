import { lineOf, type SourceFile } from './source-files.ts';

export interface FunctionLength {
  readonly path: string;
  readonly line: number;
  readonly lines: number;
}

/**
 * Lengths of the blocks that follow a parameter list or an arrow. Blocks of `if` and `for` are counted
 * as well, which does no harm: they are shorter than the function around them.
 */
export function functionLengths(file: SourceFile): FunctionLength[] {
  const { code } = file;
  const open: { offset: number; isFunction: boolean }[] = [];
  const found: FunctionLength[] = [];
  for (let at = 0; at < code.length; at++) {
    if (code[at] === '{') open.push({ offset: at, isFunction: startsFunction(code, at) });
    if (code[at] !== '}') continue;
    const block = open.pop();
    if (block?.isFunction !== true) continue;
    const line = lineOf(code, block.offset);
    found.push({ path: file.path, line, lines: lineOf(code, at) - line + 1 });
  }
  return found;
}

function startsFunction(code: string, brace: number): boolean {
  const before = code.slice(Math.max(0, brace - 400), brace).trimEnd();
  if (before.endsWith('=>') || before.endsWith(')')) return true;
  // A return type: back over what types are made of to the parameter list's end.
  return (
    /\)\s*:\s*(?:[\w\s<>[\]|&.,'"?:;{}]|=>)*$/.test(before) &&
    !/[=;]\s*$/.test(before) &&
    !/\b(class|interface)\b[^{}]*$/.test(before)
  );
}
