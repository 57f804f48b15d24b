import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/base/paths.ts';
import { type ImportEdge, importCycles, importsOf, packageOf } from './import-graph.ts';
import { isTestFile, typeScriptFiles } from './source-files.ts';

/** Which folder of src/ may import which others; the table of ARCHITECTURE. A folder may always import itself. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  schema: ['base'],
  entities: ['base', 'schema'],
  oauth: ['base'],
  http: ['base'],
  pdk: ['base', 'schema', 'entities'],
  plugins: ['base', 'schema', 'entities', 'pdk', 'oauth'],
  store: ['base', 'schema', 'entities'],
  threads: ['base', 'entities'],
  balancer: ['base'],
  runtime: ['base', 'pdk', 'http', 'threads', 'balancer'],
  snapshot: ['base', 'schema', 'entities', 'pdk'],
  proxy: ['base', 'http', 'pdk', 'runtime', 'snapshot', 'threads', 'balancer'],
  admin: ['base', 'schema', 'entities', 'pdk', 'store', 'snapshot', 'threads'],
  manager: ['base'],
  settings: ['base', 'schema'],
  dev: ['base'],
};

/** Folders and files that join the parts and may import everything. */
const joiners = new Set(['cli', 'main.ts']);

/** The one file that may import a third-party package, so that replacing it is one file's work. */
const doors: Readonly<Record<string, string>> = {
  jose: 'src/oauth/jose.ts',
  'node:sqlite': 'src/store/sqlite/driver.ts',
  'oidc-provider': 'src/dev/provider/oidc-provider.ts',
  pino: 'src/base/log.ts',
  'prom-client': 'src/admin/prometheus.ts',
  re2js: 'src/base/regex.ts',
  selfsigned: 'src/base/certificate.ts',
  undici: 'src/runtime/provider-client.ts',
  yaml: 'src/store/declarative/yaml.ts',
};

/** Development dependencies that nothing in src/ imports: what checks the code, and the peers of tests. */
const tools = new Set(['@biomejs/biome', '@types/node', '@types/ws', 'esbuild', 'typescript', 'ws']);

const sources = typeScriptFiles('src').filter(({ path }) => !isTestFile(path));
const edges = sources.flatMap(importsOf);

const partOf = (path: string) => path.split('/')[1] ?? '';
const placeOf = ({ from, line, specifier }: ImportEdge) => `${from}:${line} imports ${specifier}`;

test('there are imports to judge', () => {
  assert.ok(sources.length > 50);
  assert.ok(edges.length > 100);
  assert.ok(edges.some(({ typeOnly }) => typeOnly));
});

test('every folder of src is in the table', () => {
  const parts = new Set(sources.map(({ path }) => partOf(path)));
  assert.deepEqual(
    [...parts].filter((part) => !(part in mayImport) && !joiners.has(part)),
    [],
  );
});

test('folders import only what the table allows', () => {
  const wrong = edges.filter(({ from, target }) => {
    if (target === undefined) return false;
    const [own, other] = [partOf(from), partOf(target)];
    return own !== other && !joiners.has(own) && !(mayImport[own] ?? []).includes(other);
  });
  assert.deepEqual(wrong.map(placeOf), []);
});

test('nothing in src reaches outside src', () => {
  const wrong = edges.filter(({ target }) => target !== undefined && !target.startsWith('src/'));
  assert.deepEqual(wrong.map(placeOf), []);
});

test('no plugin imports another plugin', () => {
  const pluginOf = (path: string) => /^src\/plugins\/([^/]+)\//.exec(path)?.[1];
  const wrong = edges.filter(({ from, target }) => {
    const [own, other] = [pluginOf(from), target === undefined ? undefined : pluginOf(target)];
    return own !== undefined && other !== undefined && own !== other;
  });
  assert.deepEqual(wrong.map(placeOf), []);
});

test('relative imports name an existing TypeScript file', () => {
  const paths = new Set(typeScriptFiles('src').map(({ path }) => path));
  const wrong = edges.filter(({ target }) => target !== undefined && !paths.has(target));
  assert.deepEqual(wrong.map(placeOf), []);
});

test('no product code imports a test', () => {
  const wrong = edges.filter(({ target }) => target !== undefined && isTestFile(target));
  assert.deepEqual(wrong.map(placeOf), []);
});

// Imports of types are gone when the program runs, so they cannot make it start in the wrong order.
test('no two files import each other at run time, directly or around corners', () => {
  assert.deepEqual(
    importCycles(edges.filter(({ typeOnly }) => !typeOnly)).map((cycle) => cycle.join(' -> ')),
    [],
  );
});

test('a third-party package is imported by its door alone', () => {
  const wrong = edges.filter(({ from, specifier }) => {
    const name = packageOf(specifier);
    if (name === undefined) return false;
    if (name.startsWith('node:') && !(name in doors)) return false;
    return doors[name] !== from;
  });
  assert.deepEqual(wrong.map(placeOf), []);
});

test('every door exists and imports its package', () => {
  const missing = Object.entries(doors).filter(
    ([name, door]) => !edges.some(({ from, specifier }) => from === door && packageOf(specifier) === name),
  );
  assert.deepEqual(missing, []);
});

test('every dependency has a door or is a tool', () => {
  const description: { dependencies: object; devDependencies: object } = JSON.parse(
    readFileSync(join(packageRoot(), 'package.json'), 'utf8'),
  );
  const runtime = Object.keys(description.dependencies);
  assert.ok(runtime.length > 0);
  assert.deepEqual(
    runtime.filter((name) => !(name in doors)),
    [],
  );
  assert.deepEqual(
    Object.keys(description.devDependencies).filter((name) => !tools.has(name)),
    [],
  );
});

test('a cycle, a forbidden folder and a comment are told apart', () => {
  const text = "// import x from 'a'\nimport type { b } from './b.ts';\nconst c = await import('../c/c.ts');\n";
  const found = importsOf({
    path: 'src/x/a.ts',
    text,
    code: text.replace(/\/\/.*/, (line) => ' '.repeat(line.length)),
  });
  assert.deepEqual(
    found.map(({ target, typeOnly }) => [target, typeOnly]),
    [
      ['src/x/b.ts', true],
      ['src/c/c.ts', false],
    ],
  );
  const edge = (from: string, target: string): ImportEdge => ({
    from,
    target,
    line: 1,
    specifier: target,
    typeOnly: false,
  });
  assert.deepEqual(importCycles([edge('a', 'b'), edge('b', 'c'), edge('c', 'b')]), [['b', 'c', 'b']]);
});
