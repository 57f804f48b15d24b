import { accessLogFieldNames, looksLikeCredential } from '../base/access-log-names.ts';

/**
 * Whether a line of the access log can have this field: one of the table, or `request_header.NAME`,
 * `response_header.NAME`, `query.NAME`. An argument of the query whose name looks like a credential is none.
 */
export function isAccessLogField(field: string): boolean {
  if (Object.hasOwn(accessLogFieldNames, field)) return true;
  const [, kind, name = ''] = /^(request_header|response_header|query)\.(.+)$/.exec(field) ?? [];
  if (kind === 'query') return /^[\x21-\x7e]{1,100}$/.test(name) && !looksLikeCredential(name);
  return kind !== undefined && /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/.test(name);
}
