import { type EntityKind, keyText } from '../entities/index.ts';
import { type Fault, faultFields, faultMessage } from '../schema/index.ts';
import type { StoreFault } from '../store/store.ts';
import { type AdminAnswer, message } from './answer.ts';

/** Kong's error codes with their names and statuses (admin-api 5). */
const codes = {
  1: { name: 'invalid primary key', status: 400 },
  2: { name: 'schema violation', status: 400 },
  3: { name: 'primary key violation', status: 400 },
  4: { name: 'foreign key violation', status: 400 },
  5: { name: 'unique constraint violation', status: 409 },
  6: { name: 'not found', status: 404 },
  7: { name: 'invalid offset', status: 400 },
  9: { name: 'invalid size', status: 400 },
  10: { name: 'invalid unique', status: 400 },
  11: { name: 'invalid options', status: 400 },
  12: { name: 'operation unsupported', status: 405 },
  13: { name: 'foreign keys unresolved', status: 400 },
  19: { name: 'referenced by others', status: 400 },
} as const;

type Code = keyof typeof codes;

function coded(code: Code, text: string, more: Readonly<Record<string, unknown>> = {}): AdminAnswer {
  const { name, status } = codes[code];
  return { status, json: { message: text, name, ...more, code } };
}

/** The short 404 of GET and of unknown paths. */
export const notFound: AdminAnswer = message(404, 'Not found');

/** 404 for a certificate that is addressed by a server name. */
export const noSuchName: AdminAnswer = message(404, 'SNI not found');

/** 405 for a method that a known path does not have. */
export const methodNotAllowed: AdminAnswer = message(405, 'Method not allowed');

/** 500; what went wrong is in the log only. */
export const unexpected: AdminAnswer = message(500, 'An unexpected error occurred');

/** Code 1: the id in the path is none. */
export function invalidPrimaryKey(text: string): AdminAnswer {
  return coded(1, `invalid primary key: '${keyText({ id: text })}'`, { fields: { id: text } });
}

/** Code 2, every fault at once. */
export function schemaViolation(faults: readonly Fault[]): AdminAnswer {
  return coded(2, faultMessage(faults), { fields: faultFields(faults) });
}

/** Code 6: the long 404 of PATCH. */
export function missingEntity(key: Readonly<Record<string, string>>): AdminAnswer {
  const what = Object.hasOwn(key, 'id') ? 'primary key ' : '';
  return coded(6, `could not find the entity with ${what}'${keyText(key)}'`, { fields: key });
}

/** Code 7. */
export function invalidOffset(offset: string): AdminAnswer {
  return coded(7, `'${offset}' is not a valid offset: bad base64 encoding`);
}

/** Code 9. */
export function invalidSize(text: string): AdminAnswer {
  return coded(9, text);
}

/** Code 10: the key in the path is none that an entity could have. */
export function invalidUnique(field: string, text: string): AdminAnswer {
  return coded(10, text, { name: `invalid unique ${field}`, fields: { [field]: text } });
}

/** Code 11 for one query argument. */
export function invalidOption(option: string, text: string): AdminAnswer {
  return coded(11, `invalid option (${option}: ${text})`, { options: { [option]: text } });
}

const verbs = { insert: 'create', update: 'update', upsert: 'create or update', delete: 'remove' } as const;

export type WriteVerb = keyof typeof verbs;

/** Code 12: the configuration comes from a file. `key` is the field of the endpoint key that addressed the entity. */
export function readOnly(verb: WriteVerb, kind: EntityKind, key?: string): AdminAnswer {
  const by = key === undefined ? '' : ` by '${key}'`;
  return coded(12, `cannot ${verbs[verb]} '${kind}' entities${by} when not using a database`);
}

/** A reference given by a unique field instead of the id, and nothing has that value. */
export interface UnresolvedReference {
  readonly field: string;
  readonly by: string;
  readonly value: string;
  readonly to: EntityKind;
}

/** Code 13. */
export function unresolvedReferences(references: readonly UnresolvedReference[]): AdminAnswer {
  const fields: Record<string, Record<string, string>> = {};
  const texts: string[] = [];
  for (const { field, by, value, to } of references) {
    const text = `the foreign key cannot be resolved with '${keyText({ [by]: value })}' for an existing '${to}' entity`;
    fields[field] = { [by]: text };
    texts.push(`${field}.${by}: ${text}`);
  }
  const label = texts.length === 1 ? 'foreign key unresolved' : `${texts.length} foreign keys unresolved`;
  return coded(13, `${label} (${texts.sort().join('; ')})`, { fields });
}

/** Code 19: the authority is trusted by a service. */
export function stillTrusted(id: string, fault: Extract<StoreFault, { kind: 'referenced' }>): AdminAnswer {
  const text = `ca certificate ${id} is still referenced by ${fault.by} (id = ${fault.id})`;
  return coded(19, text, { fields: { '@referenced_by': fault.by } });
}

/** What a write ran into in the store: codes 3, 4 and 5. */
export function storeFault(kind: EntityKind, fault: StoreFault): AdminAnswer {
  switch (fault.kind) {
    case 'primary_key':
      return coded(3, `primary key violation on key '${keyText({ id: fault.id })}'`, { fields: { id: fault.id } });
    case 'unique':
      return coded(5, `UNIQUE violation detected on '${keyText(fault.fields)}'`, { fields: fault.fields });
    case 'foreign_missing': {
      const key = keyText({ id: fault.id });
      const text = `the foreign key '${key}' does not reference an existing '${fault.to}' entity.`;
      return coded(4, text, { fields: { [fault.field]: { id: fault.id } } });
    }
    case 'referenced': {
      const text = `an existing '${fault.by}' entity references this '${kind}' entity`;
      return coded(4, text, { fields: { '@referenced_by': fault.by } });
    }
  }
}
