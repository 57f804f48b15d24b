import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineOf, placesOf, type SourceFile, typeScriptFiles } from './source-files.ts';

const tests = typeScriptFiles('src', 'test').filter(({ path }) => path.endsWith('.test.ts'));

function namesIn(file: SourceFile): { name: string; place: string }[] {
  const calls = file.text.matchAll(/(?<![.\w])(?:test|it)\s*\(\s*(['"`])((?:\\.|(?!\1).)*)\1/gs);
  return [...calls]
    .filter((call) => /[a-z]/.test(file.code[call.index] ?? ''))
    .map((call) => ({ name: call[2] ?? '', place: `${file.path}:${lineOf(file.text, call.index)}` }));
}

/** A sentence has at least two words; numbers and names of issues say nothing about behaviour. */
function statesBehaviour(name: string): boolean {
  return (name.match(/[A-Za-z]{2,}/g) ?? []).length >= 2 && !/^\W*(test|case|issue|bug)?\s*#?\d+\W*$/i.test(name);
}

test('the names of tests state behaviour', () => {
  const named = tests.flatMap(namesIn);
  assert.ok(named.length > 50);
  assert.deepEqual(
    named.filter(({ name }) => !statesBehaviour(name)),
    [],
  );
});

test('no test is left out', () => {
  const leftOut = /\.\s*(only|skip|todo)\s*\(|\b(only|skip|todo)\s*:\s*(true|process|[a-z]\w*\s*\()/g;
  assert.ok(leftOut.test('x.skip('));
  assert.deepEqual(
    tests.flatMap((file) => placesOf(file, leftOut)),
    [],
  );
});

test('every test file has tests', () => {
  assert.ok(tests.length > 10);
  const empty = tests.filter((file) => !/\b(test|it)\s*\(/.test(file.code));
  assert.deepEqual(
    empty.map(({ path }) => path),
    [],
  );
});

test('a number is not a name', () => {
  assert.ok(!statesBehaviour('12'));
  assert.ok(!statesBehaviour('issue #12'));
  assert.ok(statesBehaviour('a token of 64 KB is refused'));
});
