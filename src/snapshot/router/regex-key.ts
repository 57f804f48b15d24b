/**
 * What every text that a pattern matches from its start begins with: literal pieces, between two of which stands some
 * text without a slash. Every piece but the first begins with a slash, so a path is divided among them in one way
 * only. It narrows down which patterns are tried; the pattern itself has the last word.
 *
 * Reads from the left until something stands there that it does not know for sure, and is timid about what it knows.
 *
 * @param source a pattern that compiles, as in a route's `paths` behind the `~`
 * @param literalPrefix what the regex engine knows about its beginning; empty where there are alternatives
 */
export function regexKey(source: string, literalPrefix: string): readonly string[] {
  if (literalPrefix === '') return [''];
  const pieces = [''];
  /** Whether something of unknown text, though without a slash, stands behind the last piece. */
  let open = false;
  let at = source.startsWith('^') ? 1 : 0;
  while (at < source.length) {
    const item = readItem(source, at);
    if (item === undefined) break;
    at = item.end;
    if (item.literal === '/') {
      if (item.quantified) break;
      if (open) pieces.push('/');
      else pieces[pieces.length - 1] += '/';
      open = false;
    } else if (open || item.quantified || item.literal === undefined) open = true;
    else pieces[pieces.length - 1] += item.literal;
  }
  return pieces;
}

interface Item {
  /** Undefined for a class or a group that matches no slash. */
  readonly literal: string | undefined;
  readonly quantified: boolean;
  /** Behind it and its quantifier. */
  readonly end: number;
}

/** One character, class or group with its quantifier; undefined for what may match a slash or is not understood. */
function readItem(source: string, at: number): Item | undefined {
  const atom = readAtom(source, at);
  if (atom === undefined) return undefined;
  const quantifier = quantifiers.exec(source.slice(atom.end, atom.end + quantifierCharsMax))?.[0] ?? '';
  return { literal: atom.literal, quantified: quantifier !== '', end: atom.end + quantifier.length };
}

interface Atom {
  readonly literal: string | undefined;
  readonly end: number;
}

function readAtom(source: string, at: number): Atom | undefined {
  const character = source[at] ?? '';
  if (character === '\\') {
    const escaped = source[at + 1] ?? '';
    if (escaped === 'd' || escaped === 'w') return { literal: undefined, end: at + 2 };
    return /^[!-/:-@[-`{-~]$/.test(escaped) ? { literal: escaped, end: at + 2 } : undefined;
  }
  if (character === '[') return readClass(source, at);
  if (character === '(') return readGroup(source, at);
  return /^[A-Za-z0-9/_~:@!%&=,;'"<>#` -]$/.test(character) ? { literal: character, end: at + 1 } : undefined;
}

/** A class that leaves the slash out, or lists letters, digits and the like alone. */
function readClass(source: string, at: number): Atom | undefined {
  const found = /^\[(?:\^\/[\w.~:@%?#&=;,-]*|(?:a-z|A-Z|0-9|\\[dw.-]|[\w.~%])+-?)\]/.exec(
    source.slice(at, at + classCharsMax),
  );
  return found === null ? undefined : { literal: undefined, end: at + found[0].length };
}

/** A group of such items, or of alternatives of them. */
function readGroup(source: string, at: number): Atom | undefined {
  const opening = /^\((?:\?:|\?P?<\w+>)?(?!\?)/.exec(source.slice(at, at + groupNameCharsMax))?.[0];
  if (opening === undefined) return undefined;
  let inside = at + opening.length;
  while (inside < source.length && source[inside] !== ')') {
    if (source[inside] === '|') {
      inside += 1;
      continue;
    }
    const item = readItem(source, inside);
    if (item === undefined || item.literal === '/') return undefined;
    inside = item.end;
  }
  return source[inside] === ')' ? { literal: undefined, end: inside + 1 } : undefined;
}

const quantifiers = /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/;
const quantifierCharsMax = 16;
const classCharsMax = 256;
const groupNameCharsMax = 128;
