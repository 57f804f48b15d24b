import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { joinModules } from '../../scripts/steps/join-modules.ts';

const folder = mkdtempSync(join(tmpdir(), 'join-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let programs = 0;
/** Writes the modules, joins them into the first, removes all but that one and the kept ones, and imports it. */
async function joined(modules: Readonly<Record<string, string>>, kept: readonly string[] = []): Promise<unknown> {
  const root = join(folder, String(++programs));
  for (const [path, text] of Object.entries({ 'package.json': '{"type":"module"}', ...modules })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const [entry = ''] = Object.keys(modules);
  await joinModules(root, entry);
  for (const path of Object.keys(modules)) if (path !== entry && !kept.includes(path)) rmSync(join(root, path));
  return { ...(await import(pathToFileURL(join(root, entry)).href)) };
}

test('a joined program needs none of its other files and runs each once, in the order of their imports', async () => {
  const program = await joined({
    'cli/main.js':
      "import './a.js';\nimport { list } from '../base/list.js';\nimport './b.js';\nlist.push('main');\nexport const order = list.join(' ');\n",
    'cli/a.js': "import { list } from '../base/list.js';\nlist.push('a');\n",
    'cli/b.js': "import { list } from '../base/list.js';\nimport './a.js';\nlist.push('b');\n",
    'base/list.js': 'export const list = [];\n',
  });
  assert.deepEqual(program, { order: 'a b main' });
});

test('a module still finds the files beside it, and what it imports late', async () => {
  const program = await joined(
    {
      'cli/main.js': "export { place, late } from '../base/deep/place.js';\n",
      'base/deep/place.js':
        "export const place = new URL('./data.txt', import.meta.url).pathname.split('/').slice(-3).join('/');\n" +
        "export const late = (await import('./late.js')).late;\n",
      'base/deep/late.js': "export const late = 'late';\n",
    },
    ['base/deep/late.js'],
  );
  assert.deepEqual(program, { place: 'base/deep/data.txt', late: 'late' });
});
