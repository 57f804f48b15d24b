import { limits } from '../base/limits.ts';

/**
 * The value at a path from the outside in; undefined where there is none. Only own properties count,
 * so neither `constructor` nor `__proto__` of the language is ever found. In an array a part is an
 * index from 1 (openid-connect.md (d)). An empty path finds nothing.
 */
export function claimAt(claims: unknown, path: readonly string[]): unknown {
  if (path.length === 0) return undefined;
  let value = claims;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    if (Array.isArray(value)) {
      if (!arrayIndex.test(part)) return undefined;
      value = value[Number(part) - 1];
    } else {
      if (!Object.hasOwn(value, part)) return undefined;
      value = (value as Record<string, unknown>)[part];
    }
  }
  return value;
}

const arrayIndex = /^[1-9][0-9]{0,8}$/;

/**
 * A claim as a list of words: a string is split at spaces, an array gives its entries whole, a single
 * number or boolean is one word. Objects, nulls and nested arrays give none. At most
 * `limits.claimWordsMax` words are taken.
 */
export function claimWords(value: unknown): string[] {
  if (typeof value === 'string') return splitWords(value);
  if (!Array.isArray(value)) {
    const word = wordOf(value);
    return word === undefined ? [] : [word];
  }
  const words: string[] = [];
  for (const entry of value) {
    const word = wordOf(entry);
    if (word !== undefined && word !== '') words.push(word);
    if (words.length >= limits.claimWordsMax) break;
  }
  return words;
}

/** `scopes_required` and its like, compiled: alternatives, each a list of words that are all needed. */
export interface Requirement {
  readonly alternatives: readonly (readonly string[])[];
  /** For records and refusals: the entries as configured. */
  readonly text: string;
}

/**
 * Compiles a required list; undefined when there is nothing to require (unset or empty). A blank entry
 * asks for nothing and is dropped; a list of blank entries alone can never be met, rather than always.
 */
export function compileRequirement(required: readonly string[] | null | undefined): Requirement | undefined {
  if (required === null || required === undefined || required.length === 0) return undefined;
  const alternatives = required.map(splitWords).filter((words) => words.length > 0);
  return { alternatives, text: required.join(' or ') };
}

/** Whether any alternative has all its words among `words`; case-sensitive. */
export function meets(requirement: Requirement, words: readonly string[]): boolean {
  for (const alternative of requirement.alternatives) {
    if (holdsAll(words, alternative)) return true;
  }
  return false;
}

/** The same uncompiled: entries are alternatives, the words of an entry are all needed. */
export function satisfies(required: readonly string[], words: readonly string[]): boolean {
  const requirement = compileRequirement(required);
  return requirement === undefined || meets(requirement, words);
}

function holdsAll(words: readonly string[], needed: readonly string[]): boolean {
  for (const word of needed) if (!words.includes(word)) return false;
  return true;
}

function splitWords(text: string): string[] {
  if (!text.includes(' ')) return text === '' ? [] : [text];
  const words = text.split(' ', limits.claimWordsMax);
  return words.includes('') ? words.filter((word) => word !== '') : words;
}

function wordOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return undefined;
}
