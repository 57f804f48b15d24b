import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { parseChange } from '../../scripts/docs/changelog.ts';
import { packageRoot } from '../../src/base/paths.ts';
import { repositoryPaths } from './source-files.ts';

const read = (path: string) => readFileSync(join(packageRoot(), path), 'utf8');
const markdown = repositoryPaths().filter((path) => path.endsWith('.md'));

const withoutCode = (text: string) => text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').replace(/`[^`\n]*`/g, '``');

function linksOf(path: string): { target: string; anchor: string }[] {
  return [...withoutCode(read(path)).matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)]
    .map((match) => match[1] ?? '')
    .filter((link) => !/^[a-z][a-z0-9+.-]*:/i.test(link))
    .map((link) => {
      const [file = '', anchor = ''] = link.split('#');
      return { target: file === '' ? path : normalize(join(dirname(path), decodeURIComponent(file))), anchor };
    });
}

/** Anchors as GitHub makes them from headings. */
function anchorsOf(path: string): Set<string> {
  const headings = read(path)
    .replace(/^(```|~~~)[\s\S]*?^\1/gm, '')
    .matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm);
  const anchors = new Set<string>();
  for (const [, heading = ''] of headings) {
    const plain = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    let anchor = plain;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${plain}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

test('links between documents lead somewhere', () => {
  const links = markdown.flatMap((path) => linksOf(path).map((link) => ({ path, ...link })));
  assert.ok(links.length > 10);
  const dead = links.filter(({ target, anchor }) => {
    if (!existsSync(join(packageRoot(), target))) return true;
    return anchor !== '' && target.endsWith('.md') && !anchorsOf(target).has(anchor);
  });
  assert.deepEqual(dead, []);
});

test('every decision is one page with its four parts, and listed', () => {
  const pages = readdirSync(join(packageRoot(), 'docs/decisions'))
    .filter((name) => /^\d{4}-/.test(name))
    .sort();
  assert.ok(pages.length >= 10);
  const list = read('docs/decisions/README.md');
  for (const [index, page] of pages.entries()) {
    assert.match(page, new RegExp(`^${String(index + 1).padStart(4, '0')}-[a-z0-9-]+\\.md$`));
    assert.ok(list.includes(`(${page})`), `${page} is not in docs/decisions/README.md`);
    const text = read(`docs/decisions/${page}`);
    for (const part of ['Context', 'Choice', 'Cost', 'When to reopen']) {
      assert.match(text, new RegExp(`^## ${part}$`, 'm'), `${page} lacks "${part}"`);
    }
    assert.ok(text.split('\n').length <= 70, `${page} is longer than a page`);
  }
});

test('every change entry is well-formed', () => {
  const entries = readdirSync(join(packageRoot(), 'changes')).filter((name) => name !== 'README.md');
  assert.ok(entries.length > 0);
  for (const name of entries) {
    assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)*\.md$/);
    assert.doesNotThrow(() => parseChange(name, read(`changes/${name}`)));
  }
});

test('the documents that every project has are there', () => {
  const expected = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'LICENSE'];
  assert.deepEqual(
    expected.filter((path) => !existsSync(join(packageRoot(), path))),
    [],
  );
});
