/**
 * HTTP/1.1 messages read by the letter of RFC 9110 and RFC 9112, with regular expressions over latin1 text.
 * It shares nothing with the gateway's parsers, so that the two can be held against each other: what the
 * gateway accepts has to be in here, and read the same.
 */

export type StrictField = readonly [name: string, value: string];

export interface StrictMessage {
  readonly fields: readonly StrictField[];
  /** Decoded. */
  readonly body: string;
  readonly trailers: readonly StrictField[];
  /** Offset after its last byte. */
  readonly end: number;
}

export interface StrictRequest extends StrictMessage {
  readonly method: string;
  readonly target: string;
  readonly versionMinor: number;
}

export interface StrictResponse extends StrictMessage {
  readonly status: number;
  readonly reason: string;
  readonly versionMinor: number;
  /** Nothing but the end of the connection ends it. */
  readonly untilClose: boolean;
}

export type Strict<Message> =
  | { readonly kind: 'whole'; readonly message: Message }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'invalid'; readonly why: string };

const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const quoted = '"(?:[\\t !\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*"';
const fieldLine = new RegExp(`(${token}):[\\t ]*([\\t\\x20-\\x7e\\x80-\\xff]*)\\r\\n`, 'y');
// RFC 9110 has tokens of any length; no method in use comes near 32.
const requestLine = /([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}) ([\x21-\x7e]+) HTTP\/1\.([01])\r\n/y;
const statusLine = /HTTP\/1\.([01]) ([1-9][0-9]{2})(?: ([\x20-\x7e\x80-\xff]*))?\r\n/y;
const chunkLine = new RegExp(`([0-9A-Fa-f]{1,13})(?:;${token}(?:=(?:${token}|${quoted}))?)*\\r\\n`, 'y');
const hostValue = /^(?:[A-Za-z0-9._~-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{0,5})?$/;
const originForm = /^\/(?:[^?#\\%]|%(?!00)[0-9A-Fa-f]{2})*(?:\?[^#]*)?$/;
const absoluteForm = /^https?:\/\/([^/?#]*)((?:\/(?:[^?#\\%]|%(?!00)[0-9A-Fa-f]{2})*)?(?:\?[^#]*)?)$/i;

/** The first request in the text. */
export function readStrictRequest(text: string): Strict<StrictRequest> {
  const from = text.startsWith('\r\n') ? 2 : 0;
  const line = matchAt(requestLine, text, from);
  if (line === undefined) return unfinishedOr(text, from, 'request line');
  const [whole, method = '', target = '', minor] = line;
  const head = readFields(text, from + whole.length);
  if (head.kind !== 'whole') return head;
  const versionMinor = Number(minor);
  const fault = targetFault(method, target) ?? hostFault(head.fields, target, versionMinor);
  if (fault !== undefined) return invalid(fault);
  const framing = framingOf(head.fields, versionMinor);
  if (framing.kind === 'invalid') return framing;
  const rest = framing.kind === 'chunked' ? readChunks(text, head.end) : readLength(text, head.end, framing.length);
  if (rest.kind !== 'whole') return rest;
  const { body, trailers, end } = rest;
  return { kind: 'whole', message: { method, target, versionMinor, fields: head.fields, body, trailers, end } };
}

/** Every request in the text, and what the rest of it is. */
export function readStrictRequests(text: string): { requests: StrictRequest[]; rest: string; why: string } {
  const requests: StrictRequest[] = [];
  let rest = text;
  for (;;) {
    const reading = readStrictRequest(rest);
    if (reading.kind !== 'whole') {
      return { requests, rest, why: reading.kind === 'invalid' ? reading.why : rest === '' ? '' : 'incomplete' };
    }
    requests.push(reading.message);
    rest = rest.slice(reading.message.end);
  }
}

export interface ResponseCircumstances {
  /** The method it answers. */
  readonly method: string;
  /** The connection ended behind the text. */
  readonly closed: boolean;
}

/** The first final response in the text; interim ones before it are passed over. */
export function readStrictResponse(text: string, circumstances: ResponseCircumstances): Strict<StrictResponse> {
  let from = 0;
  for (;;) {
    const line = matchAt(statusLine, text, from);
    if (line === undefined) return unfinishedOr(text, from, 'status line');
    const [whole, minor, code, reason = ''] = line;
    const head = readFields(text, from + whole.length);
    if (head.kind !== 'whole') return head;
    const status = Number(code);
    const framing = framingOf(head.fields, Number(minor));
    if (framing.kind === 'invalid') return framing;
    if (status >= 200) {
      const start = { status, reason, versionMinor: Number(minor), fields: head.fields };
      return responseBody(text, head.end, start, framing, circumstances);
    }
    if (status === 101) return invalid('switched protocols');
    from = head.end;
  }
}

function responseBody(
  text: string,
  from: number,
  start: Pick<StrictResponse, 'status' | 'reason' | 'versionMinor' | 'fields'>,
  framing: Framing,
  { method, closed }: ResponseCircumstances,
): Strict<StrictResponse> {
  const bodiless = method === 'HEAD' || start.status === 204 || start.status === 304;
  const untilClose = !bodiless && framing.kind === 'none';
  if (untilClose) {
    if (!closed) return { kind: 'incomplete' };
    const message = { ...start, body: text.slice(from), trailers: [], end: text.length, untilClose };
    return { kind: 'whole', message };
  }
  let rest: Body = { kind: 'whole', body: '', trailers: [], end: from };
  if (!bodiless) {
    rest = framing.kind === 'chunked' ? readChunks(text, from) : readLength(text, from, lengthOf(framing));
  }
  if (rest.kind !== 'whole') return rest;
  const { body, trailers, end } = rest;
  return { kind: 'whole', message: { ...start, body, trailers, end, untilClose } };
}

type Unread = { readonly kind: 'incomplete' } | { readonly kind: 'invalid'; readonly why: string };
type Body =
  | { readonly kind: 'whole'; readonly body: string; readonly trailers: readonly StrictField[]; readonly end: number }
  | Unread;
type Framing = { readonly kind: 'none' | 'length' | 'chunked'; readonly length: number };

function invalid(why: string): { readonly kind: 'invalid'; readonly why: string } {
  return { kind: 'invalid', why };
}

/** A line that has not ended may still become anything. */
function unfinishedOr(text: string, from: number, what: string): Unread {
  return text.includes('\n', from) ? invalid(what) : { kind: 'incomplete' };
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

function readFields(
  text: string,
  from: number,
): { readonly kind: 'whole'; readonly fields: readonly StrictField[]; readonly end: number } | Unread {
  const fields: StrictField[] = [];
  let at = from;
  while (!text.startsWith('\r\n', at)) {
    const line = matchAt(fieldLine, text, at);
    if (line === undefined) return unfinishedOr(text, at, 'field line');
    fields.push([line[1] ?? '', (line[2] ?? '').replace(/[\t ]+$/, '')]);
    at += line[0].length;
  }
  return { kind: 'whole', fields, end: at + 2 };
}

/** RFC 9112 section 6.3, and no reading where two are possible. */
function framingOf(fields: readonly StrictField[], versionMinor: number): Framing | Extract<Unread, { why: string }> {
  const lengths = valuesOf(fields, 'content-length');
  const codings = valuesOf(fields, 'transfer-encoding');
  if (lengths.length > 1) return invalid('several Content-Length');
  if (codings.length > 1) return invalid('several Transfer-Encoding');
  if (lengths.length + codings.length > 1) return invalid('Content-Length and Transfer-Encoding');
  if (codings.length === 1) {
    if (codings[0]?.toLowerCase() !== 'chunked') return invalid('Transfer-Encoding');
    return versionMinor === 0 ? invalid('Transfer-Encoding in HTTP/1.0') : { kind: 'chunked', length: 0 };
  }
  const length = lengths[0];
  if (length === undefined) return { kind: 'none', length: 0 };
  return /^[0-9]{1,15}$/.test(length) ? { kind: 'length', length: Number(length) } : invalid('Content-Length');
}

function lengthOf(framing: Framing): number {
  return framing.length;
}

function readLength(text: string, from: number, length: number): Body {
  const end = from + length;
  if (text.length < end) return { kind: 'incomplete' };
  return { kind: 'whole', body: text.slice(from, end), trailers: [], end };
}

const neverTrailers = ['content-length', 'transfer-encoding', 'host', 'connection'];

function readChunks(text: string, from: number): Body {
  let body = '';
  let at = from;
  for (;;) {
    const line = matchAt(chunkLine, text, at);
    if (line === undefined) return unfinishedOr(text, at, 'chunk size');
    at += line[0].length;
    const size = Number.parseInt(line[1] ?? '', 16);
    if (size === 0) break;
    const end = text.slice(at + size, at + size + 2);
    if (!'\r\n'.startsWith(end)) return invalid('end of chunk');
    if (end.length < 2) return { kind: 'incomplete' };
    body += text.slice(at, at + size);
    at += size + 2;
  }
  const trailers = readFields(text, at);
  if (trailers.kind !== 'whole') return trailers;
  if (trailers.fields.some(([name]) => neverTrailers.includes(name.toLowerCase()))) return invalid('trailer name');
  return { kind: 'whole', body, trailers: trailers.fields, end: trailers.end };
}

export function valuesOf(fields: readonly StrictField[], lower: string): string[] {
  return fields.filter(([name]) => name.toLowerCase() === lower).map(([, value]) => value);
}

function targetFault(method: string, target: string): string | undefined {
  if (method === 'CONNECT') return 'CONNECT';
  if (target === '*') return method === 'OPTIONS' ? undefined : 'asterisk form';
  const authority = absoluteForm.exec(target)?.[1];
  if (authority !== undefined) return isHost(authority) ? undefined : 'authority';
  return originForm.test(target) ? undefined : 'target';
}

function hostFault(fields: readonly StrictField[], target: string, versionMinor: number): string | undefined {
  const hosts = valuesOf(fields, 'host');
  if (hosts.length > 1) return 'several Host';
  const [host] = hosts;
  if (host === undefined) return versionMinor === 1 ? 'no Host' : undefined;
  if (!isHost(host)) return 'Host';
  const scheme = target.slice(0, 5).toLowerCase();
  const authority = absoluteForm.exec(target)?.[1];
  if (authority === undefined) return undefined;
  const bare = (value: string) =>
    value
      .toLowerCase()
      .replace(/:$/, '')
      .replace(scheme === 'https' ? /:443$/ : /:80$/, '');
  return bare(authority) === bare(host) ? undefined : 'two hosts';
}

function isHost(value: string): boolean {
  return hostValue.test(value) && Number(/:([0-9]+)$/.exec(value.replace(/^\[.*\]/, 'h'))?.[1] ?? 0) <= 65_535;
}
