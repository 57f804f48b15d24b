import type { FormPair } from '../schema/index.ts';
import { isObject } from '../schema/value.ts';
import type { FormPairs } from './form-pairs.ts';

/**
 * `multipart/form-data` (RFC 7578) as the pairs of a form: the value of a part is its content, of a file too, so that
 * a certificate can be sent as a file. Parts of type application/json become one pair for each value in them. Content
 * that is not UTF-8 and whatever is not framed by the boundary make the whole malformed. Never throws; linear.
 */
export function parseMultipart(contentType: string, bytes: Uint8Array, pairsMax: number): FormPairs {
  const boundary = boundaryOf(contentType);
  if (boundary === undefined) return malformed;
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pairs: FormPair[] = [];
  for (const part of partsOf(body, boundary)) {
    if (part === undefined) return malformed;
    const read = pairsOf(part, pairsMax - pairs.length);
    if (read === undefined) return malformed;
    pairs.push(...read);
    if (pairs.length > pairsMax) return { kind: 'too_many' };
  }
  return { kind: 'pairs', pairs };
}

const malformed = { kind: 'malformed' } satisfies FormPairs;

/** RFC 2046 §5.1.1: 1 to 70 characters, quoted where they are no token. */
function boundaryOf(contentType: string): string | undefined {
  const match = /;\s*boundary=(?:"([^"\\]{1,70})"|([^\s";,]{1,70}))\s*(?:;|$)/i.exec(contentType);
  return match?.[1] ?? match?.[2];
}

/** Header section and content of each part; undefined where the framing breaks off. */
function* partsOf(body: Buffer, boundary: string): Generator<Buffer | undefined> {
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  const first = delimiter.subarray(2);
  if (!body.subarray(0, first.length).equals(first)) {
    yield undefined;
    return;
  }
  let position = first.length;
  for (;;) {
    const mark = body.toString('latin1', position, position + 2);
    if (mark === '--') return;
    const end = mark === '\r\n' ? body.indexOf(delimiter, position) : -1;
    if (end < 0) {
      yield undefined;
      return;
    }
    yield body.subarray(position + 2, end);
    position = end + delimiter.length;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function pairsOf(part: Buffer, pairsMax: number): readonly FormPair[] | undefined {
  const end = part.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  try {
    const head = utf8.decode(part.subarray(0, end));
    const content = utf8.decode(part.subarray(end + 4));
    const name = nameIn(head);
    if (name === undefined) return undefined;
    if (!/^content-type:[ \t]*application\/json/im.test(head)) return [[name, content]];
    const pairs: FormPair[] = [];
    flatten(name, JSON.parse(content), pairs, pairsMax);
    return pairs;
  } catch {
    return undefined;
  }
}

/** The name, in which browsers write a quote as `%22` and curl as `\"`. */
function nameIn(head: string): string | undefined {
  const disposition = /^content-disposition:[ \t]*form-data[ \t]*;(.*)$/im.exec(head)?.[1] ?? '';
  const parameter = /[ \t]*([^\s=;"]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))[ \t]*(?:;|$)/y;
  for (let match = parameter.exec(disposition); match !== null; match = parameter.exec(disposition)) {
    if (match[1]?.toLowerCase() !== 'name') continue;
    return (match[2] ?? match[3])?.replaceAll(/\\(.)/g, '$1').replaceAll('%22', '"');
  }
  return undefined;
}

/** A JSON value as the pairs that stand for it in a form; one more than asked for ends the work. */
function flatten(name: string, value: unknown, pairs: FormPair[], pairsMax: number): void {
  if (pairs.length > pairsMax) return;
  if (Array.isArray(value)) {
    for (const [index, element] of value.entries()) flatten(`${name}[${index + 1}]`, element, pairs, pairsMax);
  } else if (isObject(value)) {
    for (const [key, member] of Object.entries(value)) flatten(`${name}[${key}]`, member, pairs, pairsMax);
  } else {
    pairs.push([name, value === null ? '' : String(value)]);
  }
}
