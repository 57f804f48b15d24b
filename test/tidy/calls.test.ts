import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/base/paths.ts';
import { isTestFile, placesOf, typeScriptFiles } from './source-files.ts';

interface Ban {
  readonly what: string;
  readonly pattern: RegExp;
  readonly why: string;
  /** Places in src where the call belongs. */
  readonly allowed: RegExp;
}

const nowhere = /^$/;

const bans: readonly Ban[] = [
  {
    what: 'console.log(x)',
    pattern: /\bconsole\s*\./g,
    why: 'the process log is src/base/log.ts; only commands speak to a person',
    allowed: /^src\/(cli|dev)\/|^src\/main\.ts$/,
  },
  {
    what: 'process.exit(1)',
    pattern: /\bprocess\s*\.\s*(exit|abort|reallyExit)\b/g,
    why: 'only the entry of a process ends it; anything else returns or throws',
    allowed: /^src\/cli\/|(^|\/)main\.ts$/,
  },
  { what: 'eval(x)', pattern: /\beval\s*\(/g, why: 'text is never run', allowed: nowhere },
  { what: 'new Function(x)', pattern: /\bnew\s+Function\b/g, why: 'text is never run', allowed: nowhere },
  {
    what: 'Math.random()',
    pattern: /\bMath\s*\.\s*random\b/g,
    why: 'its numbers can be guessed, and a test cannot set them; take a random source as argument',
    allowed: nowhere,
  },
];

const sources = typeScriptFiles('src').filter(({ path }) => !isTestFile(path));

for (const { what, pattern, why, allowed } of bans) {
  test(`${what} stands nowhere it does not belong`, () => {
    assert.ok(new RegExp(pattern.source).test(what), 'the pattern finds its own example');
    assert.ok(sources.length > 50);
    const wrong = sources.filter(({ path }) => !allowed.test(path)).flatMap((file) => placesOf(file, pattern));
    assert.deepEqual(wrong, [], why);
  });
}

test('no comment switches the compiler or the linter off', () => {
  const everywhere = typeScriptFiles('src', 'test', 'scripts', 'bench');
  const switches = new RegExp(`@ts-(${['ignore', 'nocheck'].join('|')})|biome-${'ignore'}`);
  // In a test it asserts that something does not compile, and fails when it does.
  const expectation = new RegExp(`@ts-${'expect-error'}`);
  assert.ok(everywhere.length > sources.length);
  assert.deepEqual(
    everywhere
      .filter(({ path, text }) => switches.test(text) || (!isTestFile(path) && expectation.test(text)))
      .map(({ path }) => path),
    [],
  );
});

test('the linter refuses any and the non-null mark, and the compiler what would need a build', () => {
  const linter = JSON.parse(readFileSync(join(packageRoot(), 'biome.json'), 'utf8')).linter.rules;
  assert.equal(linter.suspicious.noExplicitAny, 'error');
  assert.equal(linter.style.noNonNullAssertion, 'error');
  const compiler = JSON.parse(readFileSync(join(packageRoot(), 'tsconfig.json'), 'utf8')).compilerOptions;
  for (const option of ['strict', 'erasableSyntaxOnly', 'noUncheckedIndexedAccess', 'exactOptionalPropertyTypes']) {
    assert.equal(compiler[option], true, option);
  }
});
