import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * URL of a module beside the calling one, for starting threads and processes:
 * `siblingModule(import.meta.url, './worker')`. The compiler rewrites the extensions of imports but
 * not of `new URL('./worker.ts', …)`; this takes the extension that the caller itself has.
 */
export function siblingModule(importMetaUrl: string, specifier: string): URL {
  const extension = importMetaUrl.endsWith('.ts') ? '.ts' : '.js';
  return new URL(`${specifier.replace(/\.(ts|js)$/, '')}${extension}`, importMetaUrl);
}

/** Absolute folder of package.json: `src/base/` and `dist/base/` are equally deep in it. */
export function packageRoot(): string {
  return join(dirname(fileURLToPath(import.meta.url)), '..', '..');
}

let version: string | undefined;

/** Version of this package; package.json is read once. */
export function packageVersion(): string {
  if (version === undefined) {
    const description: unknown = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'));
    const found = typeof description === 'object' && description !== null && 'version' in description;
    version = found && typeof description.version === 'string' ? description.version : '0.0.0';
  }
  return version;
}
