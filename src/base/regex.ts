import type { RE2JS } from 're2js';
import { lateModule } from './late-modules.ts';
import { limits } from './limits.ts';

const engine = lateModule((require) => require('re2js') as typeof import('re2js'));

/** Where a pattern matched at the start of a text. */
export interface RegexMatch {
  /** UTF-16 units matched. */
  readonly length: number;
  /** Numbered groups from 1 on (index 0 is group 1); undefined for a group that took no part. */
  readonly groups: readonly (string | undefined)[];
  /** Named groups that took part; without a prototype. */
  readonly named: Readonly<Record<string, string>>;
}

/** A pattern of a stranger, matched in time linear in the text. */
export interface UserRegex {
  readonly source: string;
  /** Literal text that every match anchored at the start begins with; empty when none is known. */
  readonly literalPrefix: string;
  /** Matches at the start of the text, not necessarily to its end. */
  matchStart(text: string): RegexMatch | undefined;
  /** True when it matches anywhere. */
  search(text: string): boolean;
}

export type CompiledRegex =
  | { readonly kind: 'ok'; readonly regex: UserRegex }
  | { readonly kind: 'bad'; readonly reason: string };

/**
 * Compiles a pattern written by a user: RE2 syntax, so no look-around and no back-references, and no input that makes
 * it slow. Never throws; `reason` is one line of ASCII-safe text for the person who wrote the pattern.
 */
export function compileUserRegex(source: string, options: { readonly ignoreCase?: boolean } = {}): CompiledRegex {
  if (source.length > limits.userRegexCharsMax) {
    return { kind: 'bad', reason: `longer than ${limits.userRegexCharsMax} characters` };
  }
  const ignoreCase = options.ignoreCase === true;
  try {
    const { RE2JS } = engine();
    const compiled = RE2JS.compile(source, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
    return { kind: 'ok', regex: wrap(compiled, source, ignoreCase ? '' : literalPrefixOf(source)) };
  } catch (error) {
    return { kind: 'bad', reason: reasonOf(error) };
  }
}

/** The fault text of a pattern, or undefined when it compiles. */
export function regexFault(source: string): string | undefined {
  const compiled = compileUserRegex(source);
  return compiled.kind === 'bad' ? compiled.reason : undefined;
}

function wrap(compiled: RE2JS, source: string, literalPrefix: string): UserRegex {
  const names = Object.entries(compiled.namedGroups());
  return {
    source,
    literalPrefix,
    matchStart(text) {
      if (!text.startsWith(literalPrefix)) return undefined;
      const matcher = compiled.matcher(text);
      if (!matcher.lookingAt()) return undefined;
      const groups: (string | undefined)[] = [];
      for (let group = 1; group <= matcher.groupCount(); group++) groups.push(matcher.group(group) ?? undefined);
      const named: Record<string, string> = Object.create(null);
      for (const [name, group] of names) {
        const value = groups[Number(group) - 1];
        if (value !== undefined) named[name] = value;
      }
      return { length: matcher.end(), groups, named };
    },
    search: (text) => compiled.test(text),
  };
}

/** The engine's text without its own "error parsing regexp"; anything else (a stack too deep) is one plain sentence. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error) || error.name !== 'RE2JSSyntaxException') return 'too complex';
  return error.message.replace(/^error parsing regexp: /, '').replace(/[\r\n]+/g, ' ');
}

/**
 * Reads literal characters from the left until something else begins. Deliberately timid: an alternative at the top
 * level means no prefix, a quantifier takes back the character it applies to.
 */
function literalPrefixOf(source: string): string {
  if (hasTopLevelAlternative(source)) return '';
  let prefix = '';
  let position = source.startsWith('^') ? 1 : 0;
  while (position < source.length) {
    const escaped = source[position] === '\\';
    const character = source[escaped ? position + 1 : position] ?? '';
    const literal = escaped ? /^[!-/:-@[-`{-~]$/.test(character) : /^[A-Za-z0-9/_~:@!%&=,;'"<>#` -]$/.test(character);
    if (!literal) break;
    const next = source[position + (escaped ? 2 : 1)] ?? '';
    if (next === '*' || next === '?' || next === '{') break;
    prefix += character;
    if (next === '+') break;
    position += escaped ? 2 : 1;
  }
  return prefix;
}

function hasTopLevelAlternative(source: string): boolean {
  let depth = 0;
  let inClass = false;
  for (let position = 0; position < source.length; position++) {
    const character = source[position];
    // Quoting (`\Q…\E`) may hide brackets from this scan: treat it as unknown.
    if (character === '\\' && source[position + 1] === 'Q') return true;
    if (character === '\\') position++;
    else if (inClass) inClass = character !== ']';
    else if (character === '[') {
      inClass = true;
      // A `]` that comes first is a member of the class.
      if (source[position + 1] === '^') position++;
      if (source[position + 1] === ']') position++;
    } else if (character === '(') depth++;
    else if (character === ')') depth--;
    else if (character === '|' && depth === 0) return true;
  }
  return false;
}
