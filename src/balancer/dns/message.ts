/** Messages of RFC 1035, as far as a stub resolver needs them: one question, and A, AAAA, CNAME and SRV answers. */

export type RecordType = 'A' | 'AAAA' | 'CNAME' | 'SRV';

export const recordTypes: Readonly<Record<RecordType, number>> = { A: 1, CNAME: 5, AAAA: 28, SRV: 33 };

interface Common {
  readonly name: string;
  readonly ttlSeconds: number;
}

export type ResourceRecord = Common &
  (
    | { readonly type: 'A' | 'AAAA'; readonly address: string }
    | { readonly type: 'CNAME'; readonly target: string }
    | {
        readonly type: 'SRV';
        readonly priority: number;
        readonly weight: number;
        readonly port: number;
        readonly target: string;
      }
  );

export type ParsedResponse =
  | {
      readonly kind: 'response';
      /** 0 no error, 2 server failure, 3 no such name, 5 refused. */
      readonly code: number;
      /** The answer did not fit; it must be asked for over TCP. */
      readonly truncated: boolean;
      readonly answers: readonly ResourceRecord[];
    }
  /** Not an answer to this question: forged, late or malformed. */
  | { readonly kind: 'foreign' };

const headerBytes = 12;
const classInternet = 1;
const answersMax = 1000;

/** A query with recursion desired; undefined for a name that no message can carry. */
export function encodeQuery(id: number, name: string, type: RecordType): Buffer | undefined {
  const encoded = encodeName(name);
  if (encoded === undefined) return undefined;
  const message = Buffer.alloc(headerBytes + encoded.length + 4);
  message.writeUInt16BE(id, 0);
  message.writeUInt16BE(0x0100, 2);
  message.writeUInt16BE(1, 4);
  encoded.copy(message, headerBytes);
  message.writeUInt16BE(recordTypes[type], headerBytes + encoded.length);
  message.writeUInt16BE(classInternet, headerBytes + encoded.length + 2);
  return message;
}

/** Reads the answer to `query`. Never throws; records of other types are left out. */
export function parseResponse(query: Buffer, message: Buffer): ParsedResponse {
  if (message.length < query.length || message.readUInt16BE(0) !== query.readUInt16BE(0)) return { kind: 'foreign' };
  const flags = message.readUInt16BE(2);
  const isAnswer = (flags & 0x8000) !== 0 && message.readUInt16BE(4) === 1;
  if (!isAnswer || !sameQuestion(query, message)) return { kind: 'foreign' };
  const answers: ResourceRecord[] = [];
  const count = Math.min(message.readUInt16BE(6), answersMax);
  let at = query.length;
  for (let index = 0; index < count; index += 1) {
    const read = readRecord(message, at);
    // What was read before the damage is not believed either.
    if (read === undefined) return { kind: 'response', code: 2, truncated: (flags & 0x0200) !== 0, answers: [] };
    if (read.record !== undefined) answers.push(read.record);
    at = read.end;
  }
  return { kind: 'response', code: flags & 0x0f, truncated: (flags & 0x0200) !== 0, answers };
}

/** Letters may come back in another case. */
function sameQuestion(query: Buffer, message: Buffer): boolean {
  for (let at = headerBytes; at < query.length; at += 1) {
    if (lowerByte(query[at] ?? 0) !== lowerByte(message[at] ?? 0)) return false;
  }
  return true;
}

function lowerByte(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

/** Labels with their lengths; undefined when the name is empty or too long (RFC 1035 §2.3.4). */
export function encodeName(name: string): Buffer | undefined {
  const parts: Buffer[] = [];
  for (const label of name.replace(/\.$/, '').split('.')) {
    const bytes = Buffer.from(label, 'latin1');
    if (bytes.length === 0 || bytes.length > 63) return undefined;
    parts.push(Buffer.from([bytes.length]), bytes);
  }
  parts.push(Buffer.from([0]));
  const encoded = Buffer.concat(parts);
  return encoded.length > 255 ? undefined : encoded;
}

function readRecord(message: Buffer, start: number): { record: ResourceRecord | undefined; end: number } | undefined {
  const name = readName(message, start);
  if (name === undefined || name.end + 10 > message.length) return undefined;
  const type = message.readUInt16BE(name.end);
  const isInternet = message.readUInt16BE(name.end + 2) === classInternet;
  const ttlSeconds = message.readUInt32BE(name.end + 4);
  const data = name.end + 10;
  const end = data + message.readUInt16BE(name.end + 8);
  if (end > message.length) return undefined;
  // A TTL with the top bit set counts as zero (RFC 2181 §8).
  const common = { name: name.text, ttlSeconds: ttlSeconds > 0x7fffffff ? 0 : ttlSeconds };
  if (!isInternet) return { record: undefined, end };
  const record = readData(message, type, data, end, common);
  return record === 'malformed' ? undefined : { record, end };
}

function readData(
  message: Buffer,
  type: number,
  data: number,
  end: number,
  common: Common,
): ResourceRecord | undefined | 'malformed' {
  switch (type) {
    case recordTypes.A:
      if (end - data !== 4) return 'malformed';
      return { ...common, type: 'A', address: message.subarray(data, end).join('.') };
    case recordTypes.AAAA:
      if (end - data !== 16) return 'malformed';
      return { ...common, type: 'AAAA', address: ipv6Text(message.subarray(data, end)) };
    case recordTypes.CNAME: {
      const target = readName(message, data);
      return target === undefined ? 'malformed' : { ...common, type: 'CNAME', target: target.text };
    }
    case recordTypes.SRV: {
      const target = end - data < 7 ? undefined : readName(message, data + 6);
      if (target === undefined) return 'malformed';
      return {
        ...common,
        type: 'SRV',
        priority: message.readUInt16BE(data),
        weight: message.readUInt16BE(data + 2),
        port: message.readUInt16BE(data + 4),
        target: target.text,
      };
    }
    default:
      return undefined;
  }
}

/** A name, lower-cased, following compression only backwards, so that it ends. */
function readName(message: Buffer, start: number): { text: string; end: number } | undefined {
  const labels: string[] = [];
  let at = start;
  let end = -1;
  let bytes = 0;
  for (;;) {
    const length = message[at];
    if (length === undefined) return undefined;
    if (length === 0) return { text: labels.join('.').toLowerCase(), end: end === -1 ? at + 1 : end };
    if ((length & 0xc0) === 0xc0) {
      if (at + 1 >= message.length) return undefined;
      const target = message.readUInt16BE(at) & 0x3fff;
      if (end === -1) end = at + 2;
      if (target >= at) return undefined;
      at = target;
      continue;
    }
    bytes += length + 1;
    if (length > 63 || bytes > 255 || at + 1 + length > message.length) return undefined;
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
}

/** Text of RFC 5952, so that equal addresses are equal text. */
function ipv6Text(bytes: Buffer): string {
  const groups: string[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(bytes.readUInt16BE(at).toString(16));
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let at = 0; at <= 8; at += 1) {
    if (groups[at] === '0') continue;
    if (at - start > best.length) best = { start, length: at - start };
    start = at + 1;
  }
  if (best.length < 2) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
}
