import { limits } from '../base/limits.ts';
import { type FormPair, inferForm, type PlainObject, type RecordField } from '../schema/index.ts';
import { tooDeep } from '../schema/value.ts';
import { type AdminAnswer, message } from './answer.ts';
import { type FormPairs, parseFormPairs } from './form-pairs.ts';
import { parseMultipart } from './multipart.ts';

/** The fields a client sent; those of a form get their types from a schema. */
export type AdminBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'json'; readonly fields: PlainObject }
  | { readonly kind: 'form'; readonly pairs: readonly FormPair[] };

export type DecodedBody =
  | { readonly kind: 'body'; readonly body: AdminBody }
  | { readonly kind: 'refused'; readonly answer: AdminAnswer };

export const noBody: AdminBody = { kind: 'none' };

/** Body and Content-Type of a POST, PUT or PATCH (admin-api 2); prefixes are compared as sent, as Kong does. */
export function decodeBody(contentType: string | undefined, bytes: Uint8Array): DecodedBody {
  if (contentType === undefined || contentType === '') {
    return bytes.length === 0 ? { kind: 'body', body: noBody } : refuse({ status: 415 });
  }
  if (contentType.startsWith('application/json')) return decodeJson(bytes);
  if (contentType.startsWith('application/x-www-form-urlencoded')) return decodeForm(bytes);
  if (contentType.startsWith('multipart/form-data')) {
    return formBody(parseMultipart(contentType, bytes, limits.adminArgumentsMax), 'multipart');
  }
  return refuse({ status: 415 });
}

/** What was sent as an object for `record`: JSON as it is, a form with the record's types inferred. */
export function bodyFields(body: AdminBody, record: RecordField): unknown {
  switch (body.kind) {
    case 'none':
      return {};
    case 'json':
      return body.fields;
    case 'form':
      return inferForm(record, body.pairs);
  }
}

/** One member of the body before its schema is known: the name of a plugin. */
export function bodyMember(body: AdminBody, name: string): unknown {
  switch (body.kind) {
    case 'none':
      return undefined;
    case 'json':
      return Object.hasOwn(body.fields, name) ? body.fields[name] : undefined;
    case 'form':
      return body.pairs.findLast(([other]) => other === name)?.[1];
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decodeJson(bytes: Uint8Array): DecodedBody {
  const value = parseJson(bytes);
  if (typeof value !== 'object' || value === null || Array.isArray(value) || tooDeep(value)) {
    return refuse(message(400, 'Cannot parse JSON body'));
  }
  return { kind: 'body', body: { kind: 'json', fields: { ...value } } };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    return undefined;
  }
}

function decodeForm(bytes: Uint8Array): DecodedBody {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return refuse(message(400, 'Cannot parse form body'));
  }
  return formBody(parseFormPairs(text, limits.adminArgumentsMax), 'form');
}

function formBody(parsed: FormPairs, format: 'form' | 'multipart'): DecodedBody {
  if (parsed.kind === 'too_many') return refuse(message(400, 'Too many arguments'));
  if (parsed.kind === 'malformed') return refuse(message(400, `Cannot parse ${format} body`));
  return { kind: 'body', body: { kind: 'form', pairs: parsed.pairs } };
}

function refuse(answer: AdminAnswer): DecodedBody {
  return { kind: 'refused', answer };
}
