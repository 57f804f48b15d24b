import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { limits } from '../../base/limits.ts';
import type { Upsert } from '../../entities/index.ts';
import { openSqliteStore } from '../sqlite/sqlite-store.ts';
import type { Store } from '../store.ts';
import { StoreError } from '../store-error.ts';
import {
  type DeclarativeConfig,
  type DeclarativeFaults,
  type DeclarativePlugin,
  declarativeFaults,
  parseDeclarative,
} from './parse.ts';
import { ReadOnlyStore } from './read-only-store.ts';

export interface DeclarativeOptions {
  /** The configuration itself; goes before `file`. */
  readonly text?: string;
  /** Path of a .yml, .yaml or .json file. */
  readonly file?: string;
  readonly plugins: ReadonlyMap<string, DeclarativePlugin>;
  /** Epoch milliseconds. */
  readonly now?: () => number;
}

/**
 * A read-only store with the entities of a declarative configuration, empty when neither text nor file is given.
 * Everything that is wrong with the configuration, an unreadable file included, comes back as faults.
 */
export async function openDeclarativeStore(
  options: DeclarativeOptions,
): Promise<{ readonly kind: 'ok'; readonly store: ReadOnlyStore } | DeclarativeFaults> {
  const read = await readDeclarative(options);
  if (read.kind === 'faults') return read;
  const store = await openSqliteStore({ path: ':memory:', now: options.now ?? Date.now });
  if (read.upserts.length > 0) await fill(store, read.upserts);
  return { kind: 'ok', store: new ReadOnlyStore(store) };
}

/** The entities of a declarative configuration, none when neither text nor file is given, or everything wrong with it. */
export async function readDeclarative(options: DeclarativeOptions): Promise<DeclarativeConfig> {
  const { file, plugins, now = Date.now } = options;
  let text = options.text;
  if (text === undefined && file !== undefined) {
    const read = await readConfigFile(file);
    if (read.kind === 'fault') return declarativeFaults([{ path: ['error'], message: read.fault }]);
    text = read.text;
  }
  return text === undefined ? { kind: 'ok', upserts: [] } : parseDeclarative({ text, plugins, now });
}

async function readConfigFile(
  file: string,
): Promise<{ readonly kind: 'text'; readonly text: string } | { readonly kind: 'fault'; readonly fault: string }> {
  if (!['.yml', '.yaml', '.json'].includes(extname(file).toLowerCase())) {
    return { kind: 'fault', fault: `expected a file ending in .yml, .yaml or .json: ${file}` };
  }
  try {
    const { size } = await stat(file);
    if (size > limits.declarativeFileBytesMax) {
      return { kind: 'fault', fault: `larger than ${limits.declarativeFileBytesMax} bytes: ${file}` };
    }
    return { kind: 'text', text: await readFile(file, 'utf8') };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown fault';
    return { kind: 'fault', fault: `cannot read ${file} (${code})` };
  }
}

/** Puts checked entities into an empty store. */
export async function fill(store: Store, upserts: readonly Upsert[]): Promise<void> {
  const transaction = await store.begin();
  for (const { kind, entity } of upserts) {
    const fault = await transaction.insert(kind, entity);
    // Parsing has checked uniqueness and references by the same rules; a fault here is ours, not the file's.
    if (fault !== undefined)
      throw new StoreError('store_failed', `a checked entity of '${kind}' did not fit (${fault.kind})`);
  }
  await transaction.commit();
}
