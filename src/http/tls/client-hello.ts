/** What can be said of the bytes a TLS client began with. */
export type HelloReading =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'hello'; readonly serverName: string | undefined }
  /** No ClientHello, or a broken or far too long one: whoever does the handshake will refuse it. */
  | { readonly kind: 'invalid' };

/** More than any hello seen in the field several times over. */
export const helloBytesMax = 16 * 1024;

const incomplete: HelloReading = { kind: 'incomplete' };
const invalid: HelloReading = { kind: 'invalid' };

const recordHandshake = 22;
const messageClientHello = 1;
const extensionServerName = 0;
const nameTypeHost = 0;
const recordBytesMax = 16 * 1024;

/**
 * Reads the server name out of a ClientHello (RFC 8446 §4.1.2 and §5.1, RFC 6066 §3), which may be cut into several
 * records. The bytes are a stranger's: nothing is believed before its length is checked, and nothing throws.
 */
export function readClientHello(bytes: Buffer): HelloReading {
  const message = joinRecords(bytes);
  if (message === undefined) return invalid;
  if (message.length >= 1 && message[0] !== messageClientHello) return invalid;
  if (message.length < 4) return bytes.length >= helloBytesMax ? invalid : incomplete;
  const length = message.readUIntBE(1, 3);
  if (length > helloBytesMax) return invalid;
  if (message.length < 4 + length) return bytes.length >= helloBytesMax ? invalid : incomplete;
  return readBody(new Fields(message.subarray(4, 4 + length)));
}

/**
 * The contents of the handshake records that are there so far, up to the one that ends the hello; undefined when
 * something else is among them. What follows the hello is not looked at.
 */
function joinRecords(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  let at = 0;
  let joined = 0;
  while (at < bytes.length && joined < helloLength(parts)) {
    if (bytes[at] !== recordHandshake) break;
    if (at + 1 < bytes.length && bytes[at + 1] !== 3) return undefined;
    if (at + 5 > bytes.length) break;
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0 || length > recordBytesMax) return undefined;
    const part = bytes.subarray(at + 5, Math.min(bytes.length, at + 5 + length));
    parts.push(part);
    joined += part.length;
    at += 5 + length;
  }
  if (at === 0 && bytes.length > 0 && bytes[0] !== recordHandshake) return undefined;
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
}

/** Bytes of the whole message as its head says; without bound while the head is not there. */
function helloLength(parts: readonly Buffer[]): number {
  const head: number[] = [];
  for (const part of parts) {
    for (const byte of part.subarray(0, 4 - head.length)) head.push(byte);
    if (head.length === 4) return 4 + ((head[1] ?? 0) << 16) + ((head[2] ?? 0) << 8) + (head[3] ?? 0);
  }
  return Number.POSITIVE_INFINITY;
}

function readBody(body: Fields): HelloReading {
  // legacy_version and random, then session id, cipher suites and compression methods, each with its length.
  if (!body.skip(2 + 32) || !body.skipVector(1) || !body.skipVector(2) || !body.skipVector(1)) return invalid;
  if (body.left === 0) return { kind: 'hello', serverName: undefined };
  const extensions = body.vector(2);
  if (extensions === undefined) return invalid;
  while (extensions.left > 0) {
    const type = extensions.number(2);
    const content = extensions.vector(2);
    if (type === undefined || content === undefined) return invalid;
    if (type === extensionServerName) return readNames(content);
  }
  return { kind: 'hello', serverName: undefined };
}

function readNames(content: Fields): HelloReading {
  const names = content.vector(2);
  if (names === undefined) return invalid;
  while (names.left > 0) {
    const type = names.number(1);
    const name = names.vector(2);
    if (type === undefined || name === undefined) return invalid;
    if (type !== nameTypeHost) continue;
    const text = name.text();
    return /^[\x21-\x7e]{1,255}$/.test(text) ? { kind: 'hello', serverName: text } : invalid;
  }
  return { kind: 'hello', serverName: undefined };
}

/** Bytes that are taken from the front; every method says with undefined or false that there are too few. */
class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  text(): string {
    return this.#bytes.toString('latin1', this.#at);
  }

  skip(count: number): boolean {
    if (this.left < count) return false;
    this.#at += count;
    return true;
  }

  number(size: 1 | 2): number | undefined {
    const at = this.#at;
    return this.skip(size) ? this.#bytes.readUIntBE(at, size) : undefined;
  }

  vector(lengthSize: 1 | 2): Fields | undefined {
    const length = this.number(lengthSize);
    const at = this.#at;
    if (length === undefined || !this.skip(length)) return undefined;
    return new Fields(this.#bytes.subarray(at, at + length));
  }

  skipVector(lengthSize: 1 | 2): boolean {
    return this.vector(lengthSize) !== undefined;
  }
}
