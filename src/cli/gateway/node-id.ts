import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The node's id, made at the first start and kept under the prefix. */
export function nodeId(prefix: string): string {
  const path = join(prefix, 'node-id');
  try {
    const kept = readFileSync(path, 'utf8').trim();
    if (/^[0-9a-f-]{36}$/.test(kept)) return kept;
  } catch {
    // First start: there is none yet.
  }
  const made = randomUUID();
  writeFileSync(path, `${made}\n`, { mode: 0o600 });
  return made;
}
