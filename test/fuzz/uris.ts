import assert from 'node:assert/strict';
import { normalisePath } from '../../src/http/normalise-path.ts';
import { upstreamPath } from '../../src/snapshot/upstream-path.ts';
import type { Seeded } from '../support/seeded.ts';
import type { FuzzTarget } from './target.ts';
import { hexDigits } from './text.ts';

const segments = [
  ...['a', 'b', 'admin', '.', '..', '...', '.a', 'a.', '..a', '', '%2e', '%2E%2e', '.%2e', '%252e', '%2F', '%5c'],
  ...[
    '%2f..%2f',
    '..;',
    '.;x',
    ';x',
    'a;..',
    '%00',
    '%',
    '%zz',
    '%u002e',
    '\\',
    '..\\',
    'A',
    '%41',
    '%7E',
    '%20',
    '%C3%A9',
  ],
  ...['"<>^`{|}', "!$&'()*+,=:@[]", '~', '..%5C', '%5C..', '%3B', '..%3B', '%2e%2e;', '%25', '%23', '%3F', '%2e.'],
];

function rawPath(random: Seeded): string {
  let path = '';
  for (let left = 1 + random.below(7); left > 0; left -= 1) {
    path += '/'.repeat(1 + (random.chance(0.1) ? random.below(3) : 0));
    for (let parts = random.below(3); parts > 0; parts -= 1) path += random.pick(segments);
    if (random.chance(0.1)) path += `%${hexDigits(random, 2)}`;
  }
  return path + (random.chance(0.2) ? '/' : '');
}

/** RFC 3986 section 6.2.2 and 5.2.4 by the letter, with repeated slashes merged first. */
function plainReading(raw: string): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})|%00|\\/.test(raw)) return undefined;
  const decoded = raw
    .replace(/%[0-9A-Fa-f]{2}/g, (escaped) => {
      const text = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
      return /[A-Za-z0-9\-._~]/.test(text) ? text : escaped.toUpperCase();
    })
    .replace(/["<>^`{|}]/g, (text) => `%${text.charCodeAt(0).toString(16).toUpperCase()}`);
  const output: string[] = [];
  const parts = decoded.replace(/\/+/g, '/').slice(1).split('/');
  for (const [index, part] of parts.entries()) {
    if (part === '..') output.pop();
    else if (part !== '.') output.push(part);
    if (index === parts.length - 1 && (part === '.' || part === '..')) output.push('');
  }
  return `/${output.join('/')}`;
}

/** Whether somebody who decodes slashes first, or cuts parameters off, would see a dot segment. */
function climbsForSomebody(path: string): boolean {
  const seen = path.replace(/%2F|%5C/gi, '/').replace(/%3B/gi, ';');
  return seen.split('/').some((segment) => segment.split(';')[0] === '..' || segment.split(';')[0] === '.');
}

/** A segment of nothing but parameters is none to whoever cuts them off and merges slashes. */
function vanishesForSomebody(path: string): boolean {
  return /\/;[^/]*\//.test(path);
}

export const pathTarget: FuzzTarget = {
  name: 'paths',
  run(random) {
    const raw = rawPath(random);
    const path = normalisePath(raw);
    const plain = plainReading(raw);
    const place = JSON.stringify([raw, path, plain]);
    if (path === undefined) {
      assert.ok(
        plain === undefined || climbsForSomebody(plain) || vanishesForSomebody(plain),
        `refused without need: ${place}`,
      );
      return;
    }
    assert.equal(path, plain, place);
    assert.equal(normalisePath(path), path, `a second time changes it: ${place}`);
    assert.ok(!climbsForSomebody(path) && !vanishesForSomebody(path), `another path for somebody: ${place}`);
    assert.match(path, /^\/[!$&-;=@-Z[\]_a-z~%]*$/, place);
    assert.doesNotMatch(path, /\/\/|%(?![0-9A-F]{2})|%00/, place);
  },
};

/** The path that leaves is the one that was matched, joined to the service's, and never climbs out of that. */
export const joinedPathTarget: FuzzTarget = {
  name: 'paths for upstreams',
  run(random) {
    const path = normalisePath(rawPath(random));
    if (path === undefined) return;
    const service = random.pick([null, '/', '/s', '/s/', '/s/t', '/s/t/']);
    const matchedPrefix = random.chance(0.7) ? path.slice(0, random.below(path.length + 1)) : '';
    const pathHandling = random.pick(['v0', 'v1'] as const);
    const stripPath = random.chance(0.6);
    const sent = upstreamPath(service, { matchedPrefix, route: { stripPath, pathHandling } }, path);
    const place = JSON.stringify({ path, service, matchedPrefix, pathHandling, stripPath, sent });
    assert.match(sent, /^\/[!$&-;=@-Z[\]_a-z~%]*$/, place);
    const base = (service ?? '/').replace(/\/$/, '');
    assert.ok(sent.startsWith(base), `left the service's path: ${place}`);
    assert.ok(!climbsForSomebody(sent), `a dot segment: ${place}`);
    if (!stripPath && base === '') assert.equal(sent, path, `not what was matched: ${place}`);
  },
};
