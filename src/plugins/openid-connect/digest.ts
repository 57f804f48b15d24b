import { hash } from 'node:crypto';

/**
 * A cache key over several parts. Each part is preceded by its length, so that moving a character from
 * one part to the next gives another key; the parts themselves (secrets, tokens) cannot be read back.
 */
export function digest(parts: readonly string[]): string {
  let text = '';
  for (const part of parts) text += `${part.length}:${part}`;
  return hash('sha256', text, 'base64url');
}
