import { foreign, integer, set, string } from '../schema/index.ts';

/** What a client may call an entity: Kong's `name` rule (ASCII letters, digits, `. - _ ~`, or anything beyond ASCII). */
export function nameFault(value: string): string | undefined {
  if (value.isWellFormed() && /^[A-Za-z0-9.\-_~\u{80}-\u{10FFFF}]*$/u.test(value)) return undefined;
  return `invalid value '${value}': the only accepted ascii characters are alphanumerics or ., -, _, and ~`;
}

/** Primary key: generated unless given. */
export const idField = string({ uuid: true, auto: true, description: 'Primary key, a UUID; generated unless given.' });

export const createdAtField = integer({ timestamp: true, auto: true, description: 'Unix time in seconds.' });

export const updatedAtField = integer({
  timestamp: true,
  auto: true,
  refreshed: true,
  description: 'Unix time in seconds of the last write.',
});

export const tagsField = set(string({ required: true, validate: tagFault }), {
  description: 'Free labels; lists can be filtered by them.',
});

/** The field that addresses an entity in paths besides its id. */
export function uniqueName(description: string) {
  return string({ unique: true, validate: nameFault, description });
}

/** A reference that the deletion of its target either refuses or follows. */
export function optionalReference(kind: string, description: string) {
  return foreign(kind, { default: null, description });
}

function tagFault(value: string): string | undefined {
  if (value.isWellFormed() && /^[^\u0000-\u001f\u007f,/]+$/.test(value)) return undefined;
  return `invalid tag '${value}': expected printable ascii (except \`,\` and \`/\`) or valid utf-8 sequences`;
}
