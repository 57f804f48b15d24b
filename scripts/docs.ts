import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from '../src/base/paths.ts';
import { generatedPages } from './docs/pages.ts';

// `npm run docs`: writes the pages that are generated from the code. With --check nothing is written,
// and a page that differs from what would be is a failure.
const check = process.argv.includes('--check');
const outdated: string[] = [];
for (const { path, text } of generatedPages()) {
  const file = join(packageRoot(), path);
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  outdated.push(path);
  if (check) continue;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
if (check && outdated.length > 0) {
  process.stderr.write(`not in step with the code: ${outdated.join(', ')}\nnpm run docs writes them anew\n`);
  process.exitCode = 1;
} else {
  process.stdout.write(outdated.length === 0 ? 'every page is in step\n' : `written: ${outdated.join(', ')}\n`);
}
