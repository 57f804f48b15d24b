import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfFile } from './conf-file.ts';

function valuesOf(text: string): Record<string, string> {
  const { entries, faults } = parseConfFile(text);
  assert.deepEqual(faults, []);
  return Object.fromEntries(entries.map(({ name, value }) => [name, value]));
}

test('names and values are read without the blanks around them', () => {
  assert.deepEqual(valuesOf('  log_level=debug\r\nplugins = a, b \n\n'), { log_level: 'debug', plugins: 'a, b' });
});

test('a comment starts anywhere, and an escaped number sign is a literal one', () => {
  assert.deepEqual(valuesOf('# all\npg_password = a\\#b # why\n#x = y\n'), { pg_password: 'a#b' });
});

test('a value may contain equals signs and be empty', () => {
  assert.deepEqual(valuesOf('a = b=c\nd =\n'), { a: 'b=c', d: '' });
});

test('names are taken in any case', () => {
  assert.deepEqual(valuesOf('Log_Level = warn'), { log_level: 'warn' });
});

test('a line that is no assignment is a fault with its number and without its text', () => {
  const { faults } = parseConfFile('log_level = info\nhunter2\n= x\n');
  assert.equal(faults.length, 2);
  assert.match(faults[0] ?? '', /^line 2: not understood/);
  assert.ok(!faults.join().includes('hunter2'));
});
