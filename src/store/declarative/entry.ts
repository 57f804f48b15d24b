import type { EntityKind } from '../../entities/index.ts';
import type { Fault } from '../../schema/index.ts';
import type { PlainObject } from '../../schema/value.ts';

/** One entity of a declarative file on its way in. */
export interface Entry {
  readonly kind: EntityKind;
  /** Where it stands in the file. */
  readonly path: Fault['path'];
  /** Its own members as written: nested entities and comments taken out. */
  readonly input: PlainObject;
  /** The entity it is nested in, and the field that refers to it. */
  readonly parent: { readonly field: string; readonly entry: Entry } | undefined;
  /** Given, else derived from what it is called; set when references are resolved. */
  id: string;
  /** Foreign fields that are resolved, by name. */
  readonly foreign: Map<string, Entry>;
  /** Faults of single fields, with whole paths. */
  readonly faults: Fault[];
  /** Texts about the entry as a whole, in Kong's two forms. */
  readonly badReferences: string[];
  readonly repetitions: string[];
}
