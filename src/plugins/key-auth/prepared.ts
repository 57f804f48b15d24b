import type { Consumer } from '../../entities/index.ts';
import { type Identity, identityPairs, type KeyHolder } from '../../pdk/index.ts';
import type { KeyAuthConfig } from './schema.ts';

/** One configuration, worked out once. */
export interface KeyAuth {
  readonly config: KeyAuthConfig;
  /** The names, and each in lower case as headers are looked up. */
  readonly names: readonly { readonly name: string; readonly lower: string }[];
  readonly challenge: string;
  /** Where the key is looked for, for people. */
  readonly places: string;
  readonly known: WeakMap<KeyHolder['credential'], Known>;
}

/** What follows from a credential and the consumer it had when it was last used. */
export interface Known {
  readonly consumer: Consumer;
  readonly identity: Identity;
  readonly headers: readonly string[];
}

export function prepareKeyAuth(config: KeyAuthConfig): KeyAuth {
  const { realm } = config;
  const places = [
    ...(config.key_in_header ? ['header'] : []),
    ...(config.key_in_query ? ['query'] : []),
    ...(config.key_in_body ? ['body'] : []),
  ];
  return {
    config,
    names: config.key_names.map((name) => ({ name, lower: name.toLowerCase() })),
    challenge: realm === null ? 'Key' : `Key realm="${realm.replace(/["\\]/g, '\\$&')}"`,
    places: `${config.key_names.join(' or ')} in ${places.join(' or ') || 'no place'}`,
    known: new WeakMap(),
  };
}

/** The identity of a key's holder; the same one, with the headers that tell it, until the consumer changes. */
export function identityOf(prepared: KeyAuth, { credential, consumer }: KeyHolder): Known {
  const known = prepared.known.get(credential);
  if (known !== undefined && known.consumer === consumer) return known;
  const identity: Identity = { consumer, credential, authenticatedGroups: null, anonymous: false };
  const made = { consumer, identity, headers: identityPairs(identity) };
  prepared.known.set(credential, made);
  return made;
}
