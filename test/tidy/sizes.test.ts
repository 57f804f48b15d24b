import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functionLengths } from './function-lengths.ts';
import { maskCode } from './mask-code.ts';
import { isTestFile, typeScriptFiles } from './source-files.ts';

const fileLinesMax = 450;
const functionLinesMax = 80;

const sources = typeScriptFiles('src', 'scripts').filter(({ path }) => !isTestFile(path));

test(`no source file has more than ${fileLinesMax} lines`, () => {
  assert.ok(sources.length > 50);
  const long = sources
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > fileLinesMax);
  assert.deepEqual(long, [], 'split by step, not by size');
});

test(`no function has more than ${functionLinesMax} lines`, () => {
  const lengths = sources.flatMap(functionLengths);
  assert.ok(lengths.length > 200);
  assert.deepEqual(
    lengths.filter(({ lines }) => lines > functionLinesMax),
    [],
    'keep branches in the parent and move leaves out',
  );
});

test('functions of every form are measured', () => {
  const forms = [
    'function a(b: { c: number }): { d: string } {\n}',
    'const a = async (b) => {\n};',
    'class A {\n  b<T>(c: T): Promise<Map<string, T>> {\n  }\n}',
    'const a = { b() {\n} };',
  ];
  for (const text of forms) {
    assert.ok(
      functionLengths({ path: 'a.ts', text, code: maskCode(text) }).some(({ lines }) => lines === 2),
      text,
    );
  }
  const data = 'const a = {\n  b: 1,\n};';
  assert.deepEqual(functionLengths({ path: 'a.ts', text: data, code: data }), []);
});
