import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DevStartError } from '../start-error.ts';
import { generateSigningKey, type SigningKey } from './signing-keys.ts';
import type { ProviderApi, ProviderClient } from './types.ts';

const fileName = 'oidc-provider.json';

/** Old keys that stay published after rotations. */
const oldKeysMax = 3;

interface RegistryData {
  version: 1;
  /** The first signs; all are published. */
  keys: [SigningKey, ...SigningKey[]];
  cookieKey: string;
  clients: ProviderClient[];
  apis: ProviderApi[];
}

/** Keys, clients and APIs of the provider; every change is on disk before it is answered. */
export class Registry {
  readonly #data: RegistryData;
  readonly #path: string | null;
  /** The key that signed before the last rotation, for tokens of tests; not kept over a restart. */
  #retired: SigningKey | undefined;

  constructor(data: RegistryData, path: string | null) {
    this.#data = data;
    this.#path = path;
    this.#save();
  }

  get keys(): readonly SigningKey[] {
    return this.#data.keys;
  }
  get currentKey(): SigningKey {
    return this.#data.keys[0];
  }
  get previousKey(): SigningKey | undefined {
    return this.#retired ?? this.#data.keys[1];
  }
  get cookieKey(): string {
    return this.#data.cookieKey;
  }
  get clients(): readonly ProviderClient[] {
    return this.#data.clients;
  }
  get apis(): readonly ProviderApi[] {
    return this.#data.apis;
  }

  findClient(id: string): ProviderClient | undefined {
    return this.#data.clients.find((client) => client.id === id);
  }
  findApi(identifier: string): ProviderApi | undefined {
    return this.#data.apis.find((api) => api.identifier === identifier);
  }

  putClient(client: ProviderClient): void {
    replaceOrAdd(this.#data.clients, client, (other) => other.id === client.id);
    this.#save();
  }
  /** False when there was no such client. */
  deleteClient(id: string): boolean {
    const index = this.#data.clients.findIndex((client) => client.id === id);
    if (index === -1) return false;
    this.#data.clients.splice(index, 1);
    this.#save();
    return true;
  }
  putApi(api: ProviderApi): void {
    replaceOrAdd(this.#data.apis, api, (other) => other.identifier === api.identifier);
    this.#save();
  }

  /** A new key signs from now on. The old ones stay published only with `keepOld`. */
  async rotateKeys(keepOld: boolean): Promise<SigningKey> {
    const key = await generateSigningKey();
    this.#retired = this.currentKey;
    this.#data.keys = keepOld ? [key, ...this.#data.keys.slice(0, oldKeysMax)] : [key];
    this.#save();
    return key;
  }

  #save(): void {
    if (this.#path === null) return;
    // Written beside and renamed, so that a crash leaves either the old or the new file.
    const temporary = `${this.#path}.new`;
    writeFileSync(temporary, `${JSON.stringify(this.#data, null, 2)}\n`, { mode: 0o600 });
    chmodSync(temporary, 0o600);
    renameSync(temporary, this.#path);
  }
}

/**
 * Opens the registry kept in `stateDir` or creates it with the given clients and APIs; without a folder
 * it lives in memory. Throws DevStartError `state_unusable`.
 */
export async function openRegistry(
  stateDir: string | null,
  initial: { clients: ProviderClient[]; apis: ProviderApi[] },
): Promise<Registry> {
  if (stateDir === null) return new Registry(await createData(initial), null);
  const path = join(stateDir, fileName);
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    const text = readIfPresent(path);
    return new Registry(text === undefined ? await createData(initial) : parseData(text, initial), path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown fault';
    throw new DevStartError(
      'state_unusable',
      `The local OpenID provider cannot use its state file ${path}: ${reason}. Remove the file to start over.`,
    );
  }
}

/** A client id as Auth0 makes them: 32 letters and digits. */
export function randomClientId(): string {
  return randomText(32, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789');
}

/** A client secret as Auth0 makes them: 64 characters that need no escaping in a URL, a shell or a form. */
export function randomClientSecret(): string {
  return randomBytes(48).toString('base64url');
}

function randomText(length: number, alphabet: string): string {
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      // Bytes above the largest multiple of the alphabet would favour its first letters.
      if (byte < 256 - (256 % alphabet.length) && text.length < length) text += alphabet[byte % alphabet.length];
    }
  }
  return text;
}

async function createData(initial: { clients: ProviderClient[]; apis: ProviderApi[] }): Promise<RegistryData> {
  return {
    version: 1,
    keys: [await generateSigningKey()],
    cookieKey: randomBytes(32).toString('base64url'),
    clients: [...initial.clients],
    apis: [...initial.apis],
  };
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function parseData(text: string, initial: { clients: ProviderClient[]; apis: ProviderApi[] }): RegistryData {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // JSON.parse would quote a piece of the file, which holds keys.
    throw new Error('it is not JSON');
  }
  if (!isRegistryData(value)) throw new Error('it is not a file of this version');
  // The printed curl lines belong to the first client, so there always is one.
  if (value.clients.length === 0) value.clients.push(...initial.clients);
  return value;
}

function isRegistryData(value: unknown): value is RegistryData {
  if (typeof value !== 'object' || value === null) return false;
  const data = value as Partial<Record<keyof RegistryData, unknown>>;
  return (
    data.version === 1 &&
    typeof data.cookieKey === 'string' &&
    Array.isArray(data.keys) &&
    data.keys.length > 0 &&
    data.keys.every((key: unknown) => hasTexts(key, ['kid', 'kty', 'n', 'e', 'd'])) &&
    Array.isArray(data.clients) &&
    data.clients.every((client: unknown) => hasTexts(client, ['id', 'secret', 'name', 'authMethod'])) &&
    Array.isArray(data.apis) &&
    data.apis.every((api: unknown) => hasTexts(api, ['identifier', 'name']))
  );
}

function hasTexts(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'string');
}

function replaceOrAdd<T>(list: T[], item: T, same: (other: T) => boolean): void {
  const index = list.findIndex(same);
  if (index === -1) list.push(item);
  else list[index] = item;
}
