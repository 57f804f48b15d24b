import { limits } from '../base/limits.ts';

export type FormPairs = readonly (readonly [string, string])[];

/** Serialises pairs as application/x-www-form-urlencoded in UTF-8, in order, names repeated as given. */
export function buildForm(pairs: FormPairs): string {
  let body = '';
  for (const [name, value] of pairs) body += `${body === '' ? '' : '&'}${formEncode(name)}=${formEncode(value)}`;
  return body;
}

/**
 * Encodes one value by the rules of application/x-www-form-urlencoded (RFC 6749 appendix B): a space
 * becomes `+`, everything but `A-Z a-z 0-9 * - . _` is percent-encoded. Lone surrogates become U+FFFD.
 */
export function formEncode(value: string): string {
  if (plain.test(value)) return value;
  return encodeURIComponent(value.toWellFormed()).replace(/%20|[!'()~]/g, (found) => encodedByHand[found] ?? found);
}

const plain = /^[A-Za-z0-9*._-]*$/;
const encodedByHand: Readonly<Record<string, string>> = {
  '%20': '+',
  '!': '%21',
  "'": '%27',
  '(': '%28',
  ')': '%29',
  '~': '%7E',
};

/**
 * Reads an application/x-www-form-urlencoded text (a body or a raw query). Undefined when it has more
 * than `limits.formPairsMax` pairs, a broken percent-escape or bytes that are not UTF-8: there must be
 * only one reading of it.
 */
export function parseForm(text: string): [string, string][] | undefined {
  const pairs: [string, string][] = [];
  if (text === '') return pairs;
  for (let from = 0; from <= text.length; ) {
    let end = text.indexOf('&', from);
    if (end === -1) end = text.length;
    if (end > from) {
      if (pairs.length >= limits.formPairsMax) return undefined;
      const equals = text.indexOf('=', from);
      const hasValue = equals !== -1 && equals < end;
      const name = formDecode(text.slice(from, hasValue ? equals : end));
      const value = hasValue ? formDecode(text.slice(equals + 1, end)) : '';
      if (name === undefined || value === undefined) return undefined;
      pairs.push([name, value]);
    }
    from = end + 1;
  }
  return pairs;
}

/** Decodes one value; undefined for a broken escape or bytes that are not UTF-8. */
export function formDecode(value: string): string | undefined {
  const spaced = value.includes('+') ? value.replaceAll('+', ' ') : value;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return undefined;
  }
}
