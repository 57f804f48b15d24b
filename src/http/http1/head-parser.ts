import { normalisePath } from '../normalise-path.ts';
import { CR, DOT, isPlainPath, isTargetText, isToken, LF, QUESTION, SLASH, SP } from './characters.ts';
import { FieldLines, INCOMPLETE, REFUSED } from './field-lines.ts';
import { parseHost } from './host.ts';

export interface HeadLimits {
  readonly requestLineBytesMax: number;
  readonly headBytesMax: number;
  readonly headerCountMax: number;
}

const methodLengthMax = 32;

/**
 * Strict parser of request heads (RFC 9112 §2 to §6). It holds the last result in its fields,
 * so one instance serves every connection of a server. Only complete lines are judged and
 * the first fault in wire order wins: the result never depends on packet boundaries.
 */
export class RequestHeadParser {
  readonly fields = new FieldLines();
  method = '';
  target = '';
  rawPath = '';
  path = '';
  query: string | undefined = undefined;
  host = '';
  versionMinor: 0 | 1 = 1;
  #authority: string | undefined = undefined;
  /** Of the scheme beside the authority. */
  #usualPort = ':80';
  readonly #limits: HeadLimits;

  constructor(limits: HeadLimits) {
    this.#limits = limits;
  }

  /** Rule and status of the last refusal. */
  get rule(): string {
    return this.fields.rule;
  }

  get status(): number {
    return this.fields.status;
  }

  /**
   * @param text latin1 text that begins with a head
   * @returns the offset after the head, INCOMPLETE or REFUSED
   */
  parse(text: string): number {
    const limits = this.#limits;
    const bound = Math.min(text.length, limits.headBytesMax);
    let start = 0;
    if (text.charCodeAt(0) === CR) {
      // RFC 9112 §2.2: one empty line before the request line is forgiven.
      if (bound < 2) return INCOMPLETE;
      if (text.charCodeAt(1) !== LF) return this.fields.refuse('head.bare_cr');
      start = 2;
    }
    const lineEnd = text.indexOf('\n', start);
    if (lineEnd < 0 || lineEnd >= bound) {
      if (bound - start > limits.requestLineBytesMax + 1) return this.fields.refuse('line.too_long', 414);
      return this.#unfinished(text);
    }
    if (lineEnd - 1 - start > limits.requestLineBytesMax) return this.fields.refuse('line.too_long', 414);
    const rule = this.#parseLine(text, start, lineEnd);
    if (rule !== undefined) return this.fields.refuse(rule);
    this.fields.reset();
    const end = this.fields.parse(text, lineEnd + 1, text.lastIndexOf('\n', bound - 1), limits.headerCountMax);
    if (end === INCOMPLETE) return this.#unfinished(text);
    return end === REFUSED || !this.#judgeWhole() ? REFUSED : end;
  }

