import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maskCode } from './mask-code.ts';

test('comments, strings, templates and regular expressions are blanked, code and places stay', () => {
  const cases: [string, string][] = [
    ["a('x') // b", "a(' ')     "],
    ['a /* b\nc */ d', 'a     \n     d'],
    ['"a\\"b" + c', '"    " + c'],
    ['`a§{b}c` + d', '` §{b} ` + d'],
    ['`§{`x§{a}`}y` + b', '`§{` §{a}`} ` + b'],
    ['`§{{ a: 1 }.a}x`', '`§{{ a: 1 }.a} `'],
    ['f(/[/"]+/g, a)', 'f(/     /g, a)'],
    ['a / b / c', 'a / b / c'],
    ['return /x/;', 'return / /;'],
  ];
  // Written with § for $, so that nobody takes these strings for templates.
  const spelled = (text: string) => text.replaceAll('§', '$');
  for (const [text, masked] of cases) assert.equal(maskCode(spelled(text)), spelled(masked));
});
