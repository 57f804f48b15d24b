import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/base/paths.ts';

/** A page of docs/guides, taken apart into what is run and what is shown. */
export interface GuidePage {
  readonly name: string;
  readonly title: string;
  readonly blocks: readonly GuideBlock[];
}

export interface GuideBlock {
  /** `run` ends by itself; `background` runs until the page is over, in a terminal of its own. */
  readonly kind: 'run' | 'background';
  readonly line: number;
  readonly script: string;
  /** The output that the page shows below the commands; undefined when it shows none. */
  readonly shown: string | undefined;
}

const folder = join(packageRoot(), 'docs/guides');

/** Every page but the index, in alphabetical order. */
export function guidePages(): GuidePage[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .sort()
    .map((name) => parsePage(name, readFileSync(join(folder, name), 'utf8')));
}

/** The index of the pages. */
export const guideIndex = () => readFileSync(join(folder, 'README.md'), 'utf8');

/**
 * Takes a page apart: blocks marked `sh run` and `sh background`, and a `text` block right below a `run` block as its
 * output. Throws for a `sh` block with another mark, since nobody would notice when it stops working, and for an
 * output that belongs to nothing.
 */
export function parsePage(name: string, markdown: string): GuidePage {
  const blocks: GuideBlock[] = [];
  let above: { block: GuideBlock; end: number } | undefined;
  for (const found of markdown.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)) {
    const [whole, info = '', script = ''] = found;
    const line = markdown.slice(0, found.index).split('\n').length;
    const [language, mark] = info.trim().split(/\s+/);
    if (language === 'sh') {
      if (mark !== 'run' && mark !== 'background') throw new Error(`${name}:${line}: a sh block is run or background`);
      const block: GuideBlock = { kind: mark, line, script, shown: undefined };
      blocks.push(block);
      above = { block, end: found.index + whole.length };
    } else if (language === 'text') {
      if (above?.block.kind !== 'run' || markdown.slice(above.end, found.index).trim() !== '') {
        throw new Error(`${name}:${line}: an output stands right below the commands that print it`);
      }
      blocks[blocks.length - 1] = { ...above.block, shown: script };
      above = undefined;
    }
  }
  return { name, title: /^# (.+)$/m.exec(markdown)?.[1] ?? '', blocks };
}

/**
 * The first shown line that the output does not have, undefined when it has all of them in this order. `…` in a line
 * stands for any text; lines between those shown are left out of the page.
 */
export function missingLine(shown: string, output: string): string | undefined {
  const lines = output.split('\n').map((line) => line.trimEnd());
  let at = 0;
  for (const line of shown.split('\n').map((text) => text.trimEnd())) {
    if (line === '' || line === '…') continue;
    const pattern = new RegExp(`^${line.split('…').map(escaped).join('.*')}$`);
    while (at < lines.length && !pattern.test(lines[at] ?? '')) at += 1;
    if (at === lines.length) return line;
    at += 1;
  }
  return undefined;
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