  #unfinished(text: string): number {
    return text.length >= this.#limits.headBytesMax ? this.fields.refuse('head.too_large', 431) : INCOMPLETE;
  }

  /** @returns the rule the line breaks. The line ends with the LF at `lineEnd`. */
  #parseLine(text: string, start: number, lineEnd: number): string | undefined {
    let at = start;
    if (text.startsWith('GET ', start)) {
      this.method = 'GET';
      at = start + 3;
    } else {
      while (isToken[text.charCodeAt(at)] === 1) at += 1;
      if (text.charCodeAt(at) !== SP || at === start) {
        return at === lineEnd - 1 && at === start ? 'line.empty' : lineFault(text, at, 'line.method');
      }
      if (at - start > methodLengthMax) return 'line.method';
      this.method = text.slice(start, at);
    }
    const targetStart = at + 1;
    const targetEnd = this.#scanTarget(text, targetStart);
    if (targetEnd < 0) return lineFault(text, -targetEnd, 'target.invalid_character');
    if (!text.startsWith('HTTP/1.1\r\n', targetEnd + 1)) {
      if (!text.startsWith('HTTP/1.0\r\n', targetEnd + 1)) return versionFault(text, targetEnd + 1, lineEnd);
      this.versionMinor = 0;
    } else this.versionMinor = 1;
    return this.#needsRewriting ? this.#readTarget(this.target) : undefined;
  }

  #needsRewriting = false;

  /** Finds the end of the target and, in the usual case, its parts. Returns -offset of a bad character. */
  #scanTarget(text: string, start: number): number {
    let at = start;
    let code = text.charCodeAt(at);
    let plain = code === SLASH;
    let previous = 0;
    while (code !== SP && code !== QUESTION) {
      if (isPlainPath[code] !== 1) {
        if (code === SLASH || code === DOT) plain &&= previous !== SLASH;
        else if (isTargetText[code] === 1) plain = false;
        else return -at;
      }
      previous = code;
      code = text.charCodeAt(++at);
    }
    const pathEnd = at;
    while (code !== SP) {
      if (isTargetText[code] !== 1) return -at;
      code = text.charCodeAt(++at);
    }
    this.target = text.slice(start, at);
    this.rawPath = pathEnd === at ? this.target : text.slice(start, pathEnd);
    this.path = this.rawPath;
    this.query = pathEnd === at ? undefined : text.slice(pathEnd + 1, at);
    this.#authority = undefined;
    this.#needsRewriting = !plain || this.method === 'CONNECT';
    return at;
  }

  /** Everything but a plain origin-form target (RFC 9112 §3.2). Returns the rule it breaks. */
  #readTarget(target: string): string | undefined {
    if (target === '') return 'target.empty';
    if (this.method === 'CONNECT') return 'target.connect';
    if (target === '*') return this.method === 'OPTIONS' ? undefined : 'target.asterisk';
    if (target.charCodeAt(0) !== SLASH) {
      const absolute = /^(https?):\/\/([^/?]*)(.*)$/i.exec(target);
      if (absolute === null) return 'target.form';
      const rest = absolute[3] ?? '';
      this.#authority = absolute[2] ?? '';
      this.#usualPort = absolute[1]?.length === 5 ? ':443' : ':80';
      if (rest === '' && this.method === 'OPTIONS') this.target = '*';
      else this.target = rest.startsWith('/') ? rest : `/${rest}`;
      const question = this.target.indexOf('?');
      this.rawPath = question < 0 ? this.target : this.target.slice(0, question);
      this.query = question < 0 ? undefined : this.target.slice(question + 1);
      if (this.target === '*') {
        this.path = '*';
        return undefined;
      }
    }
    const path = normalisePath(this.rawPath);
    if (path === undefined) return this.rawPath.includes('\\') ? 'target.backslash' : 'target.escape';
    this.path = path;
    return undefined;
  }

  /** Rules about the head as a whole. */
  #judgeWhole(): boolean {
    const fields = this.fields;
    const value = fields.hostIndex < 0 ? undefined : fields.headers.values[fields.hostIndex];
    if (value === undefined) {
      // HTTP/1.0 knows no Host (RFC 9112 §3.2).
      if (this.versionMinor === 1) return fields.refuse('head.missing_host') !== REFUSED;
      this.host = '';
    } else {
      const host = parseHost(value);
      if (host === undefined) return fields.refuse('head.invalid_host') !== REFUSED;
      this.host = host;
    }
    if (this.#authority !== undefined) {
      const host = parseHost(this.#authority);
      if (host === undefined) return fields.refuse('target.authority') !== REFUSED;
      // The target's host would count, not the header (RFC 9112 §3.2.2), but not every reader knows that:
      // a client that contradicts itself is refused.
      if (value !== undefined && withoutPort(host, this.#usualPort) !== withoutPort(this.host, this.#usualPort)) {
        return fields.refuse('target.host_conflict') !== REFUSED;
      }
      this.host = host;
      if (value !== undefined) fields.headers.replaceValue(fields.hostIndex, this.#authority);
    }
    if (fields.chunked && this.versionMinor === 0) return fields.refuse('framing.transfer_encoding_http10') !== REFUSED;
    return true;
  }
}

/** Clients leave the usual port out of one of the two and not of the other. */
function withoutPort(host: string, port: string): string {
  return host.endsWith(port) ? host.slice(0, -port.length) : host;
}

/** Which rule the character at `at` breaks. */
function lineFault(text: string, at: number, otherwise: string): string {
  const code = text.charCodeAt(at);
  if (code === 0) return 'line.nul';
  if (code === 0x23 && otherwise.startsWith('target.')) return 'target.fragment';
  // A line that ends after the target is HTTP/0.9.
  if (code === CR) return text.charCodeAt(at + 1) !== LF ? 'line.bare_cr' : 'line.http09';
  if (code === LF) return 'line.bare_lf';
  return otherwise;
}

function versionFault(text: string, start: number, lineEnd: number): string {
  const version = text.slice(start, lineEnd);
  if (/^HTTP\/[0-9]\.[0-9]$/.test(version)) return 'line.bare_lf';
  if (!version.endsWith('\r')) return 'line.bare_lf';
  if (version.indexOf('\r') < version.length - 1) return 'line.bare_cr';
  return /^HTTP\/[0-9]\.[0-9]\r$/.test(version) ? 'line.version_unsupported' : 'line.version';
}
