import assert from 'node:assert/strict';
import test from 'node:test';
import { compileUserRegex, regexFault, type UserRegex } from './regex.ts';

function compile(source: string, options?: { ignoreCase?: boolean }): UserRegex {
  const compiled = compileUserRegex(source, options);
  assert.ok(compiled.kind === 'ok', `${source} compiles`);
  return compiled.regex;
}

test('a match is anchored at the start but not at the end, with numbered and named groups', () => {
  const match = compile('/u/(?<id>\\d+)/(\\w+)').matchStart('/u/12/ab/rest');
  assert.deepEqual(match?.groups, ['12', 'ab']);
  assert.equal(match?.named['id'], '12');
  assert.equal(match?.length, '/u/12/ab'.length);
  assert.equal(compile('/u').matchStart('/x/u'), undefined);
});

test('a group that took no part is undefined and absent by name', () => {
  const match = compile('/a(?<b>/b)?').matchStart('/a');
  assert.deepEqual(match?.groups, [undefined]);
  assert.equal('b' in (match?.named ?? {}), false);
});

test('search looks anywhere and can ignore case', () => {
  assert.equal(compile('B+').search('abbb'), false);
  assert.equal(compile('B+', { ignoreCase: true }).search('abbb'), true);
});

test('what the engine cannot match in linear time is refused with its reason', () => {
  assert.match(regexFault('/a(') ?? '', /missing closing \)/);
  assert.match(regexFault('(?=a)') ?? '', /unsupported/);
  assert.match(regexFault('\\1') ?? '', /invalid escape sequence/);
  assert.match(regexFault('a'.repeat(5000)) ?? '', /longer than 4096 characters/);
  assert.equal(typeof regexFault('('.repeat(4096)), 'string');
  assert.equal(regexFault('/status/\\w+'), undefined);
});

test('the classic catastrophic pattern stays fast', () => {
  const started = performance.now();
  assert.equal(compile('(a+)+$').search(`${'a'.repeat(5000)}!`), false);
  assert.ok(performance.now() - started < 10_000);
});

test('the literal prefix is never longer than what every match begins with', () => {
  const cases: [string, string][] = [
    ['/status/\\w+', '/status/'],
    ['^/v1\\.0/x', '/v1.0/x'],
    ['/ab*', '/a'],
    ['/ab+', '/ab'],
    ['/ab?c', '/a'],
    ['/ab{0}', '/a'],
    ['/a|/b', ''],
    ['/(a|b)', '/'],
    ['/[|]a', '/'],
    ['\\Qa|b\\E', ''],
    ['(?i)/a', ''],
    ['', ''],
  ];
  for (const [source, prefix] of cases) assert.equal(compile(source).literalPrefix, prefix, source);
  assert.equal(compile('/A', { ignoreCase: true }).literalPrefix, '');
});
