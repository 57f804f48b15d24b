import { CR, HT, isFieldText, LF, SP } from './characters.ts';
import { FieldLines, INCOMPLETE } from './field-lines.ts';

export const responseHeadBytesMax = 64 * 1024;
const headerCountMax = 200;

/**
 * Strict parser of response heads (RFC 9112 §4), with the same field rules as for requests.
 * The one leniency: a missing reason phrase, with or without the space before it.
 */
export class ResponseHeadParser {
  readonly fields = new FieldLines();
  status = 0;
  reason = '';
  versionMinor: 0 | 1 = 1;

  get rule(): string {
    return this.fields.rule;
  }

  /** @returns the offset after the head, INCOMPLETE or REFUSED */
  parse(text: string): number {
    const bound = Math.min(text.length, responseHeadBytesMax);
    const lineEnd = text.indexOf('\n');
    if (lineEnd < 0 || lineEnd >= bound) return this.#unfinished(text);
    const rule = this.#parseLine(text, lineEnd);
    if (rule !== undefined) return this.fields.refuse(rule);
    this.fields.reset();
    const end = this.fields.parse(text, lineEnd + 1, text.lastIndexOf('\n', bound - 1), headerCountMax);
    if (end === INCOMPLETE) return this.#unfinished(text);
    if (end >= 0 && this.fields.chunked && this.versionMinor === 0) {
      return this.fields.refuse('framing.transfer_encoding_http10');
    }
    return end;
  }

  #unfinished(text: string): number {
    return text.length >= responseHeadBytesMax ? this.fields.refuse('head.too_large') : INCOMPLETE;
  }

  #parseLine(text: string, lineEnd: number): string | undefined {
    if (text.startsWith('HTTP/1.1 200 OK\r\n')) {
      this.versionMinor = 1;
      this.status = 200;
      this.reason = 'OK';
      return undefined;
    }
    if (text.charCodeAt(lineEnd - 1) !== CR) return 'line.bare_lf';
    if (text.startsWith('HTTP/1.1 ')) this.versionMinor = 1;
    else if (text.startsWith('HTTP/1.0 ')) this.versionMinor = 0;
    else return 'line.version';
    const status = text.slice(9, 12);
    if (!/^[1-9][0-9]{2}$/.test(status)) return 'line.status';
    if (lineEnd > 13 && text.charCodeAt(12) !== SP) return 'line.status';
    for (let at = 12; at < lineEnd - 1; at += 1) {
      const code = text.charCodeAt(at);
      if (isFieldText[code] !== 1) return code === CR || code === LF ? 'line.bare_cr' : 'line.reason';
      if (code === HT) return 'line.reason';
    }
    this.status = Number(status);
    this.reason = text.slice(13, Math.max(13, lineEnd - 1));
    return undefined;
  }
}
