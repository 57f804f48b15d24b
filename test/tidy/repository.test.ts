import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/base/paths.ts';
import { repositoryPaths } from './source-files.ts';

const isText = (path: string) => /\.(ts|js|mjs|json|md|sh|yaml|yml|conf|tsv|txt)$|(^|\/)[^./]+$/.test(path);
const texts = repositoryPaths()
  .filter((path) => isText(path) && statSync(join(packageRoot(), path)).size < 4 * 1024 * 1024)
  .map((path) => ({ path, text: readFileSync(join(packageRoot(), path), 'utf8') }));

/** Lines of all texts that a pattern finds, as `path:line`. */
function placesOf(pattern: RegExp, except = /^$/): string[] {
  return texts
    .filter(({ path }) => !except.test(path))
    .flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : [])),
    );
}

test('no file names a folder of the machine it was written on', () => {
  assert.ok(texts.length > 50);
  // Put together here, so that this file does not find itself.
  const folders = new RegExp(`(^|[\\s"'\`(=:])/(${['work', 'root', 'home', 'Users', 'mnt'].join('|')})/[\\w.]`);
  assert.ok(folders.test(`cd ${['', 'work', 'main'].join('/')}`));
  assert.deepEqual(placesOf(folders), []);
});

test('no lock file ties an install to one registry', () => {
  const locks = texts.filter(({ path }) => path.endsWith('package-lock.json'));
  assert.ok(locks.length >= 2);
  assert.deepEqual(
    locks.filter(({ text }) => /"resolved": "https?:/.test(text)).map(({ path }) => path),
    [],
    'write the lock file with npm install --omit-lockfile-registry-resolved',
  );
});

test('the lock file has every optional package, also those of other platforms', () => {
  // npm ci refuses a lock file without them, and npm install leaves out what a registry does not have.
  const lock: { packages: Record<string, { optionalDependencies?: object }> } = JSON.parse(
    readFileSync(join(packageRoot(), 'package-lock.json'), 'utf8'),
  );
  const wanted = Object.values(lock.packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
  assert.ok(wanted.length > 0);
  assert.deepEqual(
    wanted.filter((name) => lock.packages[`node_modules/${name}`] === undefined),
    [],
  );
});

test('no file sets a registry of its own', () => {
  const registry = new RegExp(`--${'registry'}|^\\s*${'registry'}\\s*=|npm_config_${'registry'}`);
  assert.ok(registry.test(`npm ci --${'registry'} x`));
  assert.deepEqual(placesOf(registry), []);
});

test('nothing generated or private is in the repository', () => {
  const wrong = repositoryPaths().filter((path) =>
    /(^|\/)(node_modules|dist|\.sallyport|\.cache)\/|\.tgz$|\.sqlite|\.npmrc$/.test(path),
  );
  assert.deepEqual(wrong, []);
});

test('names of files are in kebab case', () => {
  const own = repositoryPaths().filter((path) => /^(src|test|scripts|bench)\//.test(path));
  assert.ok(own.length > 50);
  const last = (path: string) => path.split('/').at(-1) ?? '';
  const wrong = own.filter(
    (path) => path.endsWith('.ts') && !/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|d|bench))?\.ts$/.test(last(path)),
  );
  assert.deepEqual(wrong, []);
});
